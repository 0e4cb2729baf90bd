/** The first Debian whose Node is new enough. */
export const suite = 'trixie';

/** What is on the machine, with what these need. */
export const packages = [
  ...['linux-image-cloud-amd64', 'systemd-sysv', 'udev', 'dbus', 'openssh-server', 'kmod', 'ca-certificates'],
  ...['nodejs', 'npm', 'gcc', 'make', 'libc6-dev', 'git'],
  ...['iproute2', 'iptables', 'bridge-utils', 'iputils-ping', 'tcpdump', 'tshark', 'conntrack', 'bind9-dnsutils'],
  ...['curl', 'wget', 'netcat-openbsd', 'nginx', 'busybox-static', 'python3-minimal'],
  ...['procps', 'psmisc', 'strace', 'util-linux', 'e2fsprogs', 'xz-utils', 'zstd', 'bzip2', 'libcap2-bin'],
  ...['bash-completion', 'less', 'nano', 'vim-tiny', 'tmux', 'tree'],
];
