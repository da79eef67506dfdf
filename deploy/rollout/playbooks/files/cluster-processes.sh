#!/bin/sh
# cluster-processes.sh find CLUSTER | end CLUSTER PID...
# The cluster's programs that run outside of containers: those whose number is recorded in /run/sandbox-cluster/CLUSTER/NAME.pid.
# find prints a line for each: its number and its program. end ends those of the numbers given that are still such programs.
set -u
PATH=$PATH:/usr/sbin:/sbin
verb=$1 cluster=$2
shift 2

# Prints the program when the process is the cluster's. A recorded number may be another process's by now: ours has the cluster's id in
# its environment and runs one of our programs.
program_of() {
  tr '\0' '\n' 2>/dev/null <"/proc/$1/environ" | grep -qxF "Cluster__Id=$cluster" || return 1
  # The second word is the program where the first is dotnet.
  tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | sed -n '1,2s/\.dll$//; 1,2s/.*\///; 1,2p' |
    grep -xE 'Sandbox\.Worker|Sandbox\.Api|Health\.Service'
}

recorded() {
  # What others than root may write says nothing.
  find "/run/sandbox-cluster/$cluster" -maxdepth 1 -name '*.pid' -type f -user root ! -perm /022 \
    -exec grep -hxE '[1-9][0-9]{0,9}' {} + 2>/dev/null | sort -nu
}

for pid in $(recorded); do
  program=$(program_of "$pid") || continue
  case $verb in
    find) echo "$pid $program" ;;
    end)
      case " $* " in
        # A worker ends in order when it is told: it waits for calls under way.
        *" $pid "*) start-stop-daemon --stop --quiet --oknodo --pid "$pid" --retry TERM/30/KILL/10 || exit 1 ;;
      esac
      ;;
  esac
done
