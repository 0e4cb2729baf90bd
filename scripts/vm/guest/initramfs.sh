#!/bin/busybox sh
# What the kernel starts from memory: finds the disk and goes on there. MODULES is a list, each after those that it needs.
busybox=/bin/busybox
for module in $($busybox cat /modules/order); do $busybox insmod "/modules/$module.ko"; done
$busybox mount -t devtmpfs dev /dev
$busybox mount -t ext4 -o noatime /dev/vda /root
exec $busybox switch_root /root /sbin/init
