/**
 * A script that stops whatever enters the container's PID namespace: each process once, or again and again. It looks by what name, since
 * a command that has begun is the container's own affair: one that was hit too late is continued.
 */
export const stopper = (again: boolean) => `
  known=" 1 "
  look() { { read name <"/proc/$1/comm" && read -r pid comm state rest <"/proc/$1/stat"; } 2>/dev/null; }
  while :; do for p in /proc/[0-9]*; do p=\${p#/proc/}
    case "$known" in *" $p "*) continue;; esac
    look $p && [ "$name" = minidock-shim ] || continue
    kill -STOP $p 2>/dev/null
    ${again ? ':' : 'known="$known$p "'}
    tries=0; while look $p && [ "$state" != T ] && [ $((tries += 1)) -lt 1000 ]; do :; done
    [ "$name" = minidock-shim ] || kill -CONT $p 2>/dev/null
  done; done`;
