#!/usr/bin/env bash
# tests/conformance/rock-ts.sh PATH [RUNS]
# Drives this server with ROCK's own TypeScript SDK: its sandbox-lifecycle and file-system integration tests, RUNS times
# in a row (default 5). PATH is a checkout of the public ROCK repository; nothing in it is changed.
# Needs Docker, Node.js with npm, and what ./sandbox image base needs.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
checkout=${1:?usage: rock-ts.sh PATH [RUNS]}
runs=${2:-5}

# The image that the tests name; it is ours under that name, because its registry is not public.
wanted=reg.docker.alibaba-inc.com/yanan/python:3.11

fail() { echo "rock-ts: $*" >&2; exit 1; }
[ -f "$checkout/rock/ts-sdk/package.json" ] || fail "$checkout is not a checkout of ROCK: rock/ts-sdk/package.json is missing"
for program in docker node npm; do
  command -v "$program" >/dev/null || fail "$program is missing"
done

work=$(mktemp -d)
server=
tagged=
cleanup() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  [ -z "$tagged" ] || docker image rm "$wanted" >/dev/null 2>&1 || true
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

"$root/sandbox" image base
if ! docker image inspect "$wanted" >/dev/null 2>&1; then
  docker tag sandbox-base:latest "$wanted"
  tagged=yes
fi

echo "building the SDK"
cp -r "$checkout/rock/ts-sdk/." "$work/sdk"
cd "$work/sdk"
npm ci --replace-registry-host=always --no-audit --no-fund >"$work/npm.log" 2>&1 || { tail -n 30 "$work/npm.log" >&2; fail "npm ci failed"; }
npm run build >"$work/build.log" 2>&1 || { tail -n 30 "$work/build.log" >&2; fail "the SDK does not build"; }

"$root/sandbox" serve --port 0 --data "$work/data" --deployment docker >"$work/server.out" 2>"$work/server.log" </dev/null &
server=$!
for _ in $(seq 1 300); do
  url=$(sed -n 's/^listening on \(http[^ ]*\).*/\1/p' "$work/server.out")
  [ -z "$url" ] || break
  kill -0 "$server" 2>/dev/null || break
  sleep 0.1
done
[ -n "$url" ] || { tail -n 30 "$work/server.log" >&2; fail "the server did not start"; }
echo "server on $url"

failed=0
for run in $(seq 1 "$runs"); do
  if ROCK_BASE_URL=$url npx jest --selectProjects integration --forceExit sandbox-lifecycle file-system >"$work/jest.log" 2>&1; then
    echo "run $run: $(grep '^Tests:' "$work/jest.log" | tr -s ' ')"
  else
    failed=$((failed + 1))
    echo "run $run: FAILED"
    tail -n 80 "$work/jest.log"
    echo "the server's last lines:"
    tail -n 30 "$work/server.log"
  fi
done
left=$(docker ps --all --quiet --filter "label=sandbox.aspire/cluster=$(cat "$work/data/cluster-id")" | wc -l)
echo "$((runs - failed)) of $runs runs passed, $left containers left"
[ "$failed" = 0 ]
