#!/bin/sh
# Makes the course's machine of a plain Debian: mmdebstrap calls it with the new root, in which /proc, /sys and /dev are mounted.
# $CHECKOUT is an archive of this checkout as it is built.
set -eu
root=$1
files=$(dirname "$(realpath "$0")")/root

inside() {
	chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

cp -R "$files/." "$root/"
mkdir "$root/opt/minidock"
tar -C "$root/opt/minidock" --no-same-owner -xf "$CHECKOUT"
ln -s /opt/minidock/bin/minidock "$root/usr/local/bin/minidock"

echo root:minidock | inside chpasswd
inside systemctl -q enable systemd-networkd ssh
inside systemctl -q disable systemd-networkd-wait-online nginx
rm -f "$root"/etc/ssh/ssh_host_*
: > "$root/etc/machine-id"

# Stamps of the build, and the images that lessons run, for a room without the internet.
inside sh -c 'cd /opt/minidock && node scripts/setup.mjs && node --import tsx scripts/images.ts'
