import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { largeFolders, limits, longFiles, roomOf, rooms } from './rooms.mjs';

const order = rooms.map(([name]) => name);

/** Imports that run up the list of rooms, types included. */
export function arrowsUp(files, imports) {
  const found = [];
  for (const file of files)
    for (const { path, kind } of imports.get(file)) {
      const [from, to] = [order.indexOf(roomOf(file)), order.indexOf(roomOf(path))];
      if (path.startsWith('src/') && to < from)
        found.push(
          `${file} imports ${path}${kind === 'type' ? ' (a type)' : ''}: ${order[to]} stands above ${order[from]}`,
        );
    }
  return found;
}

/** Every folder of src/ is a room of the list, and says in a README what lives there. */
export function unknownRooms(root, files) {
  const found = [...new Set(files.map(roomOf))].filter(name => !order.includes(name));
  const silent = rooms
    .map(([name]) => `src/${name}`)
    .filter(folder => existsSync(root + folder) && !existsSync(`${root}${folder}/README.md`));
  return [
    ...found.map(name => `src/${name} is no room of scripts/architecture/rooms.mjs`),
    ...silent.map(folder => `${folder} has no README.md that says what lives there`),
  ];
}

/**
 * Circles, each once, as the files that form it; within a room and across rooms. Types count, `import()` does not: it is
 * resolved after both modules are there.
 */
export function circles(files, imports) {
  const found = [];
  const done = new Set();
  const visit = (file, way) => {
    if (way.includes(file)) found.push(`import circle: ${[...way.slice(way.indexOf(file)), file].join(' → ')}`);
    if (done.has(file) || way.includes(file)) return;
    for (const { path, kind } of imports.get(file) ?? []) if (kind !== 'lazy') visit(path, [...way, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}

export function forbidden(files, imports, isConcerned, isForbidden, reason) {
  return files.filter(isConcerned).flatMap(file =>
    imports
      .get(file)
      .filter(({ path }) => isForbidden(path))
      .map(({ path }) => `${file} imports ${path}: ${reason}`),
  );
}

/** Commands of the hot path load our own code and Node's only: a package costs each start milliseconds. */
export function hotPath(imports, entries) {
  const found = [];
  const seen = new Map(entries.map(file => [file, undefined]));
  for (const file of seen.keys()) {
    if (!imports.has(file)) found.push(`the hot path begins at ${file}, which does not exist`);
    for (const { path, kind } of imports.get(file) ?? []) {
      if (kind !== 'value') continue;
      if (path.startsWith('src/')) {
        if (!seen.has(path)) seen.set(path, file);
      } else if (!path.startsWith('node:')) {
        const way = [];
        for (let at = file; at !== undefined; at = seen.get(at)) way.unshift(at);
        found.push(`the hot path loads the package ${path}: ${way.join(' → ')}`);
      }
    }
  }
  return found;
}

/** A program of the host is started by an absolute path that src/host/programs.ts found, and never looked for by Node. */
export function programStarters(files, imports) {
  const knows = (file, wanted) => imports.get(file).some(({ path, kind }) => path === wanted && kind !== 'type');
  const starts = file => ['node:child_process', 'src/syscalls/start-process.ts'].some(module => knows(file, module));
  const given = ['src/syscalls/shim.ts', 'src/syscalls/start-process.ts'];
  return files
    .filter(file => !given.includes(file) && starts(file))
    .filter(file => !knows(file, 'src/host/programs.ts'))
    .map(file => `${file} starts a program: src/host/programs.ts says where it is`);
}

/** The shim is a child of src/syscalls alone, so that every program goes through the one encoder. */
export function shimUsers(root, files) {
  return files
    .filter(file => roomOf(file) !== 'syscalls' && /native\/build\b/.test(readFileSync(root + file, 'utf8')))
    .map(file => `${file} names the shim's file: only src/syscalls starts it`);
}

/** What others wrote reaches a terminal through src/cli/print/output.ts alone, which spells out what a terminal would obey. */
export function printers(root, files) {
  const writes = /process\.std(out|err)\.write|console\.(log|error|warn|info)\(|writeSync\([12]\b/;
  return files
    .filter(file => roomOf(file) !== 'workshop' && writes.test(readFileSync(root + file, 'utf8')))
    .map(file => `${file} prints by itself: only src/cli/print/output.ts does`);
}

/** One concept a folder, one idea a file. */
export function sizes(root, files) {
  const folders = new Map();
  for (const file of files) {
    const folder = file.slice(0, file.lastIndexOf('/'));
    folders.set(folder, (folders.get(folder) ?? 0) + 1);
  }
  const native = readdirSync(`${root}native`)
    .filter(name => /\.[ch]$/.test(name))
    .map(name => `native/${name}`);
  const linesOf = file => readFileSync(root + file, 'utf8').split('\n').length - 1;
  return [
    ...[...folders]
      .filter(([folder, count]) => count > limits.files && largeFolders[folder] === undefined)
      .map(
        ([folder, count]) => `${folder} holds ${count} files, more than ${limits.files}: it is more than one concept`,
      ),
    ...[...files, ...native]
      .filter(file => linesOf(file) > limits.lines && longFiles[file] === undefined)
      .map(file => `${file} has ${linesOf(file)} lines, more than ${limits.lines}: it is more than one idea`),
    ...Object.keys(longFiles)
      .filter(file => !existsSync(root + file) || linesOf(file) <= limits.lines)
      .map(file => `${file} is listed as a long file and is none: take it off scripts/architecture/rooms.mjs`),
  ];
}

/** A code that nothing throws any more has no place in the table of src/errors.ts. */
export function unusedErrorCodes(root, files) {
  const table = readFileSync(`${root}src/errors.ts`, 'utf8');
  const codes = [...table.matchAll(/^ {2}'?([a-z0-9-]+)'?: '[a-z-]+',$/gm)].map(found => found[1]);
  const others = files.filter(file => file !== 'src/errors.ts').map(file => readFileSync(root + file, 'utf8'));
  const lessons = readdirSync(`${root}lessons`, { recursive: true })
    .filter(name => name.endsWith('.ts'))
    .map(name => readFileSync(`${root}lessons/${name}`, 'utf8'));
  const text = [...others, ...lessons].join('\n');
  return codes.filter(code => !text.includes(`'${code}'`)).map(code => `src/errors.ts: nothing has the code '${code}'`);
}
