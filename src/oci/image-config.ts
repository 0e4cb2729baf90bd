import { MinidockError } from '../errors.ts';
import { type Digest, parseDigest } from './digest.ts';
import { parseObject } from './manifest.ts';

/** How containers of an image run by default (OCI image-spec config.md, "config"). Absent fields were absent or null. */
export interface ContainerConfig {
  User?: string;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  WorkingDir?: string;
  /** `80/tcp`, `53/udp`, `80`. */
  ExposedPorts?: Record<string, object>;
  Volumes?: Record<string, object>;
  Labels?: Record<string, string>;
  StopSignal?: string;
  Shell?: string[];
  /** Docker's extension: `Test`, `Interval` … */
  Healthcheck?: Record<string, unknown>;
  /** Docker's extension: instructions for whoever builds on this image. */
  OnBuild?: string[];
}

export interface HistoryEntry {
  created?: string;
  created_by?: string;
  author?: string;
  comment?: string;
  empty_layer?: boolean;
}

/** An image's config blob. Its digest is the image's id. */
export interface ImageConfig {
  architecture: string;
  os: string;
  variant?: string;
  /** RFC 3339; the zero time of Go where the image has none. */
  created: string;
  author?: string;
  config: ContainerConfig;
  rootfs: { type: 'layers'; diff_ids: Digest[] };
  history: HistoryEntry[];
}

export interface ParsedConfig extends ImageConfig {
  /** All that the blob holds, unchecked: Docker writes more into it, which only its `inspect` shows. */
  document: Record<string, unknown>;
}

/** Larger configs only cost memory; real ones have a few kilobytes. */
export const maxConfigSize = 4 << 20;

type Check = (value: unknown) => boolean;
const isText: Check = value => typeof value === 'string' && !value.includes('\0');
const isTexts: Check = value => Array.isArray(value) && value.every(isText);
const isObject: Check = value => typeof value === 'object' && value !== null && !Array.isArray(value);
const isLabels: Check = value => isObject(value) && Object.values(value as object).every(isText);

const fields: Record<keyof ContainerConfig, [Check, string]> = {
  User: [isText, 'text'],
  Env: [isTexts, 'a list of texts'],
  Entrypoint: [isTexts, 'a list of texts'],
  Cmd: [isTexts, 'a list of texts'],
  WorkingDir: [isText, 'text'],
  ExposedPorts: [isObject, 'an object'],
  Volumes: [isObject, 'an object'],
  Labels: [isLabels, 'an object of texts'],
  StopSignal: [isText, 'text'],
  Shell: [isTexts, 'a list of texts'],
  Healthcheck: [isObject, 'an object'],
  OnBuild: [isTexts, 'a list of texts'],
};

/** Reads a config blob; throws `malformed-image` naming the field. `what` names the image in errors. */
export function parseConfig(content: Uint8Array | string, what: string): ParsedConfig {
  const name = `config of ${what}`;
  const document = parseObject(content, name);
  const { architecture, os, created, variant, author } = document;
  if (!isText(architecture) || !isText(os)) throw malformed(name, 'architecture and os', 'text');
  const rootfs = document.rootfs as { diff_ids?: unknown } | null | undefined;
  const diffIds = isObject(rootfs) ? (rootfs!.diff_ids ?? []) : undefined;
  if (!Array.isArray(diffIds)) throw malformed(name, 'rootfs.diff_ids', 'a list');
  return {
    architecture: architecture as string,
    os: os as string,
    ...(isText(variant) && variant !== '' ? { variant: variant as string } : {}),
    created: isText(created) ? (created as string) : '0001-01-01T00:00:00Z',
    ...(isText(author) && author !== '' ? { author: author as string } : {}),
    config: parseContainerConfig(document.config ?? {}, name),
    rootfs: { type: 'layers', diff_ids: diffIds.map(id => parseDigest(id, `${name}, rootfs.diff_ids`)) },
    history: Array.isArray(document.history) ? (document.history.filter(isObject) as HistoryEntry[]) : [],
    document,
  };
}

function parseContainerConfig(value: unknown, name: string): ContainerConfig {
  if (!isObject(value)) throw malformed(name, 'config', 'an object');
  const config: Record<string, unknown> = {};
  for (const [field, [check, wanted]] of Object.entries(fields)) {
    const found = (value as Record<string, unknown>)[field];
    if (found === undefined || found === null) continue;
    if (!check(found)) throw malformed(name, `config.${field}`, wanted);
    config[field] = found;
  }
  return config as ContainerConfig;
}

function malformed(name: string, field: string, wanted: string): MinidockError {
  return new MinidockError('malformed-image', `malformed ${name}: ${field} must be ${wanted}`);
}
