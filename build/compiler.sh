# Sourced. How the scripts build what only has to run: without what ./test checks, by one compiler server that ends with the build.
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
# Build tools live for seconds: code that measures itself to be compiled better later is a quarter of their time and never pays.
export DOTNET_TieredPGO=0

# shellcheck disable=SC2034
ONLY_WHAT_RUNS=(
  -p:RunAnalyzers=false -p:EnableNETAnalyzers=false -p:EnforceCodeStyleInBuild=false -p:GenerateDocumentationFile=false
  # Without the commit in it an assembly is only compiled again when its sources changed.
  -p:EnableSourceControlManagerQueries=false
)

# publish_in FOLDER ARGUMENTS...: publishes a project, with its intermediate files below the folder, apart from those of other builds. From
# scratch when the last one there was cut off: a file half written would count as up to date.
publish_in() {
  local folder=$1 code=0
  shift
  [ ! -e "$folder/unfinished" ] || rm -rf "$folder"
  mkdir -p "$folder" && : >"$folder/unfinished"
  # Not with the lock of the caller: what the build leaves running would hold it. In one process: the projects depend on each other
  # nearly in a row, and the other core has another build.
  dotnet publish "$@" -c Release -p:ArtifactsPath="$folder" -nologo -v quiet -maxcpucount:1 9>&- || code=$?
  rm -f "$folder/unfinished"
  return "$code"
}

# One server for all that this script builds; stop_compiler ends it.
COMPILER=sandbox-build-$$
start_compiler() { export UseSharedCompilation=true SharedCompilationId=$COMPILER; }

# It would live on for minutes.
stop_compiler() {
  local command
  for command in /proc/[0-9]*/cmdline; do
    if tr '\0' ' ' 2>/dev/null <"$command" | grep -q -- "-pipename:$COMPILER "; then
      kill "$(basename "$(dirname "$command")")" 2>/dev/null
    fi
  done
}
