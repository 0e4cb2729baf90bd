import type { Engine } from '../engine/engine.ts';

/**
 * Where each method of the engine stands on HTTP, for a minidock that asks another one: Docker's own route where there is one, so
 * that who watches the requests sees Docker's API; else one under `/minidock`. Client and server both read this table.
 *
 * The words in braces are the first arguments; the others travel as plain data (plain.ts) in the body, as `[…]`, or in the query as
 * `arguments` where a method of HTTP has no body. Where bytes are sent they follow in the body behind that line.
 */
export interface Place {
  readonly verb: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `/containers/{}/start` */
  readonly path: string;
  /**
   * What comes back: a value; values line by line as they come; bytes; or a connection in both directions. A value whose method
   * calls back (progress) comes after a line for each call.
   */
  readonly gives: 'value' | 'lines' | 'bytes' | 'connection';
  /** The argument at this place is a stream of bytes: it is the body. */
  readonly takes?: number;
  /** The argument at this place has an `abort`: the server's, which also says that the client went away. */
  readonly aborts?: number;
}

const place =
  (verb: Place['verb'], gives: Place['gives'] = 'value') =>
  (path: string, more: Pick<Place, 'takes' | 'aborts'> = {}): Place => ({ verb, path, gives, ...more });

const get = place('GET');
const post = place('POST');
const remove = place('DELETE');

type Table = { readonly [N in keyof Engine]: { readonly [M in keyof Engine[N]]: Place } };

export const methods: Table = {
  containers: {
    plan: post('/minidock/plan'),
    create: post('/containers/create'),
    start: post('/containers/{}/start'),
    attach: place('POST', 'connection')('/containers/{}/attach'),
    wait: post('/containers/{}/wait', { aborts: 1 }),
    signal: post('/minidock/containers/{}/signal'),
    resize: post('/containers/{}/resize'),
    stop: post('/containers/{}/stop', { aborts: 1 }),
    restart: post('/containers/{}/restart', { aborts: 1 }),
    kill: post('/containers/{}/kill'),
    pause: post('/containers/{}/pause'),
    unpause: post('/containers/{}/unpause'),
    rename: post('/containers/{}/rename'),
    update: post('/containers/{}/update'),
    stats: get('/containers/{}/stats'),
    top: get('/containers/{}/top'),
    remove: remove('/containers/{}'),
    prune: post('/containers/prune'),
    list: get('/containers/json'),
    inspect: get('/containers/{}/json'),
    logs: place('GET', 'lines')('/containers/{}/logs', { aborts: 1 }),
    statPath: get('/minidock/containers/{}/path'),
    archive: place('GET', 'bytes')('/containers/{}/archive'),
    extract: place('PUT')('/containers/{}/archive', { takes: 2 }),
    export: place('GET', 'bytes')('/containers/{}/export'),
    changes: get('/containers/{}/changes'),
    commit: post('/commit'),
  },
  execs: {
    create: post('/containers/{}/exec'),
    start: post('/exec/{}/start'),
    attach: place('POST', 'connection')('/minidock/exec/{}/attach'),
    wait: post('/minidock/exec/{}/wait', { aborts: 1 }),
    signal: post('/minidock/exec/{}/signal'),
    resize: post('/exec/{}/resize'),
    inspect: get('/exec/{}/json'),
    list: get('/minidock/containers/{}/execs'),
    remove: remove('/minidock/exec/{}'),
  },
  images: {
    list: get('/images/json'),
    inspect: get('/images/{}/json'),
    history: get('/images/{}/history'),
    tag: post('/images/{}/tag'),
    remove: post('/minidock/images/remove'),
    prune: post('/images/prune'),
    pull: post('/images/create', { aborts: 1 }),
    push: post('/images/{}/push', { aborts: 1 }),
    save: place('GET', 'bytes')('/images/get'),
    load: post('/images/load', { takes: 0, aborts: 1 }),
    import: post('/minidock/images/import', { takes: 0, aborts: 1 }),
    search: get('/images/search', { aborts: 1 }),
  },
  networks: {
    create: post('/networks/create'),
    list: get('/networks'),
    inspect: get('/networks/{}'),
    remove: remove('/networks/{}'),
    prune: post('/networks/prune'),
    connect: post('/networks/{}/connect'),
    disconnect: post('/networks/{}/disconnect'),
    repair: post('/minidock/networks/repair'),
  },
  volumes: {
    create: post('/volumes/create'),
    list: get('/volumes'),
    inspect: get('/volumes/{}'),
    remove: remove('/volumes/{}'),
    prune: post('/volumes/prune'),
  },
  builder: {
    // The last argument is the context as an archive, which becomes the directory that the options name.
    build: post('/build', { takes: 2, aborts: 0 }),
    export: place('GET', 'bytes')('/minidock/images/{}/output'),
    prune: post('/build/prune'),
  },
  system: {
    events: place('GET', 'lines')('/events', { aborts: 0 }),
    info: get('/info'),
    diskUsage: get('/system/df'),
    start: post('/minidock/start'),
    stop: post('/minidock/stop'),
    pruneRemains: post('/minidock/remains/prune'),
  },
};
