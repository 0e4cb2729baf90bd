import type { Verb } from './grammar/verb.ts';

export interface VerbEntry {
  readonly summary: string;
  /** Under which heading it stands in the help. */
  readonly group: 'container' | 'image' | 'registry' | 'network' | 'volume' | 'engine';
  readonly load: () => Promise<{ readonly verb: Verb }>;
}

/** Every verb with its one line of help, in the order of the help. Its code is loaded when it is called. */
export const verbs: Readonly<Record<string, VerbEntry>> = {
  run: {
    summary: 'Make a container from an image and run a command in it',
    group: 'container',
    load: () => import('./verbs/container/run.ts'),
  },
  create: {
    summary: 'Make a container from an image without starting it',
    group: 'container',
    load: () => import('./verbs/container/create.ts'),
  },
  start: {
    summary: 'Start containers that were made, or have ended',
    group: 'container',
    load: () => import('./verbs/container/start.ts'),
  },
  stop: { summary: 'Stop running containers', group: 'container', load: () => import('./verbs/container/stop.ts') },
  restart: {
    summary: 'Stop containers where they run, and start them',
    group: 'container',
    load: () => import('./verbs/container/restart.ts'),
  },
  kill: { summary: 'Send a signal to containers', group: 'container', load: () => import('./verbs/container/kill.ts') },
  pause: {
    summary: 'Stop all processes of containers where they are',
    group: 'container',
    load: () => import('./verbs/container/pause.ts'),
  },
  unpause: {
    summary: 'Let paused containers go on',
    group: 'container',
    load: () => import('./verbs/container/unpause.ts'),
  },
  wait: {
    summary: 'Wait until containers have ended, and print their exit codes',
    group: 'container',
    load: () => import('./verbs/container/wait.ts'),
  },
  rename: {
    summary: 'Give a container another name',
    group: 'container',
    load: () => import('./verbs/container/rename.ts'),
  },
  update: {
    summary: 'Change the limits of containers, also of those that run',
    group: 'container',
    load: () => import('./verbs/container/update.ts'),
  },
  rm: { summary: 'Remove containers', group: 'container', load: () => import('./verbs/container/rm.ts') },
  ps: { summary: 'List containers', group: 'container', load: () => import('./verbs/container/ls.ts') },
  logs: { summary: 'Show what a container wrote', group: 'container', load: () => import('./verbs/container/logs.ts') },
  attach: {
    summary: 'Join our input and output to a running container',
    group: 'container',
    load: () => import('./verbs/container/attach.ts'),
  },
  exec: {
    summary: 'Run one more command in a running container',
    group: 'container',
    load: () => import('./verbs/container/exec.ts'),
  },
  top: {
    summary: 'Show the processes of a container, as the host’s ps sees them',
    group: 'container',
    load: () => import('./verbs/container/top.ts'),
  },
  stats: {
    summary: 'Show what containers use, again every second',
    group: 'container',
    load: () => import('./verbs/container/stats.ts'),
  },
  port: {
    summary: 'List the published ports of a container',
    group: 'container',
    load: () => import('./verbs/container/port.ts'),
  },
  inspect: {
    summary: 'Show all that is known about containers, images, networks and volumes',
    group: 'container',
    load: () => import('./verbs/system/inspect.ts'),
  },
  xray: {
    summary: 'Show all that the kernel holds for a container, and how it belongs together',
    group: 'container',
    load: () => import('./verbs/container/xray.ts'),
  },
  capture: {
    summary: 'Capture packets at every point on their way into a container, and show what is done to them',
    group: 'container',
    load: () => import('./verbs/container/capture.ts'),
  },
  cp: {
    summary: 'Copy files out of a container, or into one',
    group: 'container',
    load: () => import('./verbs/container/cp.ts'),
  },
  diff: {
    summary: 'Show what a container changed of its image',
    group: 'container',
    load: () => import('./verbs/container/diff.ts'),
  },
  commit: {
    summary: "Make an image of a container's changes",
    group: 'container',
    load: () => import('./verbs/container/commit.ts'),
  },
  export: {
    summary: "Write a container's files as a tar archive",
    group: 'container',
    load: () => import('./verbs/container/export.ts'),
  },
  'container prune': {
    summary: 'Remove all stopped containers',
    group: 'container',
    load: () => import('./verbs/container/prune.ts'),
  },
  images: { summary: 'List images', group: 'image', load: () => import('./verbs/image/ls.ts') },
  pull: { summary: 'Fetch an image from a registry', group: 'image', load: () => import('./verbs/image/pull.ts') },
  push: { summary: 'Bring an image to a registry', group: 'image', load: () => import('./verbs/image/push.ts') },
  build: {
    summary: 'Make an image of a Dockerfile',
    group: 'image',
    load: () => import('./verbs/image/build.ts'),
  },
  tag: { summary: 'Give an image another name', group: 'image', load: () => import('./verbs/image/tag.ts') },
  rmi: { summary: 'Remove images, or names of images', group: 'image', load: () => import('./verbs/image/rm.ts') },
  history: { summary: 'Show how an image was made', group: 'image', load: () => import('./verbs/image/history.ts') },
  save: {
    summary: 'Write images to a tar archive, which docker load, skopeo and podman read',
    group: 'image',
    load: () => import('./verbs/image/save.ts'),
  },
  load: {
    summary: 'Read images from an archive of docker save, skopeo or podman',
    group: 'image',
    load: () => import('./verbs/image/load.ts'),
  },
  import: {
    summary: 'Make an image of one layer from a tarball',
    group: 'image',
    load: () => import('./verbs/image/import.ts'),
  },
  'image prune': {
    summary: 'Remove images that nobody uses',
    group: 'image',
    load: () => import('./verbs/image/prune.ts'),
  },
  'builder prune': {
    summary: 'Forget the build cache',
    group: 'image',
    load: () => import('./verbs/builder/prune.ts'),
  },
  search: {
    summary: 'Search Docker Hub, or a registry, for images',
    group: 'registry',
    load: () => import('./verbs/registry/search.ts'),
  },
  login: { summary: 'Log in to a registry', group: 'registry', load: () => import('./verbs/registry/login.ts') },
  logout: { summary: 'Log out from a registry', group: 'registry', load: () => import('./verbs/registry/logout.ts') },
  'manifest inspect': {
    summary: 'Show the manifest of an image in a registry',
    group: 'registry',
    load: () => import('./verbs/registry/manifest-inspect.ts'),
  },
  'registry serve': {
    summary: 'Be a registry: serve the images of this machine, and take pushes',
    group: 'registry',
    load: () => import('./verbs/registry/serve.ts'),
  },
  'network create': { summary: 'Make a network', group: 'network', load: () => import('./verbs/network/create.ts') },
  'network ls': { summary: 'List networks', group: 'network', load: () => import('./verbs/network/ls.ts') },
  'network connect': {
    summary: 'Connect a container to a network',
    group: 'network',
    load: () => import('./verbs/network/connect.ts'),
  },
  'network disconnect': {
    summary: 'Take a container off a network',
    group: 'network',
    load: () => import('./verbs/network/disconnect.ts'),
  },
  'network rm': {
    summary: 'Remove networks that no running container is connected to',
    group: 'network',
    load: () => import('./verbs/network/rm.ts'),
  },
  'network prune': {
    summary: 'Remove all networks that no running container is connected to',
    group: 'network',
    load: () => import('./verbs/network/prune.ts'),
  },
  'network repair': {
    summary: 'Put right what others took away: settings, firewall rules, bridges, cables',
    group: 'network',
    load: () => import('./verbs/network/repair.ts'),
  },
  'volume create': {
    summary: 'Make a volume',
    group: 'volume',
    load: () => import('./verbs/volume/create.ts'),
  },
  'volume ls': { summary: 'List volumes', group: 'volume', load: () => import('./verbs/volume/ls.ts') },
  'volume rm': {
    summary: 'Remove volumes that no container has',
    group: 'volume',
    load: () => import('./verbs/volume/rm.ts'),
  },
  'volume prune': {
    summary: 'Remove all volumes that no container has, named ones too',
    group: 'volume',
    load: () => import('./verbs/volume/prune.ts'),
  },
  info: {
    summary: 'Show how many containers and images there are, and what machine they are on',
    group: 'engine',
    load: () => import('./verbs/system/info.ts'),
  },
  version: { summary: 'Show the version', group: 'engine', load: () => import('./verbs/system/version.ts') },
  events: {
    summary: 'Show what happens to containers, images and volumes, as it happens',
    group: 'engine',
    load: () => import('./verbs/system/events.ts'),
  },
  doctor: {
    summary: 'Check what this machine can do, and tell how to mend it',
    group: 'engine',
    load: () => import('./verbs/system/doctor.ts'),
  },
  completion: {
    summary: 'Print a completion script for bash, zsh or fish',
    group: 'engine',
    load: () => import('./verbs/system/completion.ts'),
  },
  daemon: {
    summary: "Serve Docker's Engine API, for Docker's clients and for 'minidock -H'",
    group: 'engine',
    load: () => import('./verbs/system/daemon.ts'),
  },
  'system df': {
    summary: 'Show what images, containers and volumes take on disk',
    group: 'engine',
    load: () => import('./verbs/system/df.ts'),
  },
  'system prune': {
    summary: 'Remove what nobody uses: stopped containers, images, what engines left whose root is gone',
    group: 'engine',
    load: () => import('./verbs/system/prune.ts'),
  },
  'system start': {
    summary: 'After a boot: start the containers that --restart keeps running',
    group: 'engine',
    load: () => import('./verbs/system/start.ts'),
  },
  'system stop': {
    summary: 'Before a shutdown: stop all containers; `system start` brings back those that --restart keeps running',
    group: 'engine',
    load: () => import('./verbs/system/stop.ts'),
  },
  'api trace': {
    summary: 'Show what a command asks of the API, and what that makes the engine and the kernel do',
    group: 'engine',
    load: () => import('./verbs/api/trace.ts'),
  },
};
