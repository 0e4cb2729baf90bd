import fs from 'node:fs';
import path from 'node:path';

/**
 * Where the host's own programs are looked for that the engine starts, mostly as root: nowhere else, whatever PATH says.
 * The caller chooses PATH, an empty or relative entry of it is the current directory, and what lies in an image is never
 * run on the host (CVE-2014-9357).
 */
const systemDirectories = ['/usr/sbin', '/sbin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/local/bin'];

/** PATH for such a program, should it start others. */
export const systemPath = systemDirectories.join(':');

/** Absolute path of a program of the host; undefined where it is not installed. */
export function systemProgram(name: string): string | undefined {
  return find(name, systemDirectories);
}

/**
 * Absolute path of a program that is the user's choice by PATH, a credential helper say; undefined where there is none.
 * Entries that are empty or relative do not count.
 */
export function programOnPath(name: string, searchPath = process.env.PATH ?? systemPath): string | undefined {
  return find(
    name,
    searchPath.split(':').filter(directory => path.isAbsolute(directory)),
  );
}

function find(name: string, directories: readonly string[]): string | undefined {
  const holder = directories.find(directory => isProgram(`${directory}/${name}`));
  return holder === undefined ? undefined : `${holder}/${name}`;
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
