// Node's threads do not take over the hooks that `--import tsx` puts into the main one, and the command line has none.
import { register } from 'tsx/esm/api';

register();
await import('./mine.ts');
