#!/usr/bin/env bash
# build/agent.sh [--own]
# Publishes the static agent to artifacts/agent/linux-x64 and, where a cross compiler is found, linux-arm64; with --own only
# that of this machine's kind.
# Does nothing when the sources have not changed. Exit codes: 0 built or up to date (for this machine's kind; arm64 is
# an extra whose failure is only said), 3 no compiler, 1 the build failed.
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
cd "$ROOT"
. build/compiler.sh

sources_hash() {
  find Sandbox.Agent libs/Sandbox.Contracts Directory.Build.props Directory.Packages.props global.json build/agent.sh build/compiler.sh \
    -type f -not -path '*/obj/*' -not -path '*/bin/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

# publish RID COMPILER OBJCOPY
publish() {
  local rid=$1 compiler=$2 objcopy=$3 out=artifacts/agent/$1 stage=artifacts/agent/.$1 log=artifacts/agent/$1.log
  # Kinds have locks of their own: who needs this machine's does not wait for the other.
  exec 9>"artifacts/agent/.$rid.lock"
  flock 9
  if [ -x "$out/sandbox-agent" ] && [ "$(cat "$out/.sources" 2>/dev/null)" = "$hash" ]; then
    return 0
  fi
  echo "building the agent for $rid (a minute, once) ..." >&2
  rm -rf "$stage"
  # Symbols would be thrown away.
  if ! publish_in "$ROOT/artifacts/agent-obj/$rid" Sandbox.Agent -r "$rid" -o "$stage" "${ONLY_WHAT_RUNS[@]}" \
    -p:NativeDebugSymbols=false -p:CppCompilerAndLinker="$compiler" -p:ObjCopyName="$objcopy" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "the agent for $rid could not be built; the whole output is in $log" >&2
    return 1
  fi
  # The folder is mounted into sandboxes: it holds the one file, replaced at once so that a running one is not torn.
  mkdir -p "$out"
  chmod 755 "$stage/sandbox-agent"
  mv -f "$stage/sandbox-agent" "$out/sandbox-agent"
  echo "$hash" >"$out/.sources"
  rm -rf "$stage" "$log"
}

if ! command -v gcc >/dev/null; then
  echo "no gcc: the native agent is not built, so Docker sandboxes cannot be started (Debian: apt-get install gcc libc6-dev)" >&2
  exit 3
fi

mkdir -p artifacts/agent
hash=$(sources_hash)
publish linux-x64 gcc objcopy

# The toolchain passes gcc an option that only clang knows.
if [ "${1:-}" != --own ] && command -v aarch64-linux-gnu-gcc >/dev/null && [ "$(cat artifacts/agent/.arm64-failed 2>/dev/null)" != "$hash" ]; then
  cross=$ROOT/artifacts/agent/.aarch64-gcc
  cat >"$cross" <<'END'
#!/usr/bin/env bash
arguments=()
for argument in "$@"; do
  [[ $argument == --target=* ]] || arguments+=("$argument")
done
exec aarch64-linux-gnu-gcc "${arguments[@]}"
END
  chmod 755 "$cross"
  publish linux-arm64 "$cross" aarch64-linux-gnu-objcopy || echo "$hash" >artifacts/agent/.arm64-failed
fi
