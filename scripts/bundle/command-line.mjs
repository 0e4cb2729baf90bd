/**
 * The command line as files of CommonJS that bin/minidock runs: `look.cjs` and the like, each with V8's compiled code beside
 * it. Every module of src/ stands in one of them (chunks.mjs says in which), so that `instanceof MinidockError` is true
 * everywhere, and is evaluated when a verb asks for it. CommonJS starts 4 ms sooner than ESM on Node 20. Packages stay in
 * node_modules; the hot path imports none (scripts/architecture.mjs).
 */
import { posix } from 'node:path';
import { build } from 'esbuild';
import { chunksOf, frequent } from './chunks.mjs';

const entry = 'src/cli/minidock.ts';

/** The files by name, without their folder: { 'minidock.cjs': source, … }. */
export async function commandLine(root, options) {
  const { fileOf, wanted } = chunksOf(root, entry);
  const files = await Promise.all(
    [...wanted].map(async ([file, modules]) => {
      const built = await build({
        ...options,
        stdin: { contents: tableOf(modules), resolveDir: root },
        format: 'cjs',
        // import() becomes a lazy require(), which spares the start of Node's ESM loader.
        supported: { 'dynamic-import': false },
        define: { 'import.meta.url': '__meta.url' },
        // A function of what bin/minidock hands in, so that it can be run from V8's compiled code.
        banner: {
          js: `(function (require, __module, __filename) { const module = {}, __meta = { get url() { return require('node:url').pathToFileURL(__filename).href; } };`,
        },
        footer: { js: 'return module.exports})' },
        plugins: [others(root, file, fileOf)],
      });
      return [`${file}.cjs`, inAscii(withCheapImports(built.outputFiles[0].text))];
    }),
  );
  return Object.fromEntries(files);
}

/** What verbs that are given most need of those files, each in a file of its own: { 'verbs/run.cjs': source, … }, of { name: what the file evaluates to }. */
export function verbFiles(files) {
  const together = names => `({${names.map(name => `${name}:${files[`${name}.cjs`]}`).join(',\n')}})`;
  return Object.fromEntries(Object.entries(frequent).map(([verb, names]) => [`verbs/${verb}.cjs`, together(names)]));
}

/** What a file gives to others: path of a module → function that evaluates it the first time, and returns its exports. */
function tableOf(modules) {
  const entries = [...modules].map(path => `${JSON.stringify(path)}: () => require(${JSON.stringify(`./${path}`)})`);
  return `module.exports = { ${entries.join(', ')} }`;
}

/** Modules of another file, and whatever `import()` names, are asked for by file and path: require("minidock:look/src/x.ts"). */
function others(root, own, fileOf) {
  return {
    name: 'others',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, kind }) => {
        const module = posix.join(resolveDir, path).slice(root.length);
        const file = fileOf.get(module);
        if (file === own && kind !== 'dynamic-import') return undefined;
        if (file === undefined)
          throw new Error(`${module} stands in no file: scripts/architecture/imports.mjs missed it`);
        return { path: `minidock:${file}/${module}`, external: true };
      });
    },
  };
}

/**
 * Imports as cheap as they can be. For `import fs from 'node:fs'` esbuild copies every property of the module, anew in each
 * importing module: 3 ms of every start; one object a file that inherits them does as well. And all but those that Node has
 * loaded by itself are loaded when something of them is used: crypto, streams and child processes are 6 ms, which `ps` and
 * `inspect` have no use for. The exports of a module of ours are collected when it is asked for, once it is evaluated: no two
 * import each other, and none changes what it exports. What evaluates a module is found by one name, not each by its own.
 */
function withCheapImports(source) {
  const helpers = [
    [
      '__toESM',
      /__toESM=\(mod,isNodeMode,target\)=>\(target=.*?,mod\)\)/,
      '__toESM=mod=>Object.create(mod,{default:{get:()=>mod.__esModule?mod.default:mod}}),__known={},' +
        '__builtin=name=>__known[name]??=(mod=>({__proto__:mod,default:mod}))(require(name)),' +
        '__lazy=(name,mod)=>__known[name]??=new Proxy({},{get:(_,key)=>key==="default"?__lazy(name):(mod??=require(name))[key]})',
    ],
    ['__esm', /__esm=\(fn,res,err\)=>.*?throw err=\[e\],e\}\}/, '__esm=fn=>()=>{if(fn){const{init}=fn;fn=0;init()}}'],
  ];
  for (const [name, helper] of helpers)
    if (source.includes(`${name}=`) && !helper.test(source))
      throw new Error(`esbuild words its ${name} in another way: adapt scripts/bundle`);
  const getters = new Map();
  const loaded = ['node:fs', 'node:path', 'node:url', 'node:events'];
  return (
    helpers
      .reduce((text, [, helper, cheaper]) => text.replace(helper, cheaper), source)
      .replace(/__esm\(\{"src\/[^"]+"\(\)\{/g, '__esm({init(){')
      .replace(/var (\w+)=\{\};__export\(\1,\{([\w$:()=>,]*)\}\);/g, (_, name, list) => {
        getters.set(name, list.replaceAll(':()=>', ':'));
        return '';
      })
      .replace(/__toCommonJS\((\w+)\)/g, (_, name) => `{${getters.get(name) ?? ''}}`)
      .replace(/__toESM\((require\("minidock:[^"]+"\))(?:,1)?\)/g, '$1')
      // A module's own file without a URL: Node would compile 8 kB to make one and to take it apart.
      .replace(/\(0,\w+\.fileURLToPath\)\(__meta\.url\)/g, '__filename')
      .replace(/\brequire\("minidock:(\w+)\/([^"]+)"\)/g, '__module("$1","$2")')
      .replace(/__toESM\((require\("node:[a-z_/]+"\))(?:,1)?\)/g, '$1')
      .replace(/(?<==)require\(("node:[a-z_/]+")\)/g, (_, name) =>
        loaded.includes(JSON.parse(name)) ? `__builtin(${name})` : `__lazy(${name})`,
      )
  );
}

/** esbuild escapes all but regular expressions. One byte a character is read a millisecond sooner than UTF-8. */
function inAscii(source) {
  return source.replace(/[^\x00-\x7f]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
