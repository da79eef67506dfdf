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

. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/functions.sh"

begin "$@"
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
import "$root" "$image" "$recipe" 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' 'WORKDIR /root' 'CMD ["/bin/bash"]'
echo "$image is ready"
