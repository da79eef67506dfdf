#!/usr/bin/env bash
# Makes sandbox-cluster:latest, the image of every container of a cluster (Postgres, Redis, Health.Service, Api, nodes, test
# client): a Debian from packages, the .NET runtime of this machine, and the published programs. Needs no image registry. The
# Debian below is made once (--force: again); the programs are published again when a source changed.
#   SANDBOX_BASE_SUITE   Debian release (bookworm)
#   SANDBOX_BASE_MIRROR  where the packages come from (http://deb.debian.org/debian)
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
cd "$ROOT"
. build/fingerprint.sh
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1

image=sandbox-cluster:latest
base=sandbox-cluster-base:latest
label=sandbox.aspire/base
user=1654 # as Microsoft's images number their service user
suite=${SANDBOX_BASE_SUITE:-bookworm}
mirror=${SANDBOX_BASE_MIRROR:-http://deb.debian.org/debian}
packages=bash,ca-certificates,coreutils,curl,gzip,iptables,iputils-ping,libssl3,libstdc++6,postgresql,procps,redis-server,tar,zlib1g
recipe="3 $suite $packages"
work=

fail() { echo "image cluster: $*" >&2; exit 1; }
cleanup() { [ -z "$work" ] || rm -rf --one-file-system "$work"; }
trap cleanup EXIT

. build/images/functions.sh

need_docker
docker version --format '{{ .Server.Version }}' >/dev/null 2>&1 || fail "no Docker engine answers"
mkdir -p artifacts/cluster
exec 9>artifacts/cluster/lock
flock 9

make_base() {
  need_debootstrap
  work=$(mktemp -d)
  local root=$work/root
  echo "installing Debian $suite from $mirror"
  debootstrap --variant=minbase --include="$packages" "$suite" "$root" "$mirror" >"$work/log" 2>&1 ||
    { tail -n 5 "$work/log" >&2; fail "debootstrap failed"; }
  echo "leaving out caches, documents and translations"
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/usr/share/{doc,man,info,locale}/* "$root"/var/lib/postgresql/*/main
  rm -f "$root/etc/resolv.conf" "$root/etc/hostname"
  echo "sandbox:x:$user:$user:service:/home/sandbox:/bin/bash" >>"$root/etc/passwd"
  echo "sandbox:x:$user:" >>"$root/etc/group"
  install -d -o "$user" -g "$user" "$root/home/sandbox" "$root/var/lib/cluster/postgres"
  local bin
  for bin in "$root"/usr/lib/postgresql/*/bin; do ln -sf "${bin#"$root"}/pg_isready" "$root/usr/local/bin/pg_isready"; done
  echo "importing $base"
  import "$root" "$base" "$recipe" 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
}

if [ "${1:-}" = --force ] || ! is_made "$base" "$recipe"; then
  make_base
fi

bash build/agent.sh

app=$ROOT/artifacts/cluster/app
mapfile -t sources < <(source_paths . Health.Service Sandbox.Worker Sandbox.Cli Sandbox.Agent)
if sources_newer . artifacts/cluster/stamp "${sources[@]}" build/images || ! docker image inspect "$image" >/dev/null 2>&1 ||
  [ "${1:-}" = --force ]; then
  echo "publishing the programs"
  begin=$(mktemp artifacts/cluster/begin.XXXXXX)
  rm -rf "$app"
  for project in Health.Service Sandbox.Worker Sandbox.Cli; do
    dotnet publish "$project" -c Release -o "$app" -p:ArtifactsPath="$ROOT/artifacts/cluster/obj" -nologo -v quiet -maxcpucount:2 9>&- ||
      fail "publishing $project failed"
  done

  echo "building $image"
  runtime=$(dirname "$(readlink -f "$(command -v dotnet)")")
  [ -d "$runtime/shared/Microsoft.AspNetCore.App" ] || fail "there is no ASP.NET runtime beside $runtime/dotnet"
  context=artifacts/cluster/context
  rm -rf "$context"
  mkdir -p "$context/dotnet" "$context/bin"
  cp -a "$runtime/dotnet" "$runtime/host" "$runtime/shared" "$context/dotnet/"
  cp -a "$app" "$context/app"
  find "$context/app" \( -name '*.pdb' -o -name '*.xml' \) -delete
  cp build/images/cluster-entry "$context/bin/cluster-entry"
  ln -s /usr/share/dotnet/dotnet "$context/bin/dotnet"
  printf '#!/bin/sh\nexec dotnet /opt/sandbox/Sandbox.Cli.dll "$@"\n' >"$context/bin/sandbox"
  chmod 755 "$context/bin/cluster-entry" "$context/bin/sandbox"
  cat >"$context/Dockerfile" <<DOCKERFILE
FROM $base
COPY dotnet /usr/share/dotnet
COPY bin /usr/local/bin
COPY app /opt/sandbox
ENV DOTNET_ROOT=/usr/share/dotnet DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_gcServer=0 HOME=/home/sandbox
USER $user:$user
WORKDIR /home/sandbox
DOCKERFILE
  before=$(docker image inspect --format '{{ .Id }}' "$image" 2>/dev/null || true)
  DOCKER_BUILDKIT=0 docker build --quiet --tag "$image" "$context" >artifacts/cluster/build.log 2>&1 ||
    { tail -n 20 artifacts/cluster/build.log >&2; fail "docker build failed"; }
  after=$(docker image inspect --format '{{ .Id }}' "$image")
  [ -z "$before" ] || [ "$before" = "$after" ] || docker image rm "$before" >/dev/null 2>&1 || true # still used by somebody: stays
  rm -rf "$context"
  touch -r "$begin" artifacts/cluster/stamp
  rm -f "$begin"
fi
echo "$image is ready"
