/** What a container may do: rights, filters, devices. Missing is Docker's default. */
export interface SecurityOptions {
  /** The root file system cannot be written to; volumes can. */
  readonlyRootfs?: boolean;
  /** `CAP_NET_ADMIN`, `ALL`. */
  capAdd?: string[];
  capDrop?: string[];
  privileged?: boolean;
  /** As Docker's API has them, the profile of `seccomp=` itself in place of its file's name. */
  securityOpt?: string[];
  /** Nothing of /proc and /sys is hidden or read-only besides: `systempaths=unconfined`. */
  unconfinedPaths?: boolean;
  devices?: DeviceMapping[];
  /** `c 10:200 rwm`. */
  deviceCgroupRules?: string[];
  /** Names and ids. */
  groupAdd?: string[];
}

/** `--device`. */
export interface DeviceMapping {
  pathOnHost: string;
  pathInContainer: string;
  /** Of the letters r, w and m. */
  permissions: string;
}
