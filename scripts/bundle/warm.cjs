/**
 * Runs the command line that the first argument starts, with the other arguments, and leaves V8's compiled code beside each
 * file that it came to: all functions that this run called, and those that were in the compiled code before. Compiling alone
 * would only hold the outermost.
 */
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const vm = require('node:vm');

const [launcher] = process.argv.splice(2, 1);
const scripts = new Map();
const { Script } = vm;
vm.Script = class extends Script {
  constructor(source, options) {
    super(source, options);
    scripts.set(options.filename, this);
  }
};
process.on('exit', () => {
  for (const [name, script] of scripts)
    writeFileSync(join(launcher, '../..', `${name}.${process.arch}.v8`), script.createCachedData());
});
require(launcher);
