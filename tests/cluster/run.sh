#!/usr/bin/env bash
# tests/cluster/run.sh [--keep]: scenarios 1 to 3 of the cluster test on two Docker networks, with the command line as people use it:
# a main cluster (two nodes with different head ports, one of them the head), and a client and a worker on an isolated network
# that come in through the host's address. Needs a Docker engine, and the image (`./sandbox image cluster`). Ends with
# one line: N checks, N failed. --keep leaves everything running. SANDBOX_CLI: another program than ./sandbox.
set -uo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
read -ra sandbox <<<"${SANDBOX_CLI:-$ROOT/sandbox}"
work=$(mktemp -d)
project=ct$$
checks=0
failed=0

say() { printf '== %s\n' "$*"; }
cluster() { "${sandbox[@]}" cluster "$1" --file "$work/cluster.yaml" "${@:2}"; }
logs_of() { docker logs "$project-$1" 2>&1; }

# check TEXT COMMAND...: counts, and shows what the command printed when it fails.
check() {
  local text=$1 output
  shift
  checks=$((checks + 1))
  if output=$("$@" 2>&1); then
    printf '✓ %s\n' "$text"
  else
    failed=$((failed + 1))
    printf '✗ %s\n%s\n' "$text" "$(tail -n 15 <<<"$output" | sed 's/^/    /')"
  fi
}

# until_true SECONDS COMMAND...
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then "$@"; return 1; fi
    sleep 0.5
  done
}

says() { logs_of "$1" | grep -F -- "$2" || { logs_of "$1"; return 1; }; }
does_not_say() { ! logs_of "$1" | grep -F -- "$2"; }
is_running() { [ "$(docker inspect --format '{{ .State.Running }}' "$project-$1")" = true ]; }
is_healthy() { [ "$(docker inspect --format '{{ .State.Health.Status }}' "$project-$1")" = healthy ]; }
is_gone() { ! docker inspect "$project-$1"; }
resources() { SANDBOX_URL=http://127.0.0.1:$client SANDBOX_API_KEY=$key "${sandbox[@]}" cluster resources; }
has_resources() { local all; all=$(resources) && for line in "$@"; do grep -Fx -- "$line" <<<"$all" || { echo "$all"; return 1; }; done; }
fails() { ! "$@"; }
connects() { docker exec "$project-$1" timeout 3 bash -c "exec 3<>/dev/tcp/$2/$3"; }
status_page() { curl --fail --silent --max-time 10 --header "X-API-Key: $key" "http://127.0.0.1:$1$2"; }
shows() { status_page "$1" "$2" | grep -F -- "$3"; }
answers_with_head() { curl --silent --max-time 5 "http://127.0.0.1:$1/v1/role" | grep -F "\"head_port\":$2"; }

finish() {
  if [ "${keep:-}" = yes ]; then
    say "left running: ${sandbox[*]} cluster down -v --file $work/cluster.yaml ends it"
  else
    cluster down --volumes >"$work/down.log" 2>&1 || cat "$work/down.log"
    rm -rf "$work"
  fi
}
trap finish EXIT
trap 'exit 130' INT TERM
[ "${1:-}" = --keep ] && keep=yes

# Ports and networks of its own, below those that the system gives away, so that a cluster that runs here is not in the way.
base=$((20000 + ($$ % 300) * 32))
head_cpu=$base head_gpu=$((base + 1)) client=$((base + 2)) page=$((base + 3)) client_gpu=$((base + 4)) page_gpu=$((base + 5))
cat >"$work/cluster.yaml" <<YAML
project: { name: $project, version: "1" }
host: { has_gpu: true } # declared: nothing here asks a device
network: { subnet: 10.$((100 + $$ % 50)).$(($$ % 200)).0/24 }
services:
  nodes:
    cpu: { cpus: 4, memory: 8g, head_port: $head_cpu, client_port: $client, dashboard_port: $page }
    gpu: { cpus: 4, memory: 8g, head_port: $head_gpu, client_port: $client_gpu, dashboard_port: $page_gpu }
  health: { port: $((base + 6)) }
  api: { port: $((base + 7)) }
  redis: { port: $((base + 8)) }
  postgres: { port: $((base + 9)) }
volumes: { node_data: $work/d }
cluster_test:
  test_network_subnet: 10.$((150 + $$ % 50)).$(($$ % 200)).0/24
  worker_node_port: $((base + 10))
  worker_min_worker_port: $((base + 12))
  worker_max_worker_port: $((base + 13))
  worker_cpu_node_port: $((base + 11))
  worker_cpu_min_worker_port: $((base + 14))
  worker_cpu_max_worker_port: $((base + 15))
nodes:
  cluster: { wait_for_head: 10 }
YAML
# With everything that .env, YAML, compose and connection strings give a meaning to.
printf 'SANDBOX_CLUSTER__services__postgres__password="%s;b,c\\$HOME@e%%f \\"g'"'"' h\\\\i"\n' "$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')" >"$work/.env"

say "scenario 1: head and worker are found out"
check "the cluster starts" cluster up --detach
key=$(sed 's/.*"ApiKey":"\([^"]*\)".*/\1/' "$work/.cluster/secrets.json")
check "Health.Service answers 200" until_true 30 curl --fail --silent "http://127.0.0.1:$((base + 6))/"
check "node-cpu is the head" until_true 60 says node-cpu "Mode: head"
check "node-gpu, on another head port, is a worker" until_true 60 says node-gpu "Mode: worker"
check "node-gpu never was a head" does_not_say node-gpu "Mode: head"
check "two nodes, CPU 8 and memory 16 GiB, through the head's client port" until_true 60 has_resources "Nodes: 2" "CPU: 8.0" "Memory: 16 GiB"
check "the status page shows two nodes" shows "$page" / "<h1>2 nodes</h1>"
check "the status page shows the head's log" shows "$page" /logs/node-cpu "Mode: head"
check "the status page shows another node's log" shows "$page" /logs/node-gpu "Mode: worker"
check "the status page wants a key" fails curl --fail --silent --max-time 5 "http://127.0.0.1:$page/"
check "a node that is not the head answers with the head" until_true 20 answers_with_head "$head_gpu" "$head_cpu"
check "the API is healthy, as its container says" until_true 60 is_healthy api
check "the nodes run as a service user" docker exec "$project-node-cpu" sh -c '[ "$(id -un)" = sandbox ] && command -v dotnet'

say "scenario 2: a node that is not in the whitelist, on another network"
check "the test starts" cluster test --up
check "the worker says that it is not in the whitelist" until_true 60 says test-worker "not in the whitelist"
check "the worker says HEAD_ADDRESS" says test-worker "HEAD_ADDRESS: node-cpu:$head_cpu"
check "the worker is a worker" until_true 60 says test-worker "Mode: worker"
check "three nodes, CPU 10 and memory 18 GiB" until_true 60 has_resources "Nodes: 3" "CPU: 10.0" "Memory: 18 GiB"
direct=$(docker inspect --format '{{ range .NetworkSettings.Networks }}{{ .IPAddress }}{{ end }}' "$project-node-cpu")
check "the head's own address is not reachable from the test's network" fails connects test-worker "$direct" 6379
check "the published port is" connects test-worker node-cpu "$head_cpu"
export SANDBOX_URL=http://127.0.0.1:$client SANDBOX_API_KEY=$key
for node in node-cpu node-gpu; do "${sandbox[@]}" node drain "$node" >/dev/null; done
# The others drain with their next heartbeat: until then one of them may have been quicker.
run_there() {
  local id=s$RANDOM
  [ "$("${sandbox[@]}" run --keep --name "$id" --image "${TEST_IMAGE:-sandbox-test-busybox:latest}" -- echo there)" = there ] &&
    [ -n "$(docker ps -q --filter label=sandbox.aspire/node=test-worker --filter label=sandbox.aspire/sandbox="$id" --filter label=sandbox.aspire/cluster="$project")" ] &&
    [ "$("${sandbox[@]}" exec "$id" -- echo again)" = again ]
}
check "a sandbox on the isolated node works" until_true 60 run_there
for node in node-cpu node-gpu; do "${sandbox[@]}" node undrain "$node" >/dev/null; done
unset SANDBOX_URL SANDBOX_API_KEY

say "scenario 3: a client on the other network"
check "the client connects" until_true 60 says test-client "✓ Sandbox client connected"
check "the client reaches the head port" says test-client "✓ head port reachable"
check "the client prints the cluster's resources" says test-client "CPU: "
check "the client stays up" is_running test-client

say "--head arrives, and who is not the head says who is"
check "the test starts with --head node-gpu:$head_gpu" cluster test --up --head "node-gpu:$head_gpu"
check "the worker has it" until_true 30 says test-worker "HEAD_ADDRESS: node-gpu:$head_gpu"
check "the worker logs the redirect" until_true 60 says test-worker "node-gpu:$head_gpu is not the head"
check "the worker finds the head" until_true 60 says test-worker "The head answers at"
check "three nodes again" until_true 60 has_resources "Nodes: 3"

say "a worker without a head (and without Health.Service, which would know it)"
docker pause "$project-health" >/dev/null
check "the test starts with a head that is none" cluster test --up --head "node-cpu:$((base + 30))"
check "the node ends after its tries, with four hints" until_true 90 says test-worker "Hint 4"
check "its container stays up for debugging" until_true 30 says test-worker "stays up for debugging"
check "its container runs" is_running test-worker
docker unpause "$project-health" >/dev/null

say "logs and the end"
collect() { (cd "$work" && cluster test --collect-logs --duration 0.05 --head "node-cpu:$head_cpu"); }
check "a log bundle is saved" collect
check "the worker joined again" until_true 60 has_resources "Nodes: 3"
check "the bundle has the logs and no secret" sh -c "ls '$work'/cluster-logs/*/services/test-worker.log '$work'/cluster-logs/*/inspect/node-cpu.json && ! grep -rqF '$key' '$work/cluster-logs'"
check "test --down removes the test" cluster test --down
check "the test is gone" is_gone test-worker
check "the cluster is not" is_running node-cpu
check "test --down twice is no mistake" cluster test --down
check "two nodes are left" until_true 60 has_resources "Nodes: 2"
if [ "${keep:-}" != yes ]; then
  check "down removes everything" cluster down --volumes
  check "nothing is left" sh -c "[ -z \"\$(docker ps -aq --filter label=sandbox.aspire/cluster=$project)\$(docker network ls -q --filter name=$project)\$(docker volume ls -q --filter name=$project)\" ]"
fi

printf '%s checks, %s failed\n' "$checks" "$failed"
[ "$failed" = 0 ]
