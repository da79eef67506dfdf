#!/usr/bin/env bash
# Builds the agent that goes into sandboxes: the static native one, or where that cannot be built the same as a .NET program,
# for sandboxes on the Local deployment. Quick when nothing has changed.
set -uo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
cd "$ROOT" || exit 1
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1

if bash build/agent.sh; then
  echo "the native agent is up to date"
  exit 0
fi
echo "sandboxes run on the Local deployment only, with the agent as a .NET program"
exec dotnet publish Sandbox.Agent -c Release -o artifacts/agent-managed -p:PublishAot=false -p:StaticExecutable=false --self-contained false -nologo -v quiet
