#!/usr/bin/env bash
# Makes sandbox-base:latest, a Debian with bash and Python, out of Debian packages: for machines without an image registry.
# Does nothing when it is there already, unless --force is given. Prints one line for each step.
#   SANDBOX_BASE_SUITE   Debian release (bookworm)
#   SANDBOX_BASE_MIRROR  where the packages come from (http://deb.debian.org/debian)
set -euo pipefail

image=sandbox-base:latest
label=sandbox.aspire/base
suite=${SANDBOX_BASE_SUITE:-bookworm}
mirror=${SANDBOX_BASE_MIRROR:-http://deb.debian.org/debian}
packages=bash,ca-certificates,coreutils,gzip,procps,python3,tar
recipe="1 $suite $packages"

fail() { echo "image base: $*" >&2; exit 1; }

command -v docker >/dev/null || fail "the docker command is missing (Debian: apt-get install docker.io)"
docker version --format '{{ .Server.Version }}' >/dev/null 2>&1 || fail "no Docker engine answers"

if [ "${1:-}" != --force ] &&
  [ "$(docker image inspect --format "{{ index .Config.Labels \"$label\" }}" "$image" 2>/dev/null || true)" = "$recipe" ]; then
  echo "$image is there already"
  exit 0
fi

command -v debootstrap >/dev/null || fail "debootstrap is missing (Debian: apt-get install debootstrap)"
[ "$(id -u)" = 0 ] || fail "debootstrap needs root; run this command as root once"

work=$(mktemp -d)
root=$work/root
trap 'rm -rf --one-file-system "$work"' EXIT

echo "installing Debian $suite from $mirror"
debootstrap --variant=minbase --include="$packages" "$suite" "$root" "$mirror" 2>&1 | tee "$work/log" |
  while read -r line; do
    case $line in
      *Retrieving*Release* | *Resolving* | *Unpacking\ required* | *Unpacking\ the* | *Configuring\ required* | *Configuring\ the* | *Base\ system*)
        echo "${line#I: }" ;;
    esac
  done || { tail -n 5 "$work/log" >&2; fail "debootstrap failed"; }

echo "leaving out caches, documents and translations"
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/usr/share/{doc,man,info,locale}/*
rm -f "$root/etc/resolv.conf" "$root/etc/hostname"

echo "importing $image"
before=$(docker image inspect --format '{{ .Id }}' "$image" 2>/dev/null || true)
tar -C "$root" --numeric-owner -c . | docker import \
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
  --change 'ENV LANG=C.UTF-8' \
  --change 'WORKDIR /root' \
  --change 'CMD ["/bin/bash"]' \
  --change "LABEL $label=\"$recipe\"" \
  - "$image" >/dev/null
[ -z "$before" ] || docker image rm "$before" >/dev/null 2>&1 || true # still used by somebody: stays
echo "$image is ready"
