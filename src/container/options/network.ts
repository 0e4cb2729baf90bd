/** What a user asks for of a container's network. */
export interface NetworkOptions {
  /** `bridge`, `host`, `none`, `container:` and an id, or the name or id of a network that a user made. */
  network: string;
  /** An IPv4 address of that network. */
  ip?: string;
  /** `02:42:ac:12:00:02` */
  macAddress?: string;
  /** Further names of the container on a network that a user made. */
  networkAliases?: readonly string[];
  /** `CONTAINER` or `CONTAINER:ALIAS`, each. */
  links?: readonly string[];
}
