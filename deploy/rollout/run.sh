#!/bin/sh
# run.sh FOLDER PROGRAM ARGUMENT…
# Runs the program at most once for this folder. The folder gets: lock (held as long as a process of the run lives), started,
# pid (the number of the process group), output, errors, and exit once the program has ended: its exit code, and the word stopped
# when it was told to end before.
set -u
folder=$1
shift
exec </dev/null >>"$folder/output" 2>>"$folder/errors" 9>>"$folder/lock"
# Who looks whether the run lives holds the lock for a moment.
flock --timeout 10 9 || exit 0
if [ -e "$folder/started" ]; then exit 0; fi
# Told to stop, it waits for the program, which is told, too.
told=
trap 'told=" stopped"' TERM
echo $$ >"$folder/pid.new" && mv "$folder/pid.new" "$folder/pid"
: >"$folder/started"
# The folder of the rollout's state, two above: where a playbook leaves its report.
SANDBOX_ROLLOUT_STATE=$(dirname "$(dirname "$folder")")
export SANDBOX_ROLLOUT_STATE
"$@" &
child=$!
code=0
wait "$child" || code=$?
while kill -0 "$child" 2>/dev/null; do code=0; wait "$child" || code=$?; done
trap '' TERM
echo "$code$told" >"$folder/exit.new" && mv "$folder/exit.new" "$folder/exit"
