/**
 * The port at a network's gateway where names are answered. Containers ask port 53, as usual, and a firewall rule redirects
 * them here: the host's port 53 stays free for a name server of the host, or for a container that publishes it.
 */
export const namesPort = 15353;
