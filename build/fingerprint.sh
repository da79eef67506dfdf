# Sourced. Whether anything that the command line is built from is newer than a stamp.
sources_changed() {
  [ ! -f "$2" ] || [ -n "$(find "$1"/Sandbox.* "$1/ServiceDefaults" "$1"/Directory.*.props "$1/global.json" \
    "$1/build/cli.sh" "$1/build/agent.sh" -newer "$2" ! -name '*.md' ! -name '*.sln' -print -quit 2>/dev/null)" ]
}

# Whether the command line under a root has to be built (again): its sources changed, or the native agent was left
# out for want of a compiler that is there now.
build_needed() {
  sources_changed "$1" "$1/artifacts/cli/stamp" || { [ -f "$1/artifacts/cli/without-gcc" ] && command -v gcc >/dev/null; }
}
