#!/bin/sh
# demo.sh BUILD: proves, compiles, trains and reports the main example on Fashion-MNIST.
# Ends with a line `fashion: upright NN.NN% turned NN.NN% mirrored NN.NN%`.
set -eu
build=$1 here=$(cd "$(dirname "$0")" && pwd)
data=${FASHION_DATA:-/usr/share/datasets/fashion-mnist}
[ -r "$data/train-images-idx3-ubyte.gz" ] || data=$(dpkg -L dataset-fashion-mnist | sed -n 's|/train-images-idx3-ubyte.gz$||p')
out=$build/demo
mkdir -p "$out"
rm -rf "$out/run"
echo "== gdlc check fashion.gdl: what is proved"
"$build/gdlc" check "$here/fashion.gdl"
echo "== gdlc fashion.gdl -o fashion"
"$build/gdlc" "$here/fashion.gdl" -o "$out/fashion" --time
echo "== fashion train"
"$out/fashion" train --data "$data" --out "$out/run"
echo "== fashion eval: test images upright, turned by 90 degrees, mirrored"
accuracy() {
  "$out/fashion" eval --weights "$out/run/best.safetensors" --data "$data" --part test "$@" | tee /dev/stderr |
    awk '$1 ~ /^accuracy/ { printf "%.2f", 100 * $NF }'
}
upright=$(accuracy) turned=$(accuracy --move r) mirrored=$(accuracy --move m)
echo "report: $out/run/report.html"
echo "fashion: upright $upright% turned $turned% mirrored $mirrored%"
