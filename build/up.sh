#!/usr/bin/env bash
# ./sandbox up [ARGS]: the full local stack. Asks the package feed once for Aspire's packages, writes the answer down in
# Directory.Local.props, and starts the AppHost with what it got. --refresh asks again.
# ./sandbox up --command RESOURCE COMMAND: asks something of the stack that runs.
set -uo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
PROPS=$ROOT/Directory.Local.props
LOG=$ROOT/artifacts/up.log
ANSWER=$ROOT/artifacts/aspire-probe.log
PROGRAM=$ROOT/artifacts/bin/AppHost/debug/AppHost.dll
mkdir -p "$ROOT/artifacts"

say() { printf 'sandbox: %s\n' "$*" >&2; }
uses_aspire() { grep -q '>true<' "$PROPS" 2>/dev/null; }

case ${1:-} in
  -h | --help) sed -n '2,4s/^# //p' "$0"; exit 0 ;;
  --command)
    [ $# = 3 ] || { say "up --command takes a resource and a command, for example: up --command api create-demo-sandbox"; exit 2; }
    if uses_aspire; then
      say "this stack runs with Aspire's packages: its commands are in the dashboard"
      exit 1
    fi
    [ -f "$PROGRAM" ] || { say "no AppHost was built here; start one with ./sandbox up"; exit 1; }
    exec dotnet "$PROGRAM" --command "$2 $3"
    ;;
  --refresh) rm -f "$PROPS"; shift ;;
esac

command -v dotnet >/dev/null || { say "the .NET SDK is needed and 'dotnet' is not on the PATH"; exit 1; }

if ! grep -q '<UseAspire' "$PROPS" 2>/dev/null; then
  say "asking the package feed for Aspire's packages (once) …"
  # Into a folder of its own, so that what was restored for the other way is not disturbed.
  if timeout 180 dotnet restore "$ROOT/AppHost" -p:UseAspire=true -p:ArtifactsPath="$ROOT/artifacts/aspire-probe" -v quiet >"$ANSWER" 2>&1; then
    found=true
  else
    found=false
  fi
  printf '<Project>\n  <!-- Written by ./sandbox up; delete it to ask the package feed again. -->\n  <PropertyGroup>\n    <UseAspire Condition="'"'\$(UseAspire)' == ''"'">%s</UseAspire>\n  </PropertyGroup>\n</Project>\n' "$found" >"$PROPS"
fi

if uses_aspire; then
  say "starting the stack with Aspire's packages"
else
  say "the package feed has no Aspire packages (artifacts/aspire-probe.log): starting the stack with LocalHosting"
fi
dotnet build "$ROOT/AppHost" -nologo -v quiet -maxcpucount:2 >"$LOG" 2>&1 || { tail -n 30 "$LOG" >&2; say "the build failed; the log is $LOG"; exit 1; }
cd "$ROOT" || exit 1
exec dotnet run --project AppHost --no-build -- "$@"
