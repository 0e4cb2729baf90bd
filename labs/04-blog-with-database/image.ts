/**
 * What is in the image beside busybox: a store that keeps posts, in the place of a database, and a blog that shows them. Both end at SIGTERM. Each
 * file by its path.
 */
export const files = {
  'bin/store': `#!/bin/sh
# Keeps posts, each in a file of its own, and gives them to who knows the password.
: "\${STORE_PASSWORD:?is not set: who may ask?}"
mkdir -p /var/lib/store
trap 'exit 0' TERM
httpd -f -p 3306 -h /opt/store &
wait
`,
  'opt/store/cgi-bin/posts': `#!/bin/sh
# The query is the password. POST adds a post; the answer is all of them.
cd /var/lib/store || exit
if [ "$QUERY_STRING" != "$STORE_PASSWORD" ]; then
  printf 'Status: 403 Forbidden\\r\\nContent-Type: text/plain\\r\\n\\r\\n'
  exit
fi
if [ "$REQUEST_METHOD" = POST ]; then
  n=1
  while [ -e $n ]; do n=$((n + 1)); done
  head -c "$CONTENT_LENGTH" > $n || exit
fi
printf 'Content-Type: text/plain\\r\\n\\r\\n'
for n in $(ls | sort -n); do
  cat $n
  echo
done
echo "-- store $(hostname)"
`,
  'bin/blog': `#!/bin/sh
# GET / shows the posts, POST / adds one. It keeps nothing itself: it asks the store.
: "\${STORE_HOST:?is not set: where is the store?}" "\${STORE_PASSWORD:?is not set: what does the store want to hear?}"
trap 'exit 0' TERM
httpd -f -p 8002 -h /opt/blog &
wait
`,
  'opt/blog/cgi-bin/index.cgi': `#!/bin/sh
refuse() {
  printf 'Status: 502 Bad Gateway\\r\\nContent-Type: text/plain\\r\\n\\r\\n%s\\n' "$*"
  exit
}
case $STORE_HOST in
  *[!0-9.]*)
    # In a static busybox nslookup asks for names by itself; wget would need files of the C library.
    address=$({ grep -w "$STORE_HOST" /etc/hosts || nslookup "$STORE_HOST" | sed '1,/^Name:/d'; } 2> /dev/null |
      grep -o '[0-9]*\\.[0-9]*\\.[0-9]*\\.[0-9]*' | head -n 1)
    ;;
  *) address=$STORE_HOST ;;
esac
[ -n "$address" ] || refuse "nobody here knows a host $STORE_HOST"
set -- -q -O - "http://$address:3306/cgi-bin/posts?$STORE_PASSWORD"
if [ "$REQUEST_METHOD" = POST ]; then set -- --post-data "$(head -c "$CONTENT_LENGTH")" "$@"; fi
answer=$(wget "$@" 2>&1) || refuse "the store at $STORE_HOST: $answer"
printf 'Content-Type: text/plain\\r\\n\\r\\n%s\\n-- blog %s\\n' "$answer" "$(hostname)"
`,
};
