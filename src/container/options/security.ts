/** What a container may do: capabilities, filters, devices. Absent means Docker's default. */
export interface SecurityOptions {
  /** The root file system cannot be written to; volumes can. */
  readonlyRootfs?: boolean;
  /** `CAP_NET_ADMIN`, `ALL`. */
  capAdd?: string[];
  capDrop?: string[];
  privileged?: boolean;
  /** In the form of Docker's API: `seccomp=` is followed by the profile itself and not by the name of its file. */
  securityOpt?: string[];
  /** No path of /proc and /sys is masked or read-only: `systempaths=unconfined`. */
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
  /** Any of the letters r, w and m. */
  permissions: string;
}
