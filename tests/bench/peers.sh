#!/bin/sh
# peers.sh FOLDER: an environment outside the checkout with what the benchmarks compare against: PyTorch and escnn from PyPI;
# jemalloc from Debian, because stock malloc makes PyTorch up to 1.6 times slower; g++ for torch.compile. escnn wants an older
# numpy than the newest, so pip chooses versions for both at once.
set -eu
[ $# -eq 1 ] || { echo "usage: tests/bench/peers.sh FOLDER" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
dpkg -s libjemalloc2 python3-venv python3-dev g++ >/dev/null 2>&1 || sh "$here/../../tools/install" libjemalloc2 python3-venv python3-dev g++
python3 -m venv "$1"
"$1/bin/pip" install -q torch escnn
"$1/bin/python" -c 'import torch, escnn; print("torch", torch.__version__, "escnn", escnn.__version__)'
echo "peers are in $1: make bench PEERS=$1"
