# explain.sh BUILD SANITIZED [write]: every program of docs/errors.md. The wrong one is refused with the code of its
# section and no other error (W: accepted, with that one warning), and in the words shown; the right one is accepted
# without a word. With `write` the messages of docs/errors.md are written anew: read the difference like code.
build=$1 san=$2 write=${3-} root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
case $build in /*) ;; *) build=$PWD/$build;; esac
case $san in /*) ;; *) san=$PWD/$san;; esac

# CODE/wrong.gdl, CODE/right.gdl, CODE/said, and files that a block names
awk -v work="$work" '
  /^## /        { code = $2; sub(/:$/, "", code); dir = work "/" code; n = 0; system("mkdir -p " dir) }
  /^```/ && out { close(out); out = ""; next }
  /^```gdl/     { out = dir "/" (NF > 1 ? $2 : ++n == 1 ? "wrong.gdl" : "right.gdl"); printf "" >out; next }
  /^```text/    { out = dir "/said"; printf "" >out; next }
  out           { print >out }' "$root/docs/errors.md"
said() { (cd "$work/$1" && "$build/gdlc" check wrong.gdl 2>&1 >/dev/null); }

if [ "$write" = write ]; then
  for dir in "$work"/*/; do code=$(basename "$dir"); [ ! -f "$dir/wrong.gdl" ] || said "$code" >"$dir/said"; done
  awk -v work="$work" '
    /^## /     { code = $2; sub(/:$/, "", code) }
    /^```text/ { print; while ((getline line < (work "/" code "/said")) > 0) print line; inside = 1; next }
    /^```/     { inside = 0 }
    !inside    { print }' "$root/docs/errors.md" >"$work/new" && cat "$work/new" >"$root/docs/errors.md"
  exit
fi

codes() { sed -n 's/.*"severity":"\(error\|warning\)","code":"\([EW][0-9]*\)".*/\2/p' "$1" | tr '\n' ' '; }
check() { (cd "$work/$1" && "$san/gdlc" check --error-format=json "$2.gdl" >"$2.json" 2>"$2.err"); }

sed -n 's/^\(ERROR\|WARNING\)(\([EW][0-9]*\), "\([^"]*\)".*/## \2: \3/p' "$root/lang/errors.def" >"$work/table"
grep '^## ' "$root/docs/errors.md" >"$work/headings"
if cmp -s "$work/table" "$work/headings"; then echo "pass explain: a section for every row of errors.def"
else echo "fail explain: sections and errors.def differ: $(diff "$work/table" "$work/headings" | grep '^[<>]' | head -n 3 | tr '\n' ' ')"; fi

for code in $(sed 's/## \([EW0-9]*\):.*/\1/' "$work/headings"); do
  dir=$work/$code
  "$build/gdlc" explain "$code" >"$work/explained" 2>&1
  awk -v code="$code:" '/^## / { on = $2 == code } on' "$root/docs/errors.md" >"$work/section"
  cmp -s "$work/explained" "$work/section" && echo "pass explain: $code" || echo "fail explain: $code is not the section of docs/errors.md"
  [ -f "$dir/wrong.gdl" ] || continue
  case $code in W*) want=0;; *) want=1;; esac
  check "$code" wrong; status=$?
  found=$(codes "$dir/wrong.json")
  if [ "$found" = "$code " ] && [ $status -eq $want ]; then echo "pass explain: $code, wrong"
  else echo "fail explain: $code, wrong: exit code $status, found $found$(head -c 300 "$dir/wrong.err")"; fi
  said "$code" >"$work/now"
  if cmp -s "$work/now" "$dir/said"; then echo "pass explain: $code, in these words"
  else echo "fail explain: $code says something else (sh tests/parts/explain.sh build build write): $(diff "$dir/said" "$work/now" | grep '^>' | head -n 2 | tr '\n' ' ')"; fi
  check "$code" right; status=$?
  found=$(codes "$dir/right.json")
  if [ -z "$found" ] && [ $status -eq 0 ]; then echo "pass explain: $code, right"
  else echo "fail explain: $code, right: exit code $status, found $found$(head -c 300 "$dir/right.err")"; fi
done
