#!/usr/bin/env bash
# head.sh HEAD_PORT APP_PORT: what the head's application runs. Health.Service at HEAD_PORT, where workers find it, and the API at APP_PORT,
# which Cloudera ML serves. The project's variables have the rest: ConnectionStrings__sandbox, Cluster__Id, Cluster__Secret, HEAD_WHITELIST
# (docs/cluster.md). PROGRAMS is the folder of the built programs, CONFIGURATION how they were built.
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../.." && pwd)

run() {
  exec dotnet "${PROGRAMS:-$ROOT/artifacts/bin}/$1/${CONFIGURATION:-release}/$1.dll"
}

export HEAD_WHITELIST=${HEAD_WHITELIST:-ray-cluster-worker-1}
(ASPNETCORE_URLS="http://0.0.0.0:$1" run Health.Service) &
(ASPNETCORE_URLS="http://127.0.0.1:$2" run Sandbox.Api) &
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
trap 'exit 143' TERM INT

# One without the other is no head: the first that ends ends both, and its exit code is ours.
wait -n
