#!/bin/sh
# cluster-rules.sh KEY...
# Removes the rules of iptables around the networks of sandboxes, by the keys that stand in the names of these networks. A node that was
# ended by force leaves them.
set -eu
PATH=$PATH:/usr/sbin:/sbin
for key in "$@"; do
  for program in iptables ip6tables; do
    command -v "$program-save" >/dev/null || continue
    for table in mangle nat; do
      # The jumps to the node's chains, then what is in these, then the chains.
      "$program-save" -t "$table" | awk -v chain="SANDBOX-$key" -v table="$table" '
        index($0, ":" chain) == 1 { name = substr($1, 2); emptied = emptied "-F " name "\n"; removed = removed "-X " name "\n" }
        /^-A / && index($2, chain) != 1 && index($0, "-j " chain) { sub(/^-A/, "-D"); jumps = jumps $0 "\n" }
        END { if (emptied != "") printf "*%s\n%s%s%sCOMMIT\n", table, jumps, emptied, removed }' |
        "$program-restore" --noflush --wait 10
    done
  done
done
