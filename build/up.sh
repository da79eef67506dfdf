#!/usr/bin/env bash
# ./sandbox up [ARGS]: the full local stack, as an Aspire AppHost with its dashboard. Arguments: docs/apphost.md.
set -uo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
LOG=$ROOT/artifacts/up.log
mkdir -p "$ROOT/artifacts"

say() { printf 'sandbox: %s\n' "$*" >&2; }

case ${1:-} in
  -h | --help) sed -n '2s/^# //p' "$0"; exit 0 ;;
esac

command -v dotnet >/dev/null || { say "the .NET SDK is needed and 'dotnet' is not on the PATH"; exit 1; }
say "building the stack …"
dotnet build "$ROOT/AppHost" -nologo -v quiet -maxcpucount:2 >"$LOG" 2>&1 || { tail -n 30 "$LOG" >&2; say "the build failed; the log is $LOG"; exit 1; }
cd "$ROOT" || exit 1
exec dotnet run --project AppHost --no-build -- "$@"
