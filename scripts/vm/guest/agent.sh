#!/bin/sh
# Does what comes over the second serial port. A command is one line of base64; the answer is one line too: exit code, output,
# errors.
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/minidock/bin HOME=/root LANG=C.UTF-8
stty -F /dev/ttyS1 raw -echo
exec </dev/ttyS1
echo ready >/dev/ttyS1
while read -r line; do
  echo "$line" | base64 -d >/tmp/command
  (cd /root && exec sh /tmp/command) >/tmp/stdout 2>/tmp/stderr </dev/null
  echo "$? $(base64 -w0 </tmp/stdout) $(base64 -w0 </tmp/stderr)" >/dev/ttyS1
done
