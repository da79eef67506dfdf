#!/usr/bin/env bash
# tests/conformance/rock-ts.sh PATH [RUNS]
# Drives this server with ROCK's own TypeScript SDK: its sandbox-lifecycle and file-system integration tests and its examples, RUNS
# times in a row (default 5). PATH is a checkout of the public ROCK repository; nothing in it is changed.
# Needs Docker, Node.js with npm, and what ./sandbox image base needs. The examples are run with tsx, which npx fetches.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
checkout=${1:?usage: rock-ts.sh PATH [RUNS]}
runs=${2:-5}

# The images that the tests and examples name; they are ours under these names, because no registry need be in reach.
wanted=(reg.docker.alibaba-inc.com/yanan/python:3.11 python:3.11 python:3.11-slim)
examples=(basic-usage file-operations sandbox-group complete-workflow envhub-usage)

# An example catches what goes wrong and prints it under one of these marks (in Chinese: "failed", "error", "warning").
wrong='失败:|错误:|警告:'

fail() { echo "rock-ts: $*" >&2; exit 1; }
[ -f "$checkout/rock/ts-sdk/package.json" ] || fail "$checkout is not a checkout of ROCK: rock/ts-sdk/package.json is missing"
for program in docker node npm; do
  command -v "$program" >/dev/null || fail "$program is missing"
done

work=$(mktemp -d)
server=
tagged=()
cleanup() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  for image in "${tagged[@]}"; do
    docker image rm "$image" >/dev/null 2>&1 || true
  done
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

"$root/sandbox" image base
for image in "${wanted[@]}"; do
  if ! docker image inspect "$image" >/dev/null 2>&1; then
    docker tag sandbox-base:latest "$image"
    tagged+=("$image")
  fi
done

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

export ROCK_BASE_URL=$url ROCK_ENVHUB_BASE_URL=$url/envhub/enveloped

tests() { npx jest --selectProjects integration --forceExit sandbox-lifecycle file-system >"$work/last.log" 2>&1; }

example() {
  timeout 600 npx -y tsx@4 "examples/$1.ts" >"$work/last.log" 2>&1 || return 1
  # complete-workflow sets up mirrors of packages where the internet is in reach, and goes on where it is not.
  [ "$1" = complete-workflow ] || ! grep -qE "$wrong" "$work/last.log"
}

failed=0
for run in $(seq 1 "$runs"); do
  bad=
  tests || bad=tests
  for name in "${examples[@]}"; do
    [ -n "$bad" ] || example "$name" || bad=$name
  done
  if [ -z "$bad" ]; then
    echo "run $run: the tests passed and ${#examples[@]} examples ran to their end"
  else
    failed=$((failed + 1))
    echo "run $run: FAILED in $bad"
    tail -n 80 "$work/last.log"
    echo "the server's last lines:"
    tail -n 30 "$work/server.log"
  fi
done
left=$(docker ps --all --quiet --filter "label=sandbox.aspire/cluster=$(cat "$work/data/cluster-id")" | wc -l)
echo "$((runs - failed)) of $runs runs passed, $left containers left"
[ "$failed" = 0 ]
