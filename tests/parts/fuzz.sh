# fuzz.sh BUILD SANITIZED: bad inputs, with the driver of tests/fuzz: of each target every seed (examples, what the checker
# refuses, inputs that were findings), every truncation, and mutations. None ends the process, none takes over a second.
# Source text: 10^5 mutations without sanitizers, and fewer with, where any report ends the run. `make fuzz` searches further.
build=$1 san=$2 here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
sh "$here/fuzz/prepare.sh" "$build/gdlc" "$work/seeds" || { echo "fail fuzz: no seeds"; exit 0; }
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}:quarantine_size_mb=8"      # freed memory is unmapped seldom, not always
# try NAME RUNS TARGET PROGRAM SEED...: the program's own lines, or one that says how it ended
try() {
  name=$1 runs=$2 target=$3 program=$4; shift 4
  mkdir -p "$name" && cd "$name" || exit 1
  timeout 400 "$program" "$runs" "$work/seeds/$target.dict" "$@" >out 2>err </dev/null
  status=$?
  sed "s/^\(pass\|fail\) /\1 fuzz $name, /" out
  if [ $status -ne 0 ]; then
    echo "fail fuzz $name: ended with $status"
    { tail -n 30 err; head -c 2000 input | od -c | head -n 60; } >&2
  fi
  cd ..
}
try source 100000 source "$build/fuzz/source" "$work/seeds/source" &
for t in idx npy png safetensors csv; do try "$t, sanitized" 20000 $t "$san/fuzz/$t" "$work/seeds/$t"; done
for t in npz graph loops; do try "$t, sanitized" 4000 $t "$san/fuzz/$t" "$work/seeds/$t"; done
found() { find "$here/fuzz/seeds/$1" -type f 2>/dev/null; }
try "source, sanitized" 4000 source "$san/fuzz/source" "$here"/../examples/*/*.gdl "$here"/programs/*.gdl $(found source)
try "format, sanitized" 4000 format "$san/fuzz/format" "$here"/../examples/*/*.gdl "$here"/programs/*.gdl $(found format)
try "lower, sanitized" 200 lower "$san/fuzz/lower" "$here"/fuzz/small/*.gdl "$here"/programs/*.gdl $(found lower)
wait
