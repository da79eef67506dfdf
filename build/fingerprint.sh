# Sourced. What programs are built from, and whether that changed since the command line was built: artifacts/cli/stamp is as old
# as the beginning of that build and holds the hash of its sources and then their paths, one a line.

# project_folders ROOT PROJECT...: the folders of these projects and of all that they refer to, relative to the root.
project_folders() {
  local root=$1 folder reference
  local -A seen=()
  shift
  while [ $# -gt 0 ]; do
    folder=$1
    shift
    [ -z "${seen[$folder]:-}" ] || continue
    seen[$folder]=yes
    echo "$folder"
    while read -r reference; do
      set -- "$@" "$(realpath -m --relative-to="$root" "$root/$folder/${reference%/*}")"
    done < <(sed -n 's/.*<ProjectReference Include="\([^"]*\)".*/\1/p' "$root/$folder"/*.csproj)
  done
}

# source_paths ROOT PROJECT...: the files and folders that the build of these projects reads.
source_paths() {
  project_folders "$@"
  (cd "$1" && ls -d Directory.Build.props Directory.Build.targets Directory.Packages.props global.json \
    build/cli.sh build/agent.sh build/compiler.sh 2>/dev/null)
}

# find_sources ROOT "TESTS" PATH...: what find's tests pick of these paths. What editors and builds put there is no source.
find_sources() {
  (cd "$1" && find "${@:3}" \( -name bin -o -name obj -o -name '.*' \) -prune -o ! -name '*.md' ! -name '*.user' $2)
}

# sources_newer ROOT FILE PATH...: whether one is newer than the file, or there is no file. A folder's own time tells of files that
# came or went; a message of find (a path is gone) counts as a change.
sources_newer() {
  [ ! -f "$1/$2" ] || [ -n "$(find_sources "$1" "-newer $2 -print -quit" "${@:3}" 2>&1)" ]
}

# sources_hash ROOT PATH...
sources_hash() {
  find_sources "$1" "-type f -print0" "${@:2}" | LC_ALL=C sort -z | (cd "$1" && xargs -0 sha256sum) | sha256sum | cut -d' ' -f1
}

# write_stamp ROOT BEGIN HASH PATH...: records what the command line was built from, as of the time of the file BEGIN.
write_stamp() {
  printf '%s\n' "${@:3}" >"$1/artifacts/cli/stamp.new"
  touch -r "$2" "$1/artifacts/cli/stamp.new"
  mv -f "$1/artifacts/cli/stamp.new" "$1/artifacts/cli/stamp"
}

# Whether the command line under a root has to be built (again): a source was touched, or the native agent was left out for
# want of a compiler that is there now.
build_needed() {
  local lines=()
  [ ! -f "$1/artifacts/cli/stamp" ] || mapfile -t lines <"$1/artifacts/cli/stamp"
  [ "${#lines[@]}" -gt 1 ] || return 0
  sources_newer "$1" artifacts/cli/stamp "${lines[@]:1}" || { [ -f "$1/artifacts/cli/without-gcc" ] && command -v gcc >/dev/null; }
}
