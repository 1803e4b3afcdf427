#!/bin/sh
# peers.sh FOLDER: an environment outside the checkout with what the benchmarks compare against.
# PyTorch (CPU) from PyPI; jemalloc from Debian, because stock malloc makes PyTorch up to 1.6 times slower.
set -eu
[ $# -eq 1 ] || { echo "usage: tests/bench/peers.sh FOLDER" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
dpkg -s libjemalloc2 >/dev/null 2>&1 || sh "$here/../../tools/install" libjemalloc2 python3-venv
python3 -m venv "$1"
"$1/bin/pip" install -q torch numpy
echo "peers are in $1: make bench PEERS=$1"
