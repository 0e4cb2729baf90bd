import { readHealthcheck } from './healthcheck.ts';
import { openingOf } from './heredoc.ts';
import type {
  Arg,
  Command,
  CommandInstruction,
  Copy,
  From,
  Instruction,
  OnBuild,
  Pairs,
  Raw,
  Run,
  Shell,
  Value,
  Words,
} from './instructions.ts';
import { execForm } from './list.ts';
import { readMount } from './mount.ts';
import { nearest } from './nearest.ts';
import { Reading } from './reading.ts';

/** Reads an instruction. Throws `dockerfile`. */
export function readInstruction(reading: Reading): From | Instruction {
  const read = readers[reading.keyword];
  if (read === undefined) {
    throw reading.fail(undefined, `unknown instruction: ${reading.statement.keyword}`, whatWasMeant(reading));
  }
  if (reading.rest === '')
    throw reading.fail(undefined, `${reading.keyword} has no argument`, `write ${forms[reading.keyword]}`);
  return read(reading);
}

/** What an unknown instruction was most likely to be: one with a slip of the pen, or a part of the line above it. */
function whatWasMeant({ keyword, source, escapeChar, statement: { line } }: Reading): string {
  const names = Object.keys(readers);
  if (keyword.startsWith('＃')) return 'a comment begins with # and not with ＃';
  const begun = names.find(name => keyword.startsWith(name) && /^[^A-Z]/.test(keyword.slice(name.length)));
  if (begun !== undefined) return `a blank must follow ${begun}: write ${forms[begun]}`;
  const near = nearest(keyword, names);
  if (near !== undefined) return `did you mean ${near}?`;
  const [above = '', own = ''] = source.lines.slice(Math.max(line - 2, 0), line);
  const goesOn = /^\s|^(&&|\|\|?|;|-)/.test(own) || /(&&|\|\|?|;|,)\s*$/.test(above);
  if (goesOn && line > 1 && !/^\s*(#|$)/.test(above))
    return `if line ${line - 1} goes on here, end it with ${escapeChar}`;
  return `instructions are ${names.join(', ')}`;
}

const readers: Record<string, (reading: Reading) => From | Instruction> = {
  ADD: reading => readCopy(reading, 'ADD'),
  ARG: readArg,
  CMD: reading => readCommand(reading, 'CMD'),
  COPY: reading => readCopy(reading, 'COPY'),
  ENTRYPOINT: reading => readCommand(reading, 'ENTRYPOINT'),
  ENV: reading => readPairs(reading, 'ENV'),
  EXPOSE: reading => readWords(reading, 'EXPOSE'),
  FROM: readFrom,
  HEALTHCHECK: readHealthcheck,
  LABEL: reading => readPairs(reading, 'LABEL'),
  MAINTAINER: reading => readValue(reading, 'MAINTAINER'),
  ONBUILD: readOnBuild,
  RUN: readRun,
  SHELL: readShell,
  STOPSIGNAL: reading => readValue(reading, 'STOPSIGNAL'),
  USER: reading => readValue(reading, 'USER'),
  VOLUME: reading => readWords(reading, 'VOLUME'),
  WORKDIR: reading => readValue(reading, 'WORKDIR'),
};

const forms: Record<string, string> = {
  ADD: 'ADD SOURCE… DESTINATION',
  ARG: 'ARG NAME[=DEFAULT]',
  CMD: 'CMD ["program", "argument"] or CMD command line',
  COPY: 'COPY SOURCE… DESTINATION',
  ENTRYPOINT: 'ENTRYPOINT ["program", "argument"]',
  ENV: 'ENV NAME=VALUE',
  EXPOSE: 'EXPOSE PORT[/PROTOCOL]…',
  FROM: 'FROM IMAGE [AS NAME]',
  HEALTHCHECK: 'HEALTHCHECK [OPTIONS] CMD command or HEALTHCHECK NONE',
  LABEL: 'LABEL NAME=VALUE',
  MAINTAINER: 'MAINTAINER NAME',
  ONBUILD: 'ONBUILD INSTRUCTION',
  RUN: 'RUN command line or RUN ["program", "argument"]',
  SHELL: 'SHELL ["program", "argument"]',
  STOPSIGNAL: 'STOPSIGNAL SIGNAL',
  USER: 'USER NAME[:GROUP]',
  VOLUME: 'VOLUME PATH…',
  WORKDIR: 'WORKDIR PATH',
};

function readFrom(reading: Reading): From {
  const platform = reading.flags({ platform: 'one' }).get('platform')?.[0];
  const [base, as, name, more] = reading.words();
  if (base === undefined) throw reading.fail(undefined, 'FROM names no image', `write ${forms.FROM}`);
  if (as === undefined) return { kind: 'FROM', statement: reading.statement, base, ...(platform && { platform }) };
  if (as.raw.toLowerCase() !== 'as' || name === undefined || more !== undefined)
    throw reading.fail(as, 'FROM takes one image, or three words', `write ${forms.FROM}`);
  if (!/^[a-z][a-z0-9_.-]*$/i.test(name.raw))
    throw reading.fail(
      name,
      `invalid name for a build stage: ${JSON.stringify(name.raw)}`,
      'a name has letters, digits, _ . - and begins with a letter',
    );
  return {
    kind: 'FROM',
    statement: reading.statement,
    base,
    name: name.raw.toLowerCase(),
    writtenName: name,
    as,
    ...(platform && { platform }),
  };
}

function readArg(reading: Reading): Arg {
  reading.flags({});
  const args = reading.words().map(word => {
    const equals = word.raw.indexOf('=');
    const name = equals < 0 ? word.raw : word.raw.slice(0, equals);
    if (name === '') throw reading.fail(word, 'a build argument has no name', `write ${forms.ARG}`);
    const at = { raw: name, offset: word.offset };
    if (equals < 0) return { name, at };
    return { name, at, value: { raw: word.raw.slice(equals + 1), offset: word.offset + equals + 1 } };
  });
  return { kind: 'ARG', statement: reading.statement, args };
}

function readRun(reading: Reading): Run {
  const flags = reading.flags({ mount: 'many', network: 'one', security: 'one' });
  const network = flags.get('network')?.[0];
  if (network !== undefined && !['default', 'none', 'host'].includes(network.raw))
    throw reading.fail(network, `unknown network ${JSON.stringify(network.raw)}`, 'default, none or host');
  const security = flags.get('security')?.[0];
  if (security !== undefined && security.raw !== 'sandbox')
    throw reading.fail(security, `--security=${security.raw} is not done here`, 'leave it out: sandbox is the default');
  return {
    kind: 'RUN',
    statement: reading.statement,
    command: commandOf(reading),
    heredocs: reading.statement.heredocs,
    mounts: (flags.get('mount') ?? []).map(at => readMount(reading, at)),
    ...(network && { network: network.raw as 'default' | 'none' | 'host' }),
  };
}

function readCopy(reading: Reading, kind: 'COPY' | 'ADD'): Copy {
  const common = { chown: 'one', chmod: 'one', link: 'toggle', exclude: 'many' } as const;
  const flags =
    kind === 'COPY'
      ? reading.flags({ from: 'one', ...common, parents: 'toggle' })
      : reading.flags({ ...common, checksum: 'one', 'keep-git-dir': 'toggle' });
  const one = (name: string): Raw | undefined => (flags as Map<string, Raw[]>).get(name)?.[0];
  const words = reading.listedWords() ?? reading.words();
  const destination = words.at(-1);
  if (destination === undefined || words.length < 2)
    throw reading.fail(undefined, `${kind} needs a source and a destination`, `write ${forms[kind]}`);
  const opened = [...reading.statement.heredocs];
  const sources = words.slice(0, -1).map(word => {
    const heredoc = openingOf(word.raw) === undefined ? undefined : opened.shift();
    return heredoc === undefined ? word : { ...word, heredoc };
  });
  const [from, chown, chmod, checksum] = ['from', 'chown', 'chmod', 'checksum'].map(one);
  return {
    kind,
    statement: reading.statement,
    sources,
    destination,
    ...(from && { from }),
    ...(chown && { chown }),
    ...(chmod && { chmod }),
    ...(checksum && { checksum }),
    link: reading.isOn(one('link')),
    parents: reading.isOn(one('parents')),
    keepsGit: reading.isOn(one('keep-git-dir')),
    exclude: (flags as Map<string, Raw[]>).get('exclude') ?? [],
  };
}

/** `NAME=VALUE …`, or the old form with one name and the rest of the line. */
function readPairs(reading: Reading, kind: 'ENV' | 'LABEL'): Pairs {
  reading.flags({});
  const words = reading.words();
  const [first] = words;
  if (first !== undefined && !first.raw.includes('=')) {
    const text = reading.rest.slice(first.raw.length).trimStart();
    if (text === '') throw reading.fail(first, `${kind} ${first.raw} has no value`, `write ${kind} ${first.raw}=VALUE`);
    const value = { raw: text, offset: reading.all().offset + reading.rest.length - text.length };
    return { kind, statement: reading.statement, pairs: [{ name: first, value }], isOldForm: true };
  }
  const pairs = words.map(word => {
    const equals = word.raw.indexOf('=');
    if (equals < 0)
      throw reading.fail(
        word,
        `${JSON.stringify(word.raw)} is not NAME=VALUE`,
        'put quotes around a value that has blanks in it',
      );
    if (equals === 0) throw reading.fail(word, 'a name is missing before "="');
    return {
      name: { raw: word.raw.slice(0, equals), offset: word.offset },
      value: { raw: word.raw.slice(equals + 1), offset: word.offset + equals + 1 },
    };
  });
  return { kind, statement: reading.statement, pairs, isOldForm: false };
}

function readCommand(reading: Reading, kind: 'CMD' | 'ENTRYPOINT'): CommandInstruction {
  reading.flags({});
  return { kind, statement: reading.statement, command: commandOf(reading) };
}

function commandOf(reading: Reading): Command {
  const words = reading.list();
  return words === undefined ? { form: 'shell', line: reading.rest } : { form: 'exec', words };
}

function readWords(reading: Reading, kind: 'EXPOSE' | 'VOLUME'): Words {
  reading.flags({});
  const words = (kind === 'VOLUME' ? reading.listedWords() : undefined) ?? reading.blankWords();
  for (const word of words)
    if (word.raw === '' || word.raw === '""') throw reading.fail(word, `${kind} names an empty word`);
  return { kind, statement: reading.statement, words };
}

function readValue(reading: Reading, kind: Value['kind']): Value {
  reading.flags({});
  const words = reading.words();
  if (kind !== 'MAINTAINER' && kind !== 'WORKDIR' && words[1] !== undefined)
    throw reading.fail(words[1], `${kind} takes one argument`, `write ${forms[kind]}`);
  return { kind, statement: reading.statement, value: reading.all() };
}

function readShell(reading: Reading): Shell {
  reading.flags({});
  const words = execForm(reading.rest);
  if (words === undefined || words.length === 0)
    throw reading.fail(reading.all(), 'SHELL needs a list in JSON form', `write ${forms.SHELL}`);
  return { kind: 'SHELL', statement: reading.statement, words };
}

function readOnBuild(reading: Reading): OnBuild {
  const [keyword] = reading.words();
  const name = keyword!.raw.toUpperCase();
  if (['ONBUILD', 'FROM', 'MAINTAINER'].includes(name))
    throw reading.fail(keyword, `${name} cannot be a trigger of ONBUILD`);
  const { source, escapeChar, statement } = reading;
  const text = statement.text.slice(keyword!.raw.length);
  const skipped = statement.text.length - text.trimStart().length;
  readInstruction(
    new Reading(source, escapeChar, {
      ...statement,
      keyword: keyword!.raw,
      text: text.trimStart(),
      place: part =>
        statement.place(
          part === undefined ? { offset: 0, length: keyword!.raw.length } : { ...part, offset: part.offset + skipped },
        ),
    }),
  );
  const heredocs = statement.heredocs.map(heredoc => `\n${heredoc.content}${heredoc.name}`);
  return { kind: 'ONBUILD', statement, trigger: [statement.text, ...heredocs].join('') };
}
