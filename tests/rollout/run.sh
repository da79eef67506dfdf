#!/usr/bin/env bash
# tests/rollout/run.sh [--keep]: the whole rollout as people use it: `sandbox deploy` takes three fresh machines behind SSH through the
# six checkpoints, with approvals and their reasons, uses a sandbox on each machine at the end, does it again without a change, and
# removes the cluster.
# Needs a Docker engine, Ansible, and root. Ends with one line: N checks, N failed. --keep leaves the machines, and says where.
set -uo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
here=$ROOT/tests/rollout
read -ra sandbox <<<"${SANDBOX_CLI:-$ROOT/sandbox}"
work=$(mktemp -d)
data=$work/data
state=$data/rollout
machines=$work/machines
names=(head node-1 node-2)
checkpoints=(prerequisites-check docker-installation cleanup-existing cluster-deployment monitoring-deployment final-validation)
checks=0
failed=0

say() { printf '== %s\n' "$*"; }
# Nobody answers a question: what was not approved before is not done.
deploy() { "${sandbox[@]}" deploy "$@" --inventory "$machines/inventory.ini" --state "$state" </dev/null; }

# check TEXT COMMAND...: counts, and shows what the command printed when it fails.
check() {
  local text=$1 output began=$SECONDS
  shift
  checks=$((checks + 1))
  if output=$("$@" 2>&1); then
    printf '✓ %s (%s s)\n' "$text" $((SECONDS - began))
  else
    failed=$((failed + 1))
    printf '✗ %s (%s s)\n%s\n' "$text" $((SECONDS - began)) "$(tail -n 30 <<<"$output" | sed 's/^/    /')"
  fi
}

# A server on the same state: where approvals are given.
start_server() {
  Rollout__Inventory=$machines/inventory.ini "${sandbox[@]}" serve --data "$data" --port 0 >"$work/server.log" 2>&1 &
  # In a file: a check is a shell of its own.
  echo $! >"$work/server.pid"
  for _ in $(seq 300); do
    [ -s "$data/server.json" ] && return 0
    kill -0 "$(cat "$work/server.pid")" 2>/dev/null || break
    sleep 0.2
  done
  cat "$work/server.log"
  return 1
}

# approve CHECKPOINT REASON: asks for an approval of the plan as it is now, and gives it through the API.
approve() {
  local id
  id=$(deploy plan "$1" --request 2>/dev/null) || return 1
  python3 - "$data/server.json" "$id" "$2" <<'PYTHON'
import json, sys, urllib.request
server = {name.lower(): value for name, value in json.load(open(sys.argv[1])).items()}
body = {"approved_by": "operator", "reason": sys.argv[3], "acknowledge_risks": True}
asked = urllib.request.Request(
    f"{server['url'].rstrip('/')}/api/v1/approvals/{sys.argv[2]}", json.dumps(body).encode(),
    {"Content-Type": "application/json", "X-API-Key": server.get("api_key") or server.get("apikey") or ""})
assert json.load(urllib.request.urlopen(asked))["approved"] is True
PYTHON
}

# Each field of the records of one checkpoint, a line for each machine.
field() {
  local name
  for name in "${names[@]}"; do
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$state/checkpoint-$1-$name.json" "$2" || return 1
  done
}

passed() {
  local found
  found=$(field "$1" status) || return 1
  [ "$(sort -u <<<"$found")" = PASSED ] || { echo "$found"; cat "$state/checkpoint-$1"-*.json; return 1; }
}

# What has no image and no package here is SKIPPED, with the reason.
passed_or_skipped() {
  local found
  found=$(field "$1" status) || return 1
  [ -z "$(grep -vxE 'PASSED|SKIPPED' <<<"$found")" ] || { echo "$found"; cat "$state/checkpoint-$1"-*.json; return 1; }
}

is_complete() {
  python3 - "$state/deployment-complete.json" "${checkpoints[@]}" <<'PYTHON' && [ ! -e "$state/deployment-failure.json" ]
import json, sys
found = json.load(open(sys.argv[1]))
assert found["checkpoints_completed"] == sys.argv[2:], found
PYTHON
}

# changed_nothing N: what the last N runs changed.
changed_nothing() {
  local id lines=
  for id in $(deploy executions --json |
    python3 -c 'import json, sys; print(*[row["execution_id"] for row in json.load(sys.stdin)[:int(sys.argv[1])]])' "$1"); do
    lines+=$(deploy executions "$id" | grep '^changed: ')
  done
  [ -z "$lines" ] || { echo "$lines"; return 1; }
}

nothing_left() {
  local name project left=
  project=$(cat "$machines/project")
  for name in "${names[@]}"; do
    left+=$(docker exec "$project-$name" docker ps --all --quiet --filter "label=sandbox.aspire/cluster=$project")
    left+=$(docker exec "$project-$name" sh -c 'ls -d /etc/sandbox-cluster/* /var/lib/sandbox-cluster/* 2>/dev/null')
  done
  [ -z "$left" ] || { echo "$left"; return 1; }
}

finish() {
  if [ -s "$work/server.pid" ] && kill "$(cat "$work/server.pid")" 2>/dev/null; then
    while kill -0 "$(cat "$work/server.pid")" 2>/dev/null; do sleep 0.2; done
  fi
  if [ "${keep:-}" = yes ]; then
    say "left running: $here/machines.sh down $machines removes the machines; the state is $state"
  else
    [ ! -e "$machines/project" ] || bash "$here/machines.sh" down "$machines"
    rm -rf "$work"
  fi
}
trap finish EXIT
trap 'exit 130' INT TERM
[ "${1:-}" = --keep ] && keep=yes

say "images"
check "the cluster's image is there" "${sandbox[@]}" image cluster
check "the sandboxes' image is there" bash "$ROOT/build/images/busybox.sh"

say "three machines"
check "the machines are up" bash "$here/machines.sh" up "$machines" "${#names[@]}"
check "a server that rolls them out listens" start_server
[ "$failed" = 0 ] || exit 1

say "the six checkpoints"
check "the plan of docker-installation is approved through the API, with a reason" approve docker-installation "new machines"
check "the plan of cleanup-existing is approved through the API, with a reason" approve cleanup-existing "new machines"
check "the checkpoints pass" deploy --deploy
for checkpoint in "${checkpoints[@]}"; do
  if [ "$checkpoint" = monitoring-deployment ]; then
    check "$checkpoint: each machine passed, or what cannot be had is skipped" passed_or_skipped "$checkpoint"
  else
    check "$checkpoint: each machine passed" passed "$checkpoint"
  fi
done
check "the completion says so" is_complete
check "a sandbox was used on each machine" field final-validation ray_workload_test
check "there is a report as JSON" python3 -m json.tool "$state/final-validation-report.json"
check "there is a report as Markdown" grep -q '^# ' "$state/final-validation-report.md"

say "again, all but the cleanup, which would remove the cluster"
check "prerequisites-check passes" deploy --checkpoint prerequisites-check
check "the plan of docker-installation, which is empty, is approved" approve docker-installation "the same again"
check "docker-installation passes" deploy --checkpoint docker-installation
check "the other checkpoints pass" deploy --deploy --start-from cluster-deployment
check "nothing changed" changed_nothing 5

say "the cluster is removed"
check "the plan of cleanup-existing, which shows it, is approved" approve cleanup-existing "the end of the test"
check "cleanup-existing passes" deploy --checkpoint cleanup-existing
check "nothing of it is left" nothing_left
check "the audit log is whole" deploy audit verify

printf '%s checks, %s failed\n' "$checks" "$failed"
[ "$failed" = 0 ]
