import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Made by a build or a set-up, or no part of the project. */
const notOurs = ['.git', '.cache', 'dist', 'native/build', 'node_modules'];

/** A path from the root of the checkout, as pages and comments name it; one with a placeholder in it names no file. */
const path = /(?<![\w./-])(?:\.ci|\.github|bench|contrib|docs|labs|lessons|native|scripts|src|test)\/[\w./*…<>-]*/g;
const isPlaceholder = name => /[*…<]|\b(?:NN|x\.test)\b|^native\/build\b/.test(name);

/** What pages (*.md) say of the checkout itself: where their links lead, which paths and which scripts of package.json they name. */
export function stalePages(root) {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  return filesBelow(root, '.', /\.md$/).flatMap(page => {
    const text = readFileSync(join(root, page), 'utf8');
    const prose = text.replace(/^```[\s\S]*?^```/gm, '');
    const links = [...prose.matchAll(/\]\(([^)\s#:]+)(?:#[^)]*)?\)/g)].map(([, link]) => link);
    const named = [...prose.matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => pathsIn(code));
    const commands = [...text.matchAll(/\bnpm run (?:-s )?([a-z][\w:-]*)/g)].map(([, name]) => name);
    return [
      ...links.filter(link => !existsSync(join(root, dirname(page), link))).map(link => `${page} links to ${link}`),
      ...missing(root, named).map(name => `${page} names ${name}`),
      ...commands.filter(name => !scripts[name]).map(name => `${page} says npm run ${name}`),
    ].map(claim => `${claim}, which is not there`);
  });
}

/** Paths that comments name. */
export function staleComments(root) {
  return ['bench', 'lessons', 'native', 'scripts', 'src', 'test'].flatMap(folder =>
    filesBelow(root, folder, /\.(ts|mjs|c|h)$/).flatMap(file => {
      const text = readFileSync(join(root, file), 'utf8');
      const comments = [...text.matchAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/ .*$/gm)].flatMap(([comment]) =>
        pathsIn(comment),
      );
      return missing(root, comments).map(name => `${file} names ${name}, which is not there`);
    }),
  );
}

const pathsIn = text => [...text.matchAll(path)].map(([name]) => name.replace(/[./]+$/, ''));

const missing = (root, names) => names.filter(name => !isPlaceholder(name) && !existsSync(join(root, name)));

function filesBelow(root, folder, pattern) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const name = join(folder, entry.name);
    if (entry.isDirectory()) return notOurs.includes(name) ? [] : filesBelow(root, name, pattern);
    return pattern.test(name) ? [name] : [];
  });
}
