import { launch } from '../../src/syscalls/shim.ts';
import { lesson } from './lesson.ts';

/** Performs the lesson's program, for strace to watch: the process that it makes executes `true`. */
if ('show' in lesson.run) throw new Error('lesson 02 has a program');
const command = { path: '/bin/true', argv: ['true'], env: [] };
const shim = launch(lesson.run.program({ scratch: '/', command }), { label: 'lesson', stdio: 'ignore' });
await shim.ready;
shim.go();
await shim.executed;
await shim.exited;
await shim.ended;
