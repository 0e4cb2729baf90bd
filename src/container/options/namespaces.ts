/** Which namespaces a container shares, and how its own are set. Missing is Docker's default. */
export interface NamespaceOptions {
  /** By their names with dots. */
  sysctls?: Record<string, string>;
}
