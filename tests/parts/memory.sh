# memory.sh BUILD SANITIZED: a training step's workspace is at most 1.1 times of what lives in it at once; no less than it, and
# as large as the program says. Counted from the plan of every example and workload, at the batch that it trains with.
build=$1 here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
for file in "$here"/../examples/*/*.gdl "$here"/bench/*.gdl; do
  name=$(basename "$file" .gdl)
  grep -q '^train' "$file" || continue
  batch=$(sed -n 's/^ *batch *= *\([0-9]*\).*/\1/p' "$file")
  "$build/gdlc" "$file" --dump-after=plan --entry=step >"$work/plan" || { echo "fail memory: $name has no plan"; continue; }
  /usr/bin/python3 -B "$here/memory.py" "${batch:-64}" <"$work/plan" >"$work/ratio"
  awk -v n="$name" -v b="${batch:-64}" '
    $4 >= 1 && $4 <= 1.1 { print "pass memory: " n ": " $2 " bytes for the " $3 " that live in " $5 ", " $4; next }
    { print "fail memory: " n ": " $2 " bytes at batch " b " for the " $3 " that live in " $5 ", " $4 }
    END { if (NR != 1) print "fail memory: " n ": " NR " entries, not one" }' "$work/ratio"
  if [ "$name" = w2 ]; then
    "$build/gdlc" "$file" -o "$work/program" && "$work/program" bench --entry step --seconds 0 --set batch=3 --csv >"$work/csv"
    said=$(awk -F, '$1 == "w2_step" { print $9 }' "$work/csv") planned=$(/usr/bin/python3 -B "$here/memory.py" 3 <"$work/plan" | cut -d' ' -f2)
    # an allocation is a multiple of 64, and one more
    if [ -n "$planned" ] && [ "$said" -ge "$planned" ] && [ "$said" -le $((planned + 64)) ]; then echo "pass memory: $name: the program asks for what the plan says"
    else echo "fail memory: $name: the program asks for '$said' bytes, the plan for '$planned'"; fi
  fi
done
