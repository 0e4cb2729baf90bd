/**
 * Runs the command line that the first argument starts, with the arguments from the second on, and leaves V8's compiled code
 * of each file that it came to beside that file: all functions that this run called, and those that were in that code before.
 * Compiling alone would only hold the outermost.
 */
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const vm = require('node:vm');

const [launcher] = process.argv.splice(2, 1);
const scripts = new Map();
const { Script } = vm;
vm.Script = class extends Script {
  constructor(source, options) {
    const code = `${join(launcher, '../..', options.filename)}.${process.arch}.v8`;
    super(source, { ...options, cachedData: existsSync(code) ? readFileSync(code) : undefined });
    scripts.set(code, this);
  }
};
process.argv.splice(1, 1, launcher);
process.on('exit', () => {
  for (const [code, script] of scripts) writeFileSync(code, script.createCachedData());
});
require(launcher);
