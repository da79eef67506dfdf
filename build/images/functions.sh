# What the scripts that make images from this machine's or Debian's packages share. Sourced; needs $label, and fail TEXT, which ends the
# script.

need_docker() { command -v docker >/dev/null || fail "the docker command is missing (Debian: apt-get install docker.io)"; }

need_debootstrap() {
  command -v debootstrap >/dev/null || fail "debootstrap is missing (Debian: apt-get install debootstrap)"
  [ "$(id -u)" = 0 ] || fail "debootstrap needs root; run this command as root once"
}

# is_made IMAGE RECIPE: whether the image is there, and was made by this recipe.
is_made() { [ "$(docker image inspect --format "{{ index .Config.Labels \"$label\" }}" "$1" 2>/dev/null || true)" = "$2" ]; }

# begin ARGUMENT...: ends the script when $image is there by $recipe, unless the first argument is --force; else makes a folder $work that
# goes with the script, in which $root is to be the image's.
begin() {
  need_docker
  docker version --format '{{ .Server.Version }}' >/dev/null 2>&1 || fail "no Docker engine answers"
  if [ "${1:-}" != --force ] && is_made "$image" "$recipe"; then
    echo "$image is there already"
    exit 0
  fi

  need_debootstrap
  work=$(mktemp -d)
  root=$work/root
  trap 'rm -rf --one-file-system "$work"' EXIT
}

# import ROOT IMAGE RECIPE CHANGE...: makes the image out of a folder, in the place of one of its name.
import() {
  local root=$1 image=$2 recipe=$3 changes=() change before
  shift 3
  for change in "$@"; do changes+=(--change "$change"); done
  before=$(docker image inspect --format '{{ .Id }}' "$image" 2>/dev/null || true)
  tar -C "$root" --numeric-owner -c . | docker import \
    --change 'ENV LANG=C.UTF-8' --change "LABEL $label=\"$recipe\"" "${changes[@]}" - "$image" >/dev/null
  [ -z "$before" ] || docker image rm "$before" >/dev/null 2>&1 || true # still used by somebody: stays
}
