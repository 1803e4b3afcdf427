# spec.sh BUILD SANITIZED: every label such as [grid.6] that code, tests and docs cite stands in lang/spec.md, once, in order.
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$root" || exit 1
label='\[[a-z][a-z]*\.[0-9][0-9]*\]'
sed -n "s/^\(- \|[0-9]*\. \)\($label\).*/\2/p" lang/spec.md >"$work/defined"
# docs/adding-a-word.md adds clauses of its own, in a change that it shows
{ cat "$work/defined"; sed -n "s/^+- \($label\).*/\1/p" docs/adding-a-word.md; } | sort -u >"$work/known"
if awk -F'[].[]' '{ if ($3 != ++n[$2]) { print; bad = 1 } } END { exit bad || !NR }' "$work/defined" >"$work/out"; then
  echo "pass spec: labels are numbered 1, 2, 3 ..."
else echo "fail spec: labels out of order or twice: $(head -n 3 "$work/out" | tr '\n' ' ')"; fi
for where in compiler runtime lang stdlib examples tests docs README.md; do
  [ -e "$where" ] || continue
  grep -rhoI "$label" "$where" | sort -u >"$work/cited"
  comm -23 "$work/cited" "$work/known" >"$work/out"
  if [ -s "$work/out" ]; then echo "fail spec: $where cites what lang/spec.md does not have: $(tr '\n' ' ' <"$work/out")"
  else echo "pass spec: $where cites $(wc -l <"$work/cited") labels that exist"; fi
done
# Files that were merged into it are named nowhere
if grep -rnI 'spec-[a-z][a-z]*\.md' compiler runtime lang stdlib tests docs >"$work/out"; then echo "fail spec: a file that is gone: $(head -n 3 "$work/out")"
else echo "pass spec: one reference"; fi
