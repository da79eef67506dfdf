#!/usr/bin/env bash
# Makes sandbox-machine:latest, a machine for the tests of the rollout out of Debian packages: System V init, an SSH server that takes
# keys only, Python, sudo, and what Docker needs but not Docker itself, whose package lies in apt's cache. Does nothing when it is there
# already, unless --force is given. Users: deploy (may use sudo without a password) and guest (may not).
#   SANDBOX_BASE_SUITE   Debian release (bookworm)
#   SANDBOX_BASE_MIRROR  where the packages come from (http://deb.debian.org/debian)
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
image=sandbox-machine:latest
label=sandbox.aspire/base
suite=${SANDBOX_BASE_SUITE:-bookworm}
mirror=${SANDBOX_BASE_MIRROR:-http://deb.debian.org/debian}
# Python's apt is what Ansible installs packages with; iproute2 tells it the machine's address.
packages=ca-certificates,iproute2,openssh-server,procps,python3,python3-apt,sudo,sysvinit-core
docker_needs=containerd,iptables,libdevmapper1.02.1,runc,tini
recipe="1 $suite $packages $docker_needs"
work=

fail() { echo "image machine: $*" >&2; exit 1; }
cleanup() { [ -z "$work" ] || rm -rf --one-file-system "$work"; }
trap cleanup EXIT

. "$ROOT/build/images/functions.sh"

need_docker
mkdir -p "$ROOT/artifacts/rollout"
exec 9>"$ROOT/artifacts/rollout/image.lock"
flock 9

if [ "${1:-}" != --force ] && is_made "$image" "$recipe"; then
  echo "$image is there already"
  exit 0
fi

need_debootstrap

work=$(mktemp -d)
root=$work/root
echo "installing Debian $suite from $mirror"
debootstrap --variant=minbase --include="$packages,$docker_needs" "$suite" "$root" "$mirror" >"$work/log" 2>&1 ||
  { tail -n 5 "$work/log" >&2; fail "debootstrap failed"; }
# The machines install it themselves, without the wait for a download.
chroot "$root" apt-get install --yes --quiet --quiet --no-install-recommends --download-only docker.io >"$work/log" 2>&1 ||
  { tail -n 5 "$work/log" >&2; fail "docker.io cannot be downloaded"; }

echo "configuring"
rm -rf "$root"/var/log/* "$root"/usr/share/{doc,man,info,locale}/* "$root"/etc/ssh/ssh_host_*
rm -f "$root/etc/resolv.conf" "$root/etc/hostname"
# The kernel and the devices are the host's: of a boot only the services are left.
printf '%s\n' 'id:2:initdefault:' 'si::sysinit:/usr/local/sbin/machine-start' 'l2:2:wait:/etc/init.d/rc 2' >"$root/etc/inittab"
cat >"$root/usr/local/sbin/machine-start" <<'SCRIPT'
#!/bin/sh
mkdir -p /run/lock /run/sshd
: >/run/utmp
# For the machine's own engine.
awk '$2 ~ "^/sys" { print $2 }' /proc/mounts | while read -r folder; do mount -o remount,bind,rw "$folder"; done
SCRIPT
chmod 755 "$root/usr/local/sbin/machine-start"
# Docker's start script raises limits, which this machine may not do.
echo 'ulimit() { command ulimit "$@" 2>/dev/null || true; }' >"$root/etc/default/docker"
# A container is thrown away: nothing has to reach the disk at once.
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
# Which user logged in is the host's to know.
sed -i 's/^\(session *\)required\( *pam_loginuid\)/\1optional\2/' "$root/etc/pam.d/sshd"
printf '%s no\n' PasswordAuthentication KbdInteractiveAuthentication PermitRootLogin >"$root/etc/ssh/sshd_config.d/keys-only.conf"
for user in deploy guest; do
  # No password, rather than a locked account.
  chroot "$root" useradd --create-home --shell /bin/bash --password '*' "$user"
done
echo 'deploy ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/deploy"
chmod 440 "$root/etc/sudoers.d/deploy"

echo "importing $image"
import "$root" "$image" "$recipe" 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' 'CMD ["/sbin/init"]'
echo "$image is ready"
