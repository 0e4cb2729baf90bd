/** What `# check=skip=RULE,…;error=true;experimental=RULE,…` says: `all` stands for every rule. */
export interface CheckSettings {
  readonly skip: ReadonlySet<string>;
  /** Rules that are on trial, and off unless they are named. */
  readonly experimental: ReadonlySet<string>;
  /** A build with advice fails. */
  readonly isError: boolean;
}

/** @throws {Error} the reason */
export function readCheckSettings(text: string): CheckSettings {
  const settings = { skip: new Set<string>(), experimental: new Set<string>(), isError: false };
  for (const field of text.split(';').filter(one => one.trim() !== '')) {
    const [, key = '', value = ''] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/.exec(field) ?? [];
    const names = value.split(',').map(name => name.trim());
    if (key === 'skip') settings.skip = new Set(names);
    else if (key === 'experimental') settings.experimental = new Set(names);
    else if (key !== 'error')
      throw new Error(`invalid check option ${JSON.stringify(field.trim())}: skip=, error=, experimental=`);
    else if (!/^(true|false|1|0)$/i.test(value))
      throw new Error(`invalid check option ${JSON.stringify(field.trim())}: error=true or error=false`);
    else settings.isError = /^(true|1)$/i.test(value);
  }
  return settings;
}
