/**
 * The rooms of src/, from the top down: data flows down this list, and a room imports only from rooms below it. Types count:
 * whoever needs another room's type knows that room.
 */
export const rooms = [
  ['workshop', 'the course: plays lessons, checks exercises, shows texts'],
  ['cli', 'the command line: grammar, verbs, printing'],
  ['api', "Docker's Engine API: its JSON, its routes, and a client of it"],
  ['xray', 'what the kernel holds for a container, and three views of it'],
  ['capture', 'the packets of a container at every point of their way, and what is done to them'],
  ['keeper', 'the one process beside the containers: cleans up, starts again, checks health'],
  ['engine', 'where the concepts meet: the Engine by noun, compile, the pieces'],
  ['build', 'from a Dockerfile to an image: the context, the cache, what each instruction does'],
  ['container', 'one container: its record, its bundle, its log, the steps that make it'],
  ['registry', 'pulling from registries, pushing to them, and being one'],
  ['image', 'the image store, archives, import'],
  ['dockerfile', 'what a Dockerfile says: statements, instructions, variables, and what is wrong with it'],
  ['network', 'bridge, addresses, veth pairs, published ports, firewall'],
  ['storage', 'layers: unpacking, compression, the merged view, copying up'],
  ['cgroup', 'limits, for cgroup v1 and v2'],
  ['oci', "the OCI's words: runtime spec, digest, manifest, config, media types, reference, platform"],
  ['state', 'plain files that a learner can read: paths, atomic writes, locks'],
  ['host', 'what this machine is and can do; every reader of /proc'],
  ['syscalls', 'the language: steps, programs, encoding, printing, the shim'],
  // Files of src/ itself.
  ['version', "the package's version"],
  ['errors', 'the one class of errors that users see'],
];

/** `src/container/record.ts` → `container`; `src/errors.ts` → `errors`; undefined outside of src/. */
export function roomOf(file) {
  return /^src\/([^/.]+)/.exec(file)?.[1];
}

/** Most files (tests not counted) that lie flat in one folder, and most lines of a file: beyond, it is two ideas. */
export const limits = { files: 16, lines: 300 };

/** Folders that hold more, each with the reason. */
export const largeFolders = {
  'src/cli/verbs/container': 'a file a verb, and Docker has 25 of a container',
};

/** Files that are longer, each with the reason. */
export const longFiles = {
  'src/syscalls/uapi/numbers.ts': 'a table: syscall numbers of two architectures',
  'src/syscalls/shim.ts': 'one class, whose promises share their state',
  'native/supervise.c': 'one poll loop with its state, small enough to be read at one sitting',
};
