# laws.sh BUILD SANITIZED: every evaluator gives one result (entries.c), slopes and cotangents are differences (slopes.c,
# pulls.c), for each
# program that is accepted, each twin of one that is refused, and programs that together use every word (words_*.gdl).
# Large domains are made small first: sizes of the same parity, so that strides and borders fall as they did.
build=$1 here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
smaller() {
  for f in "$@"; do
    sed 's/grid(28, 28)/grid(8, 8)/; s/grid(32, 32)/grid(8, 8)/; s/grid(33, 33)/grid(9, 9)/; s/grid(13, 13)/grid(9, 9)/
         s/grid(29, 29)/grid(9, 9)/; s/torus(1\([0-9]\), 1\([0-9]\))/torus(\1, \2)/; s/line(50)/line(10)/; s/line(128)/line(4)/; s/cycle(64)/cycle(8)/
         s/repeat 3 /repeat 2 /; s/chars = 128/chars = 9/; s/depth = 4/depth = 1/' "$f" >"$work/$(basename "$f")"
  done
}
# limit SECONDS PROGRAM ...: what ends oddly is a failure, with its last words
limit() {
  name=$1; shift
  timeout 100 "$@" >"$work/out" 2>"$work/err"
  status=$?
  cat "$work/out"
  [ $status -eq 0 ] || { echo "fail $name: ended with $status"; tail -n 3 "$work/err" >&2; }
}
smaller "$here"/accept/A*.gdl "$here"/refuse/R*_twin.gdl "$here"/laws/words_*.gdl "$here"/programs/small.gdl
for f in "$work"/*.gdl; do
  name=$(basename "$f")
  "$build/gdlc" "$f" --emit=types 2>/dev/null >"$f.types"
  limit "$name" "$build/laws/entries" "$build/lib" 1 native "$f"
  limit "$name, pulls" "$build/laws/pulls" "$build/lib" 2 "$f"
  case $name in
  words_*|small.gdl)
    limit "$name, 3 samples" "$build/laws/entries" "$build/lib" 3 native "$f"
    limit "$name, slopes" "$build/laws/slopes" "$build/lib" 3 "$f" ;;
  A14*|A18*) limit "$name, slopes" "$build/laws/slopes" "$build/lib" 2 "$f" ;;
  esac
done
for march in x86-64 x86-64-v3; do
  for name in small words_window words_product words_tiles; do limit "$name on $march" "$build/laws/entries" "$build/lib" 2 $march "$work/$name.gdl" | sed "s/: /, $march: /"; done
done
# every word that expands is used by one of these programs
for word in $(sed -n 's/^WORD(\([a-z_]*\),.*, \([a-z_]*\)) *\(\/\*.*\)*$/\1 \2/p' "$here/../lang/words.def" | awk '$2 != "none" && $2 != "input" && $2 != "map" { print $1 }') $(sed -n 's/^FN(\([a-z_]*\),.*/\1/p' "$here/../lang/functions.def"); do
  if cat "$work"/*.types 2>/dev/null | grep -q "^%[0-9]* $word "; then echo "pass the word $word is used"; else echo "fail the word $word is used by no program of the laws"; fi
done
