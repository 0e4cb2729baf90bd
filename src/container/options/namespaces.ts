/**
 * Which namespaces a container shares, and settings of its own ones. Absent means Docker's default: a namespace of its own of
 * each kind.
 */
export interface NamespaceOptions {
  /** `host`, or `container:` and an id. */
  pidMode?: string;
  /** `private`, `shareable`, `none`, `host`, or `container:` and an id. */
  ipcMode?: string;
  /** `host`. */
  utsMode?: string;
  /** `host`, which every container has here. */
  usernsMode?: string;
  /** `host`, `private`. */
  cgroupnsMode?: string;
  domainname?: string;
  /** By name with dots: `net.ipv4.ip_forward`. */
  sysctls?: Record<string, string>;
}
