# bench.sh BUILD SANITIZED: `make bench` without peers leaves what it promises; no time is judged.
build=$1 here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
mkdir "$work/build" && ln -s "$build/gdlc" "$work/build/gdlc"
bench() { env ROUNDS=1 SECONDS=0 THREADS=1 "$@" /usr/bin/python3 -B "$here/bench/bench.py" "$work/build" >"$work/out" 2>"$work/err"; }
is() { name=$1; shift; if "$@"; then echo "pass bench: $name"; else echo "fail bench: $name"; head -n 5 "$work/out" "$work/err" >&2; fi; }
is "a step and a product" bench ONLY=fashion,gemm_64x
is "a line for each in the CSV" /usr/bin/python3 - "$work/build/bench/bench.csv" <<'P'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
assert list(rows[0]) == "workload,ours_ms,peer,peer_ms,ratio,gflops,share".split(",")
assert [r["workload"] for r in rows] == ["fashion_step", "gemm_64x64x64"]
flop = {"fashion_step": 11.87e9, "gemm_64x64x64": 2 * 64**3}          # 3 * 4.01 - 0.16 GFLOP, see docs/bench.md
for r in rows:
    assert abs(float(r["gflops"]) * float(r["ours_ms"]) * 1e6 / flop[r["workload"]] - 1) < 0.01, r
    assert float(r["share"]) > 0 and not r["peer"] and not r["ratio"]
P
is "a picture that is XML" /usr/bin/python3 -c 'import sys, xml.dom.minidom as m; assert len(m.parse(sys.argv[1]).getElementsByTagName("circle")) == 2' "$work/build/bench/bench.svg"
is "the tables are kept" cmp -s "$work/out" "$work/build/bench/bench.txt"
is "other vectors, and f64" bench ONLY=widths
is "... of three kernels, in numbers" test "$(grep -c '^\(256\|conv 128\|the same\).* [1-9][0-9]* GFLOP/s .* [1-9][0-9]* GFLOP/s' "$work/out")" -eq 3
bench ONLY=fly
is "no such workload" grep -q "no workload begins with fly" "$work/err"
bench ONLY=gemm_64x THREADS=2 CPU=1
is "processor time of two threads is refused" grep -q "CPU=1 is for THREADS=1" "$work/err"
