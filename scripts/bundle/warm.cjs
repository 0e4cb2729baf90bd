/**
 * Runs the command line that the first argument starts, with the arguments from the third on, and leaves V8's compiled code
 * of each file that it came to in the second's folder of dist/cli ('.' is the folder itself): all functions that this run
 * called, and those that were in that code before. Compiling alone would only hold the outermost.
 */
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { basename, join } = require('node:path');
const vm = require('node:vm');

const [launcher, name] = process.argv.splice(2, 2);
const folder = join(launcher, '../../dist/cli', name);
const scripts = new Map();
const { Script } = vm;
vm.Script = class extends Script {
  constructor(source, options) {
    const code = join(folder, `${basename(options.filename)}.${process.arch}.v8`);
    super(source, { ...options, cachedData: existsSync(code) ? readFileSync(code) : undefined });
    scripts.set(code, this);
  }
};
process.argv.splice(1, 1, launcher);
process.on('exit', () => {
  mkdirSync(folder, { recursive: true });
  for (const [code, script] of scripts) writeFileSync(code, script.createCachedData());
});
require(launcher);
