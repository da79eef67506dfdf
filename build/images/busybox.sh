#!/usr/bin/env bash
# Makes sandbox-test-busybox:latest, the small image of the tests, out of this machine's static busybox. Needs no registry
# and does nothing when it is there already.
set -euo pipefail

image=sandbox-test-busybox:latest
label=sandbox.aspire/busybox

busybox=$(command -v busybox) || { echo "busybox.sh: busybox is missing (Debian: apt-get install busybox-static)" >&2; exit 1; }
command -v docker >/dev/null || { echo "busybox.sh: the docker command is missing (Debian: apt-get install docker.io)" >&2; exit 1; }
if [ -n "$(command -v ldd)" ] && ldd "$busybox" >/dev/null 2>&1; then
  echo "busybox.sh: $busybox is not static (Debian: apt-get install busybox-static)" >&2
  exit 1
fi

digest=$(sha256sum "$busybox" | cut -d ' ' -f 1)
if [ "$(docker image inspect --format "{{ index .Config.Labels \"$label\" }}" "$image" 2>/dev/null || true)" = "$digest" ]; then
  exit 0
fi

root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,etc,root,tmp,var}
chmod 755 "$root"
chmod 1777 "$root/tmp"
cp "$busybox" "$root/bin/busybox"
"$busybox" --list-full | while read -r applet; do
  mkdir -p "$root/$(dirname "$applet")"
  [ "$applet" = bin/busybox ] || ln -sf /bin/busybox "$root/$applet"
done
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"

tar -C "$root" --owner=0 --group=0 --numeric-owner -c . | docker import \
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
  --change 'CMD ["/bin/sh"]' \
  --change "LABEL $label=$digest" \
  - "$image" >/dev/null
