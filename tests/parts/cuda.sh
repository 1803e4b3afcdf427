# cuda.sh BUILD SANITIZED: the CUDA text of whole entries runs on the CPU and gives the bits of the evaluator (tests/laws/cuda.c):
# sets, pairs, windows, a torus, attention, products, a scan; every entry of the kernels to embed, of every other example
# its outputs, at full size, and a step of training of the smallest. Where NVRTC is installed it takes every entry of every
# example, and what it makes has the kernels that the comment before the text says how to launch.
build=$1 here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
export GDLC_SHIM="$here/shim"
# limit NAME SECONDS PROGRAM ...: what ends oddly is a failure, with its last words
limit() {
  name=$1 seconds=$2; shift 2
  timeout "$seconds" "$@" >"$work/$name.out" 2>"$work/$name.err"
  status=$?
  cat "$work/$name.out"
  [ $status -eq 0 ] || { echo "fail cuda $name: ended with $status"; tail -n 3 "$work/$name.err" >&2; }
}
laws() { for f in "$@"; do limit "$(basename "$f")" 200 "$build/laws/cuda" "$build/lib" 2 "$f"; done; }
# entry NAME FILE...: for one sample
entry() { one=$1; shift; for f in "$@"; do limit "$(basename "$f"), $one" 200 "$build/laws/cuda" "$build/lib" 1 --entry=$one "$f"; done; }

# Names of kernels: those of `kernel` lines, entries of PTX, functions of code
launched() { sed -n 's/^kernel \([^ ]*\) .*/\1/p' "$1" | sort; }
made_ptx() { grep -o '\.entry [A-Za-z_0-9]*' "$1" | cut -d ' ' -f 2 | sort; }
made_cubin() { readelf -Ws "$1" 2>/dev/null | awk '$4 == "FUNC" && $5 == "GLOBAL" { print $NF }' | sort; }

# code NAME KIND ENTRY FILE BEGINS: made, begins so, and has every kernel of the text
code() {
  rm -f "$work/code" "$work/text"
  if ! "$build/gdlc" "$4" ${3:+--entry=$3} --emit=$2="$work/code",cuda="$work/text" 2>"$work/code.err"; then
    echo "fail cuda: $1: $(head -n 3 "$work/code.err" | tr '\n' ' ')"
    return
  fi
  if grep -aq "$5" "$work/code"; then echo "pass cuda: $1"; else echo "fail cuda: $1 has no $5"; fi
  launched "$work/text" >"$work/launched"
  made_$2 "$work/code" >"$work/made"
  if [ -s "$work/launched" ] && cmp -s "$work/launched" "$work/made"; then echo "pass cuda: $1: its kernels are those to launch"
  else echo "fail cuda: $1: kernels to launch and kernels made differ: $(diff "$work/launched" "$work/made" | head -n 3 | tr '\n' ' ')"; fi
}
nvrtc() {
  if ! "$build/gdlc" "$here/programs/small.gdl" --entry=infer --emit=ptx="$work/code" 2>"$work/code.err" && grep -q libnvrtc "$work/code.err"; then
    echo "skipped cuda: PTX and code for GPUs: $(cat "$work/code.err")"
    return
  fi
  for f in "$here"/../examples/*/*.gdl; do
    code "PTX of every entry of $(basename "$f")" ptx "" "$f" "^.target sm_90"
    code "code of infer of $(basename "$f")" cubin infer "$f" "^.ELF"
  done
  code "code of step of fashion.gdl" cubin step "$here/../examples/fashion/fashion.gdl" "^.ELF"
}

nvrtc >"$work/nvrtc.lines" &
laws "$here/programs/small.gdl" "$here"/accept/A01-*.gdl "$here"/accept/A02-*.gdl "$here"/accept/A07-*.gdl "$here"/accept/A11-*.gdl "$here"/accept/A15-*.gdl \
  "$here"/laws/words_doors.gdl "$here"/laws/words_pairs.gdl "$here"/laws/words_product.gdl "$here"/laws/words_scan.gdl "$here"/../examples/embed/*.gdl
entry infer "$here"/../examples/fashion/*.gdl "$here"/../examples/shapes/*.gdl
entry step "$here"/../examples/shapes/*.gdl
wait
cat "$work/nvrtc.lines"
