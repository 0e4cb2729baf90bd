/** What a container may do: rights, filters, devices. Missing is Docker's default. */
export interface SecurityOptions {
  /** The root file system cannot be written to; volumes can. */
  readonlyRootfs?: boolean;
}
