/**
 * Where names are answered, at the gateway of a network that a user made. Containers ask port 53, as all do, and a rule leads them here: the
 * host's own port 53 stays free for a name server of the host, and for a container that publishes it.
 */
export const namesPort = 15353;
