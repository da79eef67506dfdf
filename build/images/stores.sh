#!/usr/bin/env bash
# Makes sandbox-postgres:local and sandbox-redis:local, for machines without an image registry, out of the files of this machine's own
# Debian packages (postgresql, redis-server) and a static busybox. Both understand the variables and commands that the official
# images do. Does nothing when they are there already and the packages are still the same.
set -euo pipefail

label=sandbox.aspire/store
postgres_user=999
redis_user=998
path='ENV PATH=/usr/local/bin:/usr/bin:/bin'
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
entry=$ROOT/build/images/postgres-entry
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT

fail() { echo "image stores: $*" >&2; exit 1; }

. "$ROOT/build/images/functions.sh"

need_docker
busybox=$(command -v busybox) || fail "busybox is missing (Debian: apt-get install busybox-static)"
postgres=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$postgres" ] && [ -x "$postgres/initdb" ] || fail "Postgres is missing (Debian: apt-get install postgresql)"
redis=$(command -v redis-server) || fail "Redis is missing (Debian: apt-get install redis-server)"

# copy ROOT FILE...: each file or folder at its own path, and the libraries of what is a program or a library.
copy() {
  local root=$1 file
  shift
  for file in "$@"; do
    mkdir -p "$root$(dirname "$file")"
    cp -a "$file" "$root$(dirname "$file")/"
    [ ! -L "$file" ] || copy "$root" "$(readlink -f "$file")"
  done
}

# libraries ROOT: whatever the programs and libraries below ROOT are linked with.
libraries() {
  local root=$1 library
  while read -r library; do
    [ -e "$root$library" ] || copy "$root" "$library"
  done < <(find "$root" -type f \( -perm -u+x -o -name '*.so*' \) -exec ldd {} + 2>/dev/null |
    awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// && $2 ~ /^\(0x/ { print $1 }' | sort -u)
}

# base ROOT USER NAME
base() {
  local root=$1
  mkdir -p "$root"/{usr/bin,usr/lib,usr/lib64,etc,tmp,var/run,root}
  ln -s usr/bin usr/lib usr/lib64 "$root/" # as Debian has them
  chmod 755 "$root"
  chmod 1777 "$root/tmp"
  copy "$root" "$busybox"
  local applet
  for applet in sh cat chmod cp echo env id kill ls mkdir mv ps rm grep sed sleep test; do ln -sf busybox "$root/bin/$applet"; done
  printf 'root:x:0:0:root:/root:/bin/sh\n%s:x:%s:%s:%s:/tmp:/bin/sh\n' "$3" "$2" "$2" "$3" >"$root/etc/passwd"
  printf 'root:x:0:\n%s:x:%s:\n' "$3" "$2" >"$root/etc/group"
}

make_postgres() {
  local root=$work/postgres major program recipe
  recipe="2 $("$postgres/postgres" --version) $(sha256sum <"$entry" | cut -c 1-12)"
  ! is_made sandbox-postgres:local "$recipe" || return 0
  major=$(basename "$(dirname "$postgres")")
  base "$root" "$postgres_user" postgres
  copy "$root" "/usr/lib/postgresql/$major/lib" "/usr/share/postgresql/$major" /usr/share/zoneinfo /usr/lib/locale/C.utf8
  rm -rf "$root/usr/lib/postgresql/$major/lib/bitcode" "$root/usr/lib/postgresql/$major"/lib/llvmjit*
  for program in initdb postgres pg_ctl createdb psql; do
    copy "$root" "$postgres/$program"
    ln -sf "$postgres/$program" "$root/usr/bin/$program"
  done
  libraries "$root"
  mkdir -p "$root/usr/local/bin" "$root/var/lib/postgresql/data" "$root/var/run/postgresql"
  install -m 755 "$entry" "$root/usr/local/bin/postgres-entry"
  chown -R "$postgres_user:$postgres_user" "$root/var/lib/postgresql" "$root/var/run/postgresql"
  import "$root" sandbox-postgres:local "$recipe" "$path" "ENV PG_MAJOR=$major" "USER $postgres_user:$postgres_user" \
    'ENTRYPOINT ["/usr/local/bin/postgres-entry"]' 'EXPOSE 5432'
  echo "sandbox-postgres:local is ready"
}

make_redis() {
  local root=$work/redis recipe
  recipe="2 $("$redis" --version)"
  ! is_made sandbox-redis:local "$recipe" || return 0
  base "$root" "$redis_user" redis
  copy "$root" "$redis" "$(command -v redis-cli)"
  libraries "$root"
  install -d -o "$redis_user" -g "$redis_user" "$root/data"
  import "$root" sandbox-redis:local "$recipe" "$path" "USER $redis_user:$redis_user" 'WORKDIR /data' 'CMD ["redis-server"]' 'EXPOSE 6379'
  echo "sandbox-redis:local is ready"
}

# Two starts at once make them once.
mkdir -p "$ROOT/artifacts"
exec 9>"$ROOT/artifacts/stores.lock"
flock 9
make_postgres
make_redis
