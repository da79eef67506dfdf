# Sourced. Whether anything that the command line is built from is newer than a stamp.
sources_changed() {
  [ ! -f "$2" ] || [ -n "$(find "$1"/Sandbox.* "$1/ServiceDefaults" "$1"/Directory.*.props "$1/global.json" \
    "$1/build/cli.sh" "$1/build/agent.sh" -newer "$2" ! -name '*.md' ! -name '*.sln' -print -quit 2>/dev/null)" ]
}
