#!/usr/bin/env bash
# build/ready-to-run.sh
# Puts, in the background, a form of the command line in place of the one that build/cli.sh made, with code compiled ahead of time:
# it starts with a third less work. Then makes the agent of the other architecture, where a cross compiler is found. Called by ./sandbox as
# long as there is no .ready-to-run in artifacts/cli/bin, and returns at once.
set -uo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT" || exit 1
OUT=artifacts/cli
LOG=artifacts/ready-to-run.log
command -v flock >/dev/null && command -v setsid >/dev/null || exit 0

if [ "${1:-}" != --detached ]; then
  flock --nonblock "$OUT/ready-to-run.lock" true || exit 0 # one is at work
  # Out of reach of the terminal's signals, and with none of the caller's files: whoever reads its output to the end would wait for us.
  for file in /proc/self/fd/*; do
    file=${file##*/}
    [ "$file" -le 2 ] || [ "$file" = 255 ] || eval "exec $file>&-"
  done
  setsid nice -n 19 bash "$0" --detached </dev/null >>"$LOG" 2>&1 &
  exit 0
fi

# Waits: what holds the lock may be another's look, above, that ends without any work.
exec 9>"$OUT/ready-to-run.lock"
flock 9
[ ! -e "$OUT/bin/.ready-to-run" ] || exit 0
: >"$LOG"
. build/compiler.sh
export UseSharedCompilation=false # there is next to nothing to compile, and nothing to end when this is killed

# What lies in the folder is final, so sources may change meanwhile, and the next build need not wait for this one.
publish() {
  rm -rf "$2"
  publish_in "$ROOT/$OUT/obj-ready-to-run" build/ready-to-run -o "$2" -p:From="$1" && : >"$2/.ready-to-run"
}

# replace OLD NEW: unless a build has put something newer there; that build holds the lock.
replace() {
  exec 8>"$OUT/lock"
  flock 8
  if [ "$(readlink "$OUT/bin")" = "$1" ]; then
    ln -sfn "$2" "$OUT/bin.new" && mv -Tf "$OUT/bin.new" "$OUT/bin"
  else
    rm -rf "${OUT:?}/$2"
  fi
  exec 8>&-
}

while built=$(readlink "$OUT/bin") && [ ! -e "$OUT/$built/.ready-to-run" ]; do
  if publish "$ROOT/$OUT/$built" "$OUT/$built.fast"; then
    replace "$built" "$built.fast"
  elif [ -d "$OUT/$built" ]; then
    # Ahead-of-time code needs compiler packages that not every feed carries. Not tried again before the next build.
    echo "could not be made ready to run; it stays as it is"
    rm -rf "${OUT:?}/$built.fast"
    : >"$OUT/$built/.ready-to-run"
  fi
done
command -v gcc >/dev/null && bash build/agent.sh 9>&-
