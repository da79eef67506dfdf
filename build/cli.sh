#!/usr/bin/env bash
# Builds the command line into artifacts/cli and the agent beside it. Called by ./sandbox; tells in a line or two what it does.
set -uo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT" || exit 1
. build/fingerprint.sh
. build/compiler.sh
OUT=artifacts/cli
LOG=artifacts/cli-build.log
mkdir -p "$OUT"

say() { printf 'sandbox: %s\n' "$*" >&2; }

fail() {
  tail -n 40 "$LOG" >&2
  say "$1; the log is $ROOT/$LOG"
  exit 1
}

if ! command -v dotnet >/dev/null; then
  say "the .NET SDK is needed and 'dotnet' is not on the PATH"
  exit 1
fi

# Two first uses at once build once.
if command -v flock >/dev/null; then
  exec 9>"$OUT/lock"
  flock 9
fi
build_needed . || exit 0
begin=$(mktemp "$OUT/begin.XXXXXX")
agent=
cleanup() {
  rm -f "$begin"
  [ -z "$agent" ] || kill -- "-$agent" 2>/dev/null
  stop_compiler
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

mapfile -t sources < <(source_paths . Sandbox.Cli Sandbox.Agent)
hash=$(sources_hash . "${sources[@]}")
if [ "$hash" = "$(head -n 1 "$OUT/stamp" 2>/dev/null)" ] && [ ! -f "$OUT/without-gcc" ]; then
  write_stamp . "$begin" "$hash" "${sources[@]}" # touched, but the same
  exit 0
fi
if [ -f "$OUT/stamp" ]; then
  say "building, because sources changed …"
else
  say "first use: building the command line and the agent (a minute or two on two idle cores, and the download of packages) …"
fi
start_compiler

publish() { publish_in "$ROOT/$OUT/obj" "$1" -o "$2" "${ONLY_WHAT_RUNS[@]}" "${@:3}" >"$LOG" 2>&1; }

native=no
rm -f "$OUT/without-gcc"
if command -v gcc >/dev/null; then
  set -m # in a process group of its own, so that all of it can be ended
  bash build/agent.sh --own >"$LOG.agent" 2>&1 </dev/null 9>&- &
  set +m
  agent=$!
else
  : >"$OUT/without-gcc" # ./sandbox builds again once there is one
  say "gcc is not installed, so the native agent is not built"
fi

# A new folder each time: a server that runs from an older one is not disturbed.
built=$OUT/$(date +%s).$$
publish Sandbox.Cli "$built" || fail "the build failed"
! kill -0 "$agent" 2>/dev/null || say "the command line is built after $SECONDS s; the agent follows …"

if [ -n "$agent" ]; then
  if wait "$agent"; then
    native=yes
  else
    say "the native agent could not be built (log: $ROOT/$LOG.agent)"
  fi
  agent=
fi
if [ "$native" = no ]; then
  say "sandboxes run on the Local deployment only, with the agent as a .NET program"
  publish Sandbox.Agent artifacts/agent-managed -p:PublishAot=false -p:StaticExecutable=false --self-contained false \
    || fail "the build of the agent failed"
fi

previous=$(readlink "$OUT/bin" 2>/dev/null)
ln -sfn "${built##*/}" "$OUT/bin.new" && mv -Tf "$OUT/bin.new" "$OUT/bin"
for old in "$OUT"/[0-9]*.[0-9]*; do
  # The one before, in both forms (build/ready-to-run.sh), may still be running.
  case ${old##*/} in
    "${built##*/}" | "${previous%.fast}" | "${previous%.fast}.fast") ;;
    *) rm -rf "$old" ;;
  esac
done
# As old as the beginning of this build: what changed meanwhile is built next time.
write_stamp . "$begin" "$hash" "${sources[@]}"
say "built in $SECONDS s"
