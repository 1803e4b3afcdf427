# faults.sh BUILD SANITIZED: allocations and system calls that fail, kill -9, folders in use, full or read-only, damaged files,
# NaN. Sections and what they count: tests/faults. In memory where there is room, since a training syncs every file it writes.
build=$1 here=$(cd "$(dirname "$0")/.." && pwd)
room=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
[ "${room:-0}" -gt 500000 ] && [ -w /dev/shm ] && export TMPDIR=/dev/shm
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
gcc="gcc -std=c17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror"
$gcc -shared -fPIC -o "$work/preload.so" "$here/faults/preload.c" -ldl &&
  $gcc -o "$work/inject" "$here/faults/inject.c" &&
  $gcc -I"$here/../runtime" -o "$work/read_table" "$here/faults/read_table.c" "$build/runtime/read_csv.o" "$build/runtime/array.o" "$build/runtime/trouble.o" || exit 1
/usr/bin/python3 "$here/faults/run.py" "$build" "$work"
