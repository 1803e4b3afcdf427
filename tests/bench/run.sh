#!/bin/sh
# run.sh BUILD [PEERS]: how fast, beside the machine's limit and, with an environment made by peers.sh, beside PyTorch.
# Measures the machine first; then each workload, ours and the peer's in turns, and prints the medians and their ratio.
# Writes BUILD/bench/bench.csv (workload,ours_ms,peer,peer_ms,ratio,gflops,share).
set -eu
build=$1 peers=${2:-} here=$(cd "$(dirname "$0")" && pwd)
out=$build/bench threads=${THREADS:-2} rounds=${ROUNDS:-3}
mkdir -p "$out"
gcc -O3 -march=native -ffp-contract=fast -o "$out/machine" "$here/machine.c" -lpthread
"$out/machine" "$threads" >"$out/machine.txt"
peak=$(awk '/^flops/ { print $2 }' "$out/machine.txt")
echo "machine, $threads threads: $peak GFLOP/s of fused multiply-adds, $(awk '/^bandwidth/ { print $2 }' "$out/machine.txt") GB/s"
start=$(date +%s%N)
"$build/gdlc" "$here/../../examples/fashion/fashion.gdl" -o "$out/fashion"
echo "gdlc fashion.gdl -o fashion: $((($(date +%s%N) - start) / 1000000)) ms"
: >"$out/ours.txt"; : >"$out/peer.txt"
[ -z "$peers" ] || preload=$(ldconfig -p | awk '/libjemalloc.so.2/ { print $NF; exit }')
for i in $(seq "$rounds"); do
  "$out/fashion" bench --threads "$threads" | awk '$1 == "fashion_step" { for (i = 1; i < NF; i++) if ($(i + 1) == "ms") print $i }' >>"$out/ours.txt"
  [ -z "$peers" ] || LD_PRELOAD=${preload:-} "$peers/bin/python" "$here/fashion_torch.py" 64 20 2>/dev/null >>"$out/peer.txt"
done
median() { sort -n | awk '{ x[NR] = $1 } END { print x[int((NR + 1) / 2)] }'; }
ours=$(median <"$out/ours.txt")
gflop=11.88
echo "workload,ours_ms,peer,peer_ms,ratio,gflops,share" >"$out/bench.csv"
line() {
  awk -v o="$ours" -v n="$1" -v p="$2" -v g="$gflop" -v k="$peak" 'BEGIN {
    rate = g / o * 1000; ratio = p == "" ? "" : sprintf("%.2f", p / o)
    printf "fashion step, batch 64: %.1f ms, %.0f GFLOP/s, %.0f%% of the machine", o, rate, 100 * rate / k
    if (p != "") printf "; %s %.1f ms, ratio %s", n, p, ratio
    printf "\n"
    printf "fashion_step,%.2f,%s,%s,%s,%.1f,%.3f\n", o, n, p, ratio, rate, rate / k >> "'"$out"'/bench.csv" }'
}
if [ -n "$peers" ]; then
  for mode in eager_channels_last compiled_channels_last; do
    line "PyTorch $mode" "$(awk -v m=$mode '$1 == m { print $2 }' "$out/peer.txt" | median)"
  done
else
  line "" ""
fi
