/**
 * Runs the bundled command line once and leaves V8's compiled code of it in the file named by the first argument: all
 * functions that this run called, where compiling alone would only hold the outermost. The rest of the arguments are the
 * command's.
 */
const { readFileSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

const file = join(__dirname, '../dist/cli/minidock.cjs');
const [target] = process.argv.splice(2, 1);
const script = new Script(readFileSync(file, 'latin1'), { filename: file });
process.on('exit', () => writeFileSync(target, script.createCachedData()));
script.runInThisContext()(createRequire(file), file, dirname(file));
