# Functions for the blocks of the documentation. DENO, ROOT, URL and PAWL_DATA are set.
set -eu

# Runs the server's commands from the checkout. A server runs on a folder of its own, until it says that it runs.
deno() {
  if [ "$1" = task ]; then
    grep -qF "\"$2\": {" "$ROOT/deno.json" || { echo "There is no task $2" >&2; return 1; }
    return 0
  fi
  kind=server behind=no
  for word do
    shift
    if [ "$behind" = yes ]; then
      behind=passed
      case $word in -*) ;; *) kind=command ;; esac
    fi
    [ "$word" != main.ts ] || { behind=yes; word=$ROOT/main.ts; }
    [ "$word" != --check-config ] || kind=command
    set -- "$@" "$word"
  done
  if [ $kind = command ]; then "$DENO" "$@"; else serve "$@"; fi
}

serve() {
  start "$@"
  stop
}

# Starts a server on ./data, and sets ADDRESS.
start() {
  PAWL_DATA=data PAWL_PORT=0 "$DENO" "$@" > served 2>&1 &
  server=$!
  until grep -q '^Pawl is at ' served; do
    kill -0 $server 2> /dev/null || { cat served >&2; return 1; }
    sleep 0.05
  done
  ADDRESS=$(sed -n 's|^Pawl is at \(http://[^/]*\)/.*|\1|p' served)
}

# Ends it in good order.
stop() {
  kill $server
  wait $server || { cat served >&2; return 1; }
}

npx() {
  test "$1 $2" = "-y deno@2.9.6"
  shift 2
  deno "$@"
}
