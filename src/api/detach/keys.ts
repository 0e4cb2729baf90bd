/** Docker's default. */
export const defaultDetachKeys: readonly number[] = [0x10, 0x11];

/**
 * `--detach-keys ctrl-p,ctrl-q`: what a terminal sends for each key.
 *
 * @throws {Error} the reason
 */
export function readDetachKeys(given: string): readonly number[] {
  return given.split(',').map(key => {
    const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key)?.[1];
    if (control !== undefined) return control.toUpperCase().charCodeAt(0) - 0x40;
    if (key.length === 1 && key.charCodeAt(0) < 0x80) return key.charCodeAt(0);
    throw new Error(`invalid detach keys '${given}': a key is one character or ctrl- and a letter or one of @[\\]^_`);
  });
}
