#!/usr/bin/env bash
# What the tests need on this machine. Sourced by ./test; defines functions and does nothing by itself.

# Package and what is lost without it; what has no consequence by itself belongs to the line above it.
needed_packages() {
  cat <<'LIST'
docker.io|tests that need Docker are skipped
iptables|tests that need Docker are skipped
gcc|the native agent is not built: tests that need Docker are skipped, Local runs the agent as a .NET program
libc6-dev|the native agent is not built
zlib1g-dev|the native agent is not built
busybox-static|the local test image is not built: tests that need Docker are skipped
bubblewrap|Local sandboxes run without isolation; tests of the isolation are skipped
slirp4netns|Local sandboxes have no network; tests of it are skipped
debootstrap|the base image is not built
strace|the test that watches which libraries the agent opens is skipped
redis-server|tests that need Redis are skipped
postgresql|tests that need Postgres are skipped
prometheus|tests of the metrics, the alert rules and the dashboards are skipped
ansible-core|tests of the rollout that run Ansible are skipped
openssh-client|tests of the rollout on machines behind SSH are skipped
docker-registry|tests that push to a registry are skipped
chromium|the test of the dashboard is skipped
xfsprogs|the test of disk budgets on a real XFS is skipped
LIST
}

say() { printf '== %s\n' "$*"; }

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing_packages() {
  local package
  while IFS='|' read -r package _; do
    is_installed "$package" || echo "$package"
  done < <(needed_packages)
  # Newer Debian releases have the command line of Docker in a package of its own.
  if ! command -v docker >/dev/null && ! is_installed docker.io && apt-cache show docker-cli >/dev/null 2>&1; then
    echo docker-cli
  fi
  # For build/helm.sh; elsewhere than from Debian npm comes with node itself.
  command -v npm >/dev/null || echo npm
  command -v unzip >/dev/null || echo unzip
}

may_install() { [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null; }

# Installs what is missing where it may, else says what is missing and what that costs.
install_packages() {
  local missing package loss
  if ! command -v dpkg-query >/dev/null; then
    say "not a Debian machine: nothing is installed, tests whose tools are missing are skipped"
    return
  fi
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$1" = yes ] && may_install; then
    say "installing ${missing[*]}"
    {
      apt-get update
      DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
    } >"$ROOT/artifacts/setup.log" 2>&1 && return 0
    say "installing failed; the log is artifacts/setup.log"
    mapfile -t missing < <(missing_packages)
  fi
  for package in "${missing[@]}"; do
    loss=$(needed_packages | sed -n "s/^$package|//p")
    say "missing: $package (${loss:-tests that need it are skipped})"
  done
}

engine_answers() { command -v docker >/dev/null && timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# Starts an engine if none answers; the one started here is ended by stop_engine and no other.
start_engine() {
  STARTED_ENGINE=
  engine_answers && return 0
  if [ "$1" != yes ] || [ "$(id -u)" != 0 ] || ! command -v dockerd >/dev/null; then
    say "no Docker engine answers: tests that need one are skipped"
    return 0
  fi
  say "starting dockerd (log: artifacts/dockerd.log)"
  setsid dockerd >"$ROOT/artifacts/dockerd.log" 2>&1 </dev/null &
  STARTED_ENGINE=$!
  local attempt
  for attempt in $(seq 1 120); do
    engine_answers && return 0
    kill -0 "$STARTED_ENGINE" 2>/dev/null || break
    sleep 0.5
  done
  say "dockerd does not answer: tests that need Docker are skipped; its last words:"
  tail -n 5 "$ROOT/artifacts/dockerd.log" | sed 's/^/   /'
}

stop_engine() {
  [ -n "${STARTED_ENGINE:-}" ] || return 0
  kill "$STARTED_ENGINE" 2>/dev/null && wait "$STARTED_ENGINE" 2>/dev/null
  STARTED_ENGINE=
}
