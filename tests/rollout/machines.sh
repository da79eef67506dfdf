#!/usr/bin/env bash
# tests/rollout/machines.sh up FOLDER N | down FOLDER
# Machines for the tests of the rollout: containers with an SSH server each, on a network of their own, which can run a Docker engine.
# up makes the folder: key (of the users deploy and guest), known_hosts (the machines' real keys) and inventory.ini (head, node-1, …).
# down removes the machines with all they keep, the network and the folder.
set -euo pipefail
shopt -s inherit_errexit
umask 022

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
label=sandbox.aspire/test-machines
verb=${1:-} folder=$(realpath -m "${2:-.}") count=${3:-}

fail() { echo "machines: $*" >&2; exit 1; }

# What packages come from here: the sources of Debian's own packages and how they are reached.
apt_configuration() {
  local root=$1 suite=${SANDBOX_BASE_SUITE:-bookworm} files=(/etc/apt/sources.list /etc/apt/sources.list.d/debian.sources) file
  grep -qx "VERSION_CODENAME=$suite" /etc/os-release && grep -qsw "$suite" "${files[@]}" || return 0
  mkdir -p "$root/etc/apt/apt.conf.d" "$root/etc/apt/sources.list.d"
  apt-config dump | grep -E '^Acquire::(Check|http|https)' >"$root/etc/apt/apt.conf.d/90control-machine" || true
  for file in "${files[@]}"; do
    # An empty one takes the place of the image's.
    if [ -f "$file" ]; then cp "$file" "$root$file"; else : >"$root$file"; fi
  done
}

# start NAME: makes a machine and prints its address.
start() {
  local name=$1 root=$folder/$1 container=$project-$1 user
  mkdir -p "$root/etc/ssh"
  ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$root/etc/ssh/ssh_host_ed25519_key"
  apt_configuration "$root"
  # As privileged, but for a right that the engine here may not have itself. /var/lib/docker must not lie on the container's own overlay.
  docker create --name "$container" --hostname "$name" --network "$project" --network-alias "$name" --label "$label=$project" \
    --cap-add ALL --cap-drop SYS_RESOURCE --device-cgroup-rule 'a *:* rwm' --cgroupns private \
    --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
    --tmpfs /run --volume /var/lib/docker --stop-signal KILL "$image" >/dev/null
  tar -C "$root" --owner 0 --group 0 -c . | docker cp --quiet - "$container:/"
  docker start "$container" >/dev/null
  for user in deploy guest; do
    docker exec --interactive --user "$user" "$container" sh -c 'umask 077; mkdir ~/.ssh && cat >~/.ssh/authorized_keys' \
      <"$folder/key.pub"
  done
  local address
  address=$(docker inspect --format '{{ range .NetworkSettings.Networks }}{{ .IPAddress }}{{ end }}' "$container")
  printf '%s %s\n' "$address" "$(cut -d ' ' -f 1,2 "$root/etc/ssh/ssh_host_ed25519_key.pub")" >>"$folder/known_hosts"
  rm -rf "$root"
  echo "$address"
}

# Until the machine lets its user in.
await() {
  local end=$((SECONDS + 60))
  until ssh -F none -i "$folder/key" -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=5 -o UserKnownHostsFile="$folder/known_hosts" \
    "deploy@$1" true 2>"$folder/log"; do
    [ "$SECONDS" -lt "$end" ] || fail "$1 lets nobody in: $(cat "$folder/log")"
    sleep 0.2
  done
}

up() {
  [[ $count =~ ^[1-9][0-9]?$ ]] || fail "up FOLDER N: how many?"
  [ -z "$(ls -A "$folder" 2>/dev/null)" ] || fail "$folder is not empty"
  command -v ssh-keygen >/dev/null || fail "ssh is missing (Debian: apt-get install openssh-client)"
  bash "$here/image.sh"
  mkdir -p "$folder"
  chmod 700 "$folder"
  project=rollout-$(head -c 4 /dev/urandom | od -An -tx1 | tr -d ' \n')
  echo "$project" >"$folder/project"
  trap down_after_failure EXIT
  ssh-keygen -q -t ed25519 -N '' -C "$project" -f "$folder/key"
  local device mtu
  device=$(ip route show default | sed -n '1s/.* dev \([^ ]*\).*/\1/p')
  mtu=$(cat "/sys/class/net/$device/mtu" 2>/dev/null || echo 1500)
  docker network create --label "$label=$project" --opt com.docker.network.driver.mtu="$mtu" "$project" >/dev/null

  local number name address workers=()
  for ((number = 0; number < count; number++)); do
    name=node-$number
    [ "$number" -gt 0 ] || name=head
    address=$(start "$name")
    await "$address"
    if [ "$number" = 0 ]; then head="head ansible_host=$address"; else workers+=("$name ansible_host=$address"); fi
  done
  # The folder of SSH's shared connections is the machines' own: another machine may get the address later.
  cat >"$folder/inventory.ini" <<INI
[head_nodes]
$head

[worker_nodes]
$(printf '%s\n' "${workers[@]}")

[all:vars]
ansible_user=deploy
ansible_python_interpreter=/usr/bin/python3
ansible_ssh_private_key_file=$folder/key
ansible_ssh_common_args=-F none -o IdentitiesOnly=yes -o UserKnownHostsFile=$folder/known_hosts
ansible_control_path_dir=$folder/cp
use_sudo=true
cluster_id=$project
INI
  trap - EXIT
  echo "$folder/inventory.ini"
}

down() {
  local project containers
  project=$(cat "$folder/project" 2>/dev/null) || fail "$folder has no machines"
  mapfile -t containers < <(docker ps --all --quiet --filter "label=$label=$project")
  [ "${#containers[@]}" = 0 ] || docker rm --force --volumes "${containers[@]}" >/dev/null
  ! docker network inspect "$project" >/dev/null 2>&1 || docker network rm "$project" >/dev/null
  rm -rf "$folder"
}

down_after_failure() { down || true; }

image=sandbox-machine:latest
case $verb in
  up | down) "$verb" ;;
  *) sed -n '2s/^# //p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
