#!/usr/bin/env bash
# worker.sh HEAD_ADDRESS: what a worker's application runs. The project's variables have what the cluster's processes have in common, or the
# application has a join token (JOIN_TOKEN). PROGRAMS is the folder of the built programs, CONFIGURATION how they were built.
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../.." && pwd)

export HEALTH_URL=${HEALTH_URL:-http://$1} HEAD_WHITELIST=${HEAD_WHITELIST:-ray-cluster-worker-1} HEAD_PORT=${HEAD_PORT:-0}
export Worker__NodeName=${Worker__NodeName:-$(hostname)} Worker__Deployment=${Worker__Deployment:-local}
export Worker__DataFolder=${WORKER_DATA:-$ROOT/artifacts/nodes}/$Worker__NodeName
mkdir -p "$Worker__DataFolder"
exec dotnet "${PROGRAMS:-$ROOT/artifacts/bin}/Sandbox.Worker/${CONFIGURATION:-release}/Sandbox.Worker.dll"
