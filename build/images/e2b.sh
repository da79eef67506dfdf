#!/usr/bin/env bash
# Makes sandbox-e2b:latest, the image of E2B's templates: a Debian with bash, Python with a kernel, git and curl, and the account user
# with a home, which E2B's clients expect. Out of Debian packages, for machines without an image registry. Does nothing when it is there
# already, unless --force is given. Prints one line for each step.
#   SANDBOX_BASE_SUITE   Debian release (bookworm)
#   SANDBOX_BASE_MIRROR  where the packages come from (http://deb.debian.org/debian)
set -euo pipefail

image=sandbox-e2b:latest
label=sandbox.aspire/e2b
suite=${SANDBOX_BASE_SUITE:-bookworm}
mirror=${SANDBOX_BASE_MIRROR:-http://deb.debian.org/debian}
packages=(bash ca-certificates coreutils curl git gzip procps python3 python3-ipykernel tar)
recipe="1 $suite ${packages[*]}"

fail() { echo "image e2b: $*" >&2; exit 1; }

. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/functions.sh"

begin "$@"
echo "installing Debian $suite from $mirror"
logged() { "$@" >"$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; fail "$1 failed"; }; }
logged debootstrap --variant=minbase "$suite" "$root" "$mirror"

# Not by debootstrap, which cannot order the many packages that a kernel of Python depends on.
echo "installing ${packages[*]}"
cp /etc/resolv.conf "$root/etc/resolv.conf"
logged chroot "$root" apt-get -qq update
logged chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "${packages[@]}"

echo "adding the account user"
chroot "$root" useradd --create-home --uid 1000 --shell /bin/bash user

echo "leaving out caches, documents and translations"
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/usr/share/{doc,man,info,locale}/*
rm -f "$root/etc/resolv.conf" "$root/etc/hostname"

echo "importing $image"
import "$root" "$image" "$recipe" 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' 'WORKDIR /home/user' \
  'CMD ["/bin/bash"]'
echo "$image is ready"
