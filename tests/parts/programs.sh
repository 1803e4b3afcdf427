# programs.sh BUILD SANITIZED: a compiled program from train to audit, as a user runs it.
build=$1 here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
data=$work/data
same() { if cmp -s "$2" "$3"; then echo "pass $1"; else echo "fail $1: $2 and $3 differ"; fi; }
says() { if grep -q "$2" "$3"; then echo "pass $1"; else echo "fail $1: no '$2'"; tail -n 5 "$3" >&2; fi; }
exits() { name=$1 want=$2; shift 2; "$@" >"$work/out" 2>&1; got=$?; if [ $got -eq "$want" ]; then echo "pass $name"; else echo "fail $name: exit code $got, not $want"; tail -n 5 "$work/out" >&2; fi; }

python3 "$here/programs/make_data.py" "$data" 200 12 3 || exit 1
exits "program: compiles" 0 "$build/gdlc" "$here/programs/small.gdl" -o "$work/small"
p=$work/small
exits "program: trains" 0 "$p" train --data "$data" --out "$work/whole" --threads 2
for f in last.safetensors best.safetensors metrics.csv metrics.jsonl config.json curves.svg report.html; do
  [ -s "$work/whole/$f" ] && echo "pass program: run folder has $f" || echo "fail program: run folder has no $f"
done
for n in 1 7; do
  "$p" train --data "$data" --out "$work/threads$n" --threads $n >/dev/null 2>&1
  same "program: threads 2 = $n, bitwise" "$work/whole/last.safetensors" "$work/threads$n/last.safetensors"
done
"$p" train --data "$data" --out "$work/parts" --steps 17 >/dev/null 2>&1
exits "program: resumes" 0 "$p" train --data "$data" --out "$work/parts" --resume
same "program: stopped in mid epoch and resumed = whole, bitwise" "$work/whole/last.safetensors" "$work/parts/last.safetensors"
exits "program: a run folder in use is not overwritten" 2 "$p" train --data "$data" --out "$work/whole"
"$p" eval --weights "$work/whole/best.safetensors" --data "$data" --part test >"$work/upright" 2>/dev/null
tail -n 2 "$work/upright" >"$work/a"
for g in r m; do
  "$p" eval --weights "$work/whole/best.safetensors" --data "$data" --part test --move $g 2>/dev/null | tail -n 1 >"$work/b"
  tail -n 1 "$work/upright" >"$work/a"
  same "program: accuracy after $g = upright, to the last digit" "$work/a" "$work/b"
done
awk '/^accuracy/ { exit !($NF > 0.6) }' "$work/upright" && echo "pass program: it has learned" || echo "fail program: it has not learned: $(tail -n 1 "$work/upright")"
exits "program: the audit passes" 0 "$p" check --weights "$work/whole/best.safetensors" --data "$data"
exits "program: summary" 0 "$p" summary
says "program: summary names layers" conv "$work/out"
exits "program: info" 0 "$p" info
says "program: info has the certificate" proved "$work/out"
exits "program: bench" 0 "$p" bench
exits "program: predicts NPY" 0 "$p" predict --weights "$work/whole/best.safetensors" "$data/t10k-images.npy" -o "$work/logits.npy"
python3 - "$work/logits.npy" "$data/t10k-labels.npy" "$work/upright" <<'P' && echo "pass program: predictions = accuracy of eval" || echo "fail program: predictions and eval disagree"
import sys, numpy as np
x, y = np.load(sys.argv[1]), np.load(sys.argv[2])
want = float([l for l in open(sys.argv[3]) if l.startswith("accuracy")][-1].split()[-1])
sys.exit(abs((x.reshape(len(y), -1).argmax(1) == y).mean() - want) > 1e-6)
P
exits "program: unknown setting" 2 "$p" train --data "$data" --out "$work/x" --set optimizer.speed=1
exits "program: missing data" 5 "$p" train --data "$work/nowhere" --out "$work/x"
head -c 1000 "$work/whole/last.safetensors" >"$work/cut.safetensors"
exits "program: truncated weights" 5 "$p" eval --weights "$work/cut.safetensors" --data "$data"
exits "program: --help" 0 "$p" --help
exits "program: no command" 2 "$p"
(cd "$work" && "$p" train --data "$data" --out "$work/stopped" --epochs 400 >"$work/log" 2>&1 & child=$!; sleep 2; kill -INT $child; wait $child; echo $? >"$work/status")
[ "$(cat "$work/status")" = 130 ] && echo "pass program: SIGINT ends with 130" || echo "fail program: SIGINT ended with $(cat "$work/status")"
says "program: SIGINT prints the resume command" "\-\-resume" "$work/log"
