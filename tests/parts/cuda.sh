# cuda.sh BUILD SANITIZED: the CUDA text of whole entries runs on the CPU and gives the bits of the evaluator (tests/laws/cuda.c):
# sets, pairs, windows, a torus, attention, products, a scan. Where NVRTC is installed it takes every entry of every example.
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
laws() { for f in "$@"; do limit "$(basename "$f")" 60 "$build/laws/cuda" "$build/lib" 2 "$f"; done; }

# code NAME KIND ENTRY FILE BEGINS: made, and begins so
code() {
  if ! "$build/gdlc" "$4" ${3:+--entry=$3} --emit=$2="$work/code" 2>"$work/code.err"; then echo "fail cuda: $1: $(head -n 3 "$work/code.err" | tr '\n' ' ')"
  elif grep -aq "$5" "$work/code"; then echo "pass cuda: $1"
  else echo "fail cuda: $1 has no $5"; fi
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
  "$here"/laws/words_doors.gdl "$here"/laws/words_pairs.gdl "$here"/laws/words_product.gdl "$here"/laws/words_scan.gdl
wait
cat "$work/nvrtc.lines"
