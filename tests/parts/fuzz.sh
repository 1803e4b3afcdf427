# fuzz.sh BUILD SANITIZED: bad sources. Every truncation of each example and 10^5 mutated sources, none over a second; and
# fewer of each under the sanitizers, where any report ends the run.
build=$1 san=$2 here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
examples=$(ls "$here"/../examples/*/*.gdl "$here"/programs/*.gdl)
all="$examples $(ls "$here"/accept/*.gdl "$here"/stress/*.gdl "$here"/laws/*.gdl)"
# half NAME COUNT PROGRAM FILE...: the program's own lines, or one that says how it ended
half() {
  name=$1 count=$2 program=$3; shift 3
  mkdir -p "$name" && cd "$name" || exit 1
  timeout 400 "$program" "$count" "$build/lib" "$@" >out 2>err
  status=$?
  sed "s/^\(pass\|fail\) /\1 $name, /" out
  [ $status -eq 0 ] || { echo "fail $name: ended with $status"; tail -n 30 err >&2; [ -s mutant.gdl ] && cat mutant.gdl >&2; }
  cd ..
}
half "fuzz" 100000 "$build/mutate" $all &
half "fuzz with sanitizers" 4000 "$san/mutate" $examples
wait
