#!/usr/bin/env bash
# Builds the command line into artifacts/cli and the agent beside it. Called by ./sandbox; quiet unless it fails.
set -uo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT" || exit 1
. build/fingerprint.sh
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
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
if [ -f "$OUT/stamp" ]; then say "building (sources changed)…"; else say "building (first use, a minute or two)…"; fi
begin=$(mktemp "$OUT/begin.XXXXXX")
trap 'rm -f "$begin"' EXIT

case $(uname -m) in
  aarch64 | arm64) rid=linux-arm64 ;;
  *) rid=linux-x64 ;;
esac

# Intermediate files in a folder of their own, so that this build and that of the tests do not undo each other.
publish() {
  dotnet publish "$1" -c Release -o "$2" -p:ArtifactsPath="$ROOT/$OUT/obj" -nologo -v quiet -maxcpucount:2 "${@:3}" >"$LOG" 2>&1 9>&-
}

# A new folder each time: a server that runs from an older one is not disturbed.
built=$OUT/$(date +%s).$$
if ! publish Sandbox.Cli "$built" -r "$rid" --self-contained false -p:PublishReadyToRun=true; then
  # Ahead-of-time code needs a compiler package that not every feed carries; without it the start is slower.
  rm -rf "$built"
  publish Sandbox.Cli "$built" || fail "the build failed"
fi

native=no
rm -f "$OUT/without-gcc"
if ! command -v gcc >/dev/null; then
  : >"$OUT/without-gcc" # ./sandbox builds again once there is one
  say "gcc is not installed, so the native agent is not built"
elif bash build/agent.sh >"$LOG.agent" 2>&1 9>&-; then
  native=yes
else
  say "the native agent could not be built (log: $ROOT/$LOG.agent)"
fi
if [ "$native" = no ]; then
  say "sandboxes run on the Local deployment only, with the agent as a .NET program"
  publish Sandbox.Agent artifacts/agent-managed -p:PublishAot=false -p:StaticExecutable=false --self-contained false \
    || fail "the build of the agent failed"
fi

previous=$(readlink "$OUT/bin" 2>/dev/null)
ln -sfn "$(basename "$built")" "$OUT/bin.new" && mv -Tf "$OUT/bin.new" "$OUT/bin"
for old in "$OUT"/[0-9]*.[0-9]*; do
  case ${old##*/} in
    "${built##*/}" | "$previous") ;;
    *) rm -rf "$old" ;;
  esac
done
# As old as the beginning of this build: what changed meanwhile is built next time.
touch -r "$begin" "$OUT/stamp"
