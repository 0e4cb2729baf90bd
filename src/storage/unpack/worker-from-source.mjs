// Node's threads do not take over the hooks that `--import tsx` puts into the main one.
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
