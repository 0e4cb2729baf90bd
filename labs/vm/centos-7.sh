#!/bin/bash
# Makes a CentOS 7 ready for minidock; run by root, any number of times. NODE_VERSION and NODE_MIRROR may be set.
set -euo pipefail

version=${NODE_VERSION:-20.19.5}
mirror=${NODE_MIRROR:-https://unofficial-builds.nodejs.org/download/release}
name=node-v$version-linux-x64-glibc-217

say() { printf 'centos-7: %s\n' "$*"; }
fail() {
	printf 'centos-7: %s\n  fix: %s\n' "$1" "$2" >&2
	exit 1
}

[ "$(id -u)" = 0 ] || fail 'this installs packages: it needs root' "sudo $0"
grep -q 'release 7' /etc/centos-release 2>/dev/null || fail 'this is not CentOS 7' 'on other systems Node 20 is a package: see README.md'

# CentOS 7 ended in June 2024: its mirrors are gone, and what was last published is in the vault.
if grep -q '^mirrorlist=' /etc/yum.repos.d/CentOS-Base.repo; then
	say 'packages come from vault.centos.org from here on'
	sed -i -e 's/^mirrorlist=/#mirrorlist=/' \
		-e 's|^#baseurl=http://mirror.centos.org/centos/[^/]*|baseurl=http://vault.centos.org/7.9.2009|' \
		/etc/yum.repos.d/CentOS-*.repo
fi

say 'packages'
yum install -y -q gcc make glibc-devel git ca-certificates curl tar xz iproute iptables bridge-utils procps-ng tcpdump strace

# Node's own builds want glibc 2.28; this system has 2.17, for which the Node project's unofficial builds are made.
if [ "$(node --version 2>/dev/null || true)" != "v$version" ]; then
	say "Node $version for glibc 2.17"
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	curl -fsSL -o "$scratch/$name.tar.xz" "$mirror/v$version/$name.tar.xz"
	curl -fsSL -o "$scratch/SHASUMS256.txt" "$mirror/v$version/SHASUMS256.txt"
	(cd "$scratch" && grep " $name.tar.xz\$" SHASUMS256.txt | sha256sum -c --quiet) || fail "$name.tar.xz is not what its checksum says" 'run this again'
	tar -C /usr/local --strip-components=1 --no-same-owner -xf "$scratch/$name.tar.xz"
fi

# What this kernel has, and switches off: without the first no user namespaces, without the second removed containers' mounts are busy.
cat > /etc/sysctl.d/90-minidock.conf <<-'END'
	user.max_user_namespaces = 15000
	fs.may_detach_mounts = 1
END
sysctl -q --system
modprobe overlay
echo overlay > /etc/modules-load.d/minidock.conf

# Layers on XFS need entries that say what they are. xfs_info of this system wants the mount point.
if command -v xfs_info >/dev/null && [ "$(stat -f -c %T /var/lib)" = xfs ] && ! xfs_info "$(stat -c %m /var/lib)" 2>/dev/null | grep -q ftype=1; then
	say 'warning: the file system of /var/lib is XFS without ftype=1, on which overlayfs does not work: use --root on another'
fi

if [ -e /opt/minidock/package.json ]; then
	say 'building minidock'
	cd /opt/minidock
	node scripts/setup.mjs --for lesson
	ln -sfn /opt/minidock/bin/minidock /usr/local/bin/minidock
	minidock doctor || true
fi
