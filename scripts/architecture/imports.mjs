import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

/**
 * What a module imports, types included: `{ path, kind }`, where kind is `value`, `type` (gone at run time) or `lazy`
 * (`import()`). Our own files by their path from the root, packages by their name.
 *
 * The formatter gives every import one shape, so that expressions find them all; esbuild's metafile has no types.
 */
export function importsOf(root, file) {
  const text = withoutComments(readFileSync(root + file, 'utf8'));
  const found = [];
  for (const [, names, specifier] of text.matchAll(/^(?:import|export)\b([\w$\s{},*]*?)\bfrom\s+'([^']+)';/gm))
    found.push({ path: resolve(file, specifier), kind: isTypeOnly(names) ? 'type' : 'value' });
  for (const [, specifier] of text.matchAll(/^import\s+'([^']+)';/gm))
    found.push({ path: resolve(file, specifier), kind: 'value' });
  for (const [, before, specifier] of text.matchAll(/(\btypeof\s+)?\bimport\(\s*'([^']+)',?\s*\)/g))
    found.push({ path: resolve(file, specifier), kind: before === undefined ? 'lazy' : 'type' });
  return found;
}

/** `import type { … }`, or a list in which each name is a type. */
function isTypeOnly(names) {
  if (/^\s+type\b/.test(names)) return true;
  const list = /^\s*\{([^}]*)\}\s*$/.exec(names)?.[1];
  return list !== undefined && list.trim() !== '' && list.split(',').every(name => /^\s*(type\s|$)/.test(name));
}

function withoutComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

function resolve(file, specifier) {
  return specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : specifier;
}
