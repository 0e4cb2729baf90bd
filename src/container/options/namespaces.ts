/** Which namespaces a container shares, and how its own are set. Missing is Docker's default: each its own. */
export interface NamespaceOptions {
  /** `host`, or `container:` and an id. */
  pidMode?: string;
  /** `private`, `shareable`, `none`, `host`, or `container:` and an id. */
  ipcMode?: string;
  /** `host`. */
  utsMode?: string;
  /** `host`: no container here has another. */
  usernsMode?: string;
  /** `host`, `private`. */
  cgroupnsMode?: string;
  domainname?: string;
  /** By their names with dots. */
  sysctls?: Record<string, string>;
}
