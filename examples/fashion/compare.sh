#!/bin/sh
# compare.sh BUILD: model or learn. Trains the network with D(4), the same without a group, and that one on images moved
# at random, and prints a table: accuracy on test images upright, turned and mirrored, parameters, seconds to train.
set -eu
build=$1 here=$(cd "$(dirname "$0")" && pwd)
data=${FASHION_DATA:-/usr/share/datasets/fashion-mnist}
out=$build/compare
mkdir -p "$out"
accuracy() {
  program=$1; shift
  "$out/$program" eval --weights "$out/$program-run/best.safetensors" --data "$data" --part test "$@" |
    awk '$1 ~ /^accuracy/ { printf "%.2f", 100 * $NF }'
}
for program in fashion plain augment; do
  "$build/gdlc" "$here/$program.gdl" -o "$out/$program"
  rm -rf "$out/$program-run"
  start=$(date +%s)
  "$out/$program" train --data "$data" --out "$out/$program-run"
  echo $(($(date +%s) - start)) >"$out/$program-seconds"
done
echo "| network | upright | turned | mirrored | parameters | seconds |"
echo "|---|---|---|---|---|---|"
for program in fashion plain augment; do
  parameters=$("$out/$program" info | awk '/trained numbers/ { print $1; exit }')
  echo "| $program.gdl | $(accuracy $program)% | $(accuracy $program --move r)% | $(accuracy $program --move m)% | $parameters | $(cat "$out/$program-seconds") |"
done
