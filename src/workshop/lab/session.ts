import fs from 'node:fs';
import { MinidockError } from '../../errors.ts';
import { boundSockets } from '../../host/sockets.ts';
import { ensureDirectory } from '../../state/files.ts';
import type { Language } from '../text/language.ts';
import type { Entry, Logbook } from './logbook.ts';
import { says } from './says.ts';
import { machineOf, seededRandom } from './seed.ts';
import type { Lab, Place, Values } from './types.ts';

/**
 * What a learner does with one lab, without the terminal: begins it, answers, cleans up. Each may be done again, at any moment, also after
 * the last one was cut off.
 */

/** The values of a lab that is begun, and `$folder`. @throws {MinidockError} `lab-not-begun` */
export function valuesOf(lab: Lab, place: Place, logbook: Logbook, language: Language): Values {
  const { begun, cleaned, best } = logbook.entry(lab.id);
  const number = lab.id.slice(0, 2);
  if (begun === undefined) {
    const why = cleaned === undefined ? says.notBegun(lab.id) : says.cleanedUp(lab.id, cleaned.slice(0, 10), best);
    throw new MinidockError('lab-not-begun', why[language], { fix: says.beginsIt(number)[language] });
  }
  if (begun.version !== lab.version)
    throw new MinidockError('lab-not-begun', says.otherVersion(lab.id, begun.version, lab.version)[language], {
      fix: says.beginsItAnew(number)[language],
    });
  return { ...begun.values, folder: place.folder };
}

/** Gives the learner's values and makes what is there at the beginning; what is there already is left alone. */
export async function begin(lab: Lab, place: Place, logbook: Logbook, language: Language): Promise<Values> {
  if (logbook.entry(lab.id).begun === undefined)
    await logbook.begin(lab.id, lab.version, freeValues(lab, logbook.learner));
  const values = valuesOf(lab, place, logbook, language);
  ensureDirectory(place.folder, 0o777);
  await lab.plant(place, values);
  return values;
}

/** The learner's own values; others where a port of them is taken here. */
function freeValues(lab: Lab, learner: string): Values {
  const taken = new Set(boundSockets('tcp').map(({ port }) => port));
  for (let attempt = 0; ; attempt++) {
    const values = lab.values(seededRandom([machineOf(), learner, lab.id, attempt].join('\0')));
    const isFree = !Object.values(values).some(value => typeof value === 'number' && taken.has(value));
    if (isFree || attempt === 100) return values;
  }
}

/** Keeps an answer. @throws {MinidockError} `usage` where the task has none */
export async function answer(lab: Lab, number: number, text: string, logbook: Logbook, language: Language) {
  if (lab.tasks[number - 1]?.answer === undefined) {
    const asking = [...lab.tasks.keys()].filter(i => lab.tasks[i]!.answer !== undefined).map(i => i + 1);
    throw new MinidockError('usage', says.noQuestion(number)[language], { fix: says.questions(asking)[language] });
  }
  await logbook.answer(lab.id, number, text);
}

/** Takes away what the lab made. Resolves with where the learner's files are now; undefined where there were none. */
export async function cleanUp(lab: Lab, place: Place, logbook: Logbook): Promise<string | undefined> {
  const { begun }: Entry = logbook.entry(lab.id);
  if (begun === undefined) return undefined;
  // One that was begun with an earlier version may have fewer values: what is missing names nothing that is there.
  await lab.clean(place, { ...freeValues(lab, logbook.learner), ...begun.values, folder: place.folder });
  const kept = setAside(place.folder);
  await logbook.clean(lab.id);
  return kept;
}

/** A learner's files are not deleted: they get another name. An empty folder goes. */
function setAside(folder: string): string | undefined {
  if (!fs.existsSync(folder)) return undefined;
  if (fs.readdirSync(folder).length === 0) {
    fs.rmdirSync(folder);
    return undefined;
  }
  for (let n = 1; ; n++) {
    const free = `${folder}.old-${n}`;
    if (fs.existsSync(free)) continue;
    fs.renameSync(folder, free);
    return free;
  }
}
