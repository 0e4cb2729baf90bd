import * as assert from 'uvu/assert';
import { type Aspect, type Case, configFields, type Peer } from './dockerfiles/case.ts';
import { copying } from './dockerfiles/copying.ts';
import { running } from './dockerfiles/running.ts';
import { settings } from './dockerfiles/settings.ts';
import { buildContext } from './support/build-context.ts';
import { allBuilders, type BuildAnswer, type Builders } from './support/builders.ts';
import type { ArchivedImage } from './support/image-archive.ts';
import { requires } from './support/requires.ts';

/**
 * The same Dockerfiles built by Docker 20.10's classic builder, by its BuildKit, by buildah and by us. What they made is compared in their
 * archives of `save`: every file with its mode, owner, size, content, links, attributes and time; the config; what the classic
 * builder says, and its history, which are ours to have.
 */
// @long it builds some eighty Dockerfiles by four programs
const test = requires(
  ...['root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10', 'buildah', 'podman', 'setcap', 'xz', 'bzip2'],
);

const cases: Record<string, Case> = { ...copying, ...settings, ...running };
const peers = ['classic', 'buildkit', 'buildah'] as const satisfies Peer[];

interface Built {
  readonly answer: BuildAnswer;
  readonly image: ArchivedImage | undefined;
}
const results = new Map<keyof Builders, Map<string, Built>>();

test.before(async () => {
  const [context, builders] = [await buildContext(), await allBuilders()];
  const work = [...peers, 'minidock' as const].map(async name =>
    results.set(name, await buildAll(builders, name, context)),
  );
  await Promise.all(work);
});

/** Builds what this one can build, one after the other, and saves all in one archive. */
async function buildAll(builders: Builders, name: keyof Builders, context: string): Promise<Map<string, Built>> {
  const mine = Object.entries(cases).filter(([, { by = peers }]) => name === 'minidock' || by.includes(name));
  const tagOf = (title: string) => `${name}:${Object.keys(cases).indexOf(title)}`;
  const answers = new Map<string, BuildAnswer>();
  for (const [title, { text, flags = [] }] of mine)
    answers.set(title, await builders[name].build(text, context, ['-t', tagOf(title), ...flags]));
  const good = [...answers].flatMap(([title, { code }]) => (code === 0 ? [tagOf(title)] : []));
  const images = await builders[name].images(['bb', ...good]);
  return new Map([...answers].map(([title, answer]) => [title, { answer, image: images.get(tagOf(title)) }]));
}

for (const [title, { by = peers, differs = {} }] of Object.entries(cases))
  test(title, () => {
    const ours = results.get('minidock')!.get(title)!;
    assert.is(ours.answer.code, 0, ours.answer.stderr);
    const problems = by.flatMap(peer => compare(peer, results.get(peer)!.get(title)!, ours, differs[peer] ?? {}));
    assert.not.ok(problems.length > 0, problems.join('\n\n'));
  });

function compare(peer: Peer, theirs: Built, ours: Built, known: Partial<Record<Aspect, string>>): string[] {
  const { image, answer } = theirs;
  if (image === undefined) return [`${peer} ends with ${answer.code}: ${answer.stderr}`];
  const [before, after] = [aspectsOf(peer, theirs), aspectsOf(peer, ours)];
  return (Object.keys(before) as Aspect[]).flatMap(aspect => {
    const isSame = before[aspect]!.join('\n') === after[aspect]!.join('\n');
    const reason = known[aspect];
    if (isSame && reason !== undefined) return [`${peer} makes the same ${aspect}, and should not: ${reason}`];
    if (isSame || reason !== undefined) return [];
    return [`${aspect}, - ${peer}, + minidock:`, ...difference(before[aspect]!, after[aspect]!)];
  });
}

/** What is compared with this one, as lines. */
function aspectsOf(peer: Peer, { image, answer }: Built): Partial<Record<Aspect, string[]>> {
  const { files, config, history } = image!;
  const fields = Object.keys(configFields) as (keyof typeof configFields)[];
  return {
    files: files.filter(line => !leftByBuildah.test(line)),
    ...Object.fromEntries(fields.map(field => [field, [settingOf(config, field)]])),
    ...(peer === 'classic' && {
      steps: stepsOf(answer.stdout),
      history: history.slice(1).map(({ created_by = '', empty_layer = false }) => {
        const said = created_by.replace(/ ?(file|dir|multi):[0-9a-f]+/g, ' $1:<digest>');
        return `${said}${empty_layer ? ' (no layer)' : ''}`;
      }),
    }),
  };
}

/** Mount points of RUN. */
const leftByBuildah = /^etc\/(hostname|hosts|resolv\.conf): file 755 0:0 0 bytes /;

/** The lines of steps, without what names containers and images. */
const stepsOf = (text: string) =>
  text
    .replace(/\u001b\[\d+m/g, '')
    .split('\n')
    .filter(line => /^Step |Using cache$/.test(line));

/** A member of the config, with names in order; absent, null and empty are one. */
function settingOf(config: Record<string, unknown>, field: string): string {
  const ordered = (_: string, value: unknown) =>
    value === null || typeof value !== 'object' || Array.isArray(value)
      ? value
      : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  const { 'io.buildah.version': _, ...labels } = (config.Labels ?? {}) as Record<string, string>;
  const value = JSON.stringify(field === 'Labels' ? labels : config[field], ordered);
  return value === undefined || ['null', '""', '[]', '{}'].includes(value) ? 'none' : value;
}

/** Lines that one has and the other has not. */
function difference(before: readonly string[], after: readonly string[]): string[] {
  return [
    ...before.filter(line => !after.includes(line)).map(line => `- ${line}`),
    ...after.filter(line => !before.includes(line)).map(line => `+ ${line}`),
  ];
}

test.run();
