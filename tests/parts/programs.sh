# programs.sh BUILD SANITIZED: a compiled program from train to audit, as a user runs it.
build=$1 here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
data=$work/data
same() { if cmp -s "$2" "$3"; then echo "pass program: $1"; else echo "fail program: $1: $2 and $3 differ"; fi; }
differ() { if cmp -s "$2" "$3"; then echo "fail program: $1: the same bytes"; else echo "pass program: $1"; fi; }
says() { if grep -q -e "$2" "$3"; then echo "pass program: $1"; else echo "fail program: $1: no '$2'"; tail -n 5 "$3" >&2; fi; }
exits() { name=$1 want=$2; shift 2; "$@" >"$work/out" 2>&1; got=$?; if [ $got -eq "$want" ]; then echo "pass program: $name"; else echo "fail program: $name: exit code $got, not $want"; tail -n 5 "$work/out" >&2; fi; }
# tensors FILE: the numbers of a checkpoint, without its header, which knows the time of writing
tensors() { /usr/bin/python3 -c 'import sys; b = open(sys.argv[1], "rb").read(); n = int.from_bytes(b[:8], "little"); sys.stdout.buffer.write(b[8 + n:])' "$1"; }
same_weights() { tensors "$2" >"$work/t1"; tensors "$3" >"$work/t2"; same "$1" "$work/t1" "$work/t2"; }
scores() { grep -e '^loss' -e '^accuracy' "$1" >"$2"; }

/usr/bin/python3 "$here/programs/make_data.py" "$data" 600 12 3 || exit 1
small=$here/programs/small.gdl
exits "compiles" 0 "$build/gdlc" "$small" -o "$work/small"
p=$work/small best=$work/whole/best.safetensors

# --- train
exits "trains" 0 "$p" train --data "$data" --out "$work/whole" --threads 2
for f in last.safetensors best.safetensors metrics.csv metrics.jsonl config.json curves.svg report.html; do
  [ -s "$work/whole/$f" ] && echo "pass program: run folder has $f" || echo "fail program: run folder has no $f"
done
for n in 1 7; do
  "$p" train --data "$data" --out "$work/threads$n" --threads $n >/dev/null 2>&1
  same_weights "threads 2 = $n, bitwise" "$work/whole/last.safetensors" "$work/threads$n/last.safetensors"
done
exits "--steps ends in mid epoch" 0 "$p" train --data "$data" --out "$work/parts" --steps 17
exits "resumes" 0 "$p" train --data "$data" --out "$work/parts" --resume
same_weights "stopped in mid epoch and resumed = whole, bitwise" "$work/whole/last.safetensors" "$work/parts/last.safetensors"
same_weights "... and its best weights" "$best" "$work/parts/best.safetensors"
"$p" train --data "$data" --out "$work/whole" >"$work/out" 2>&1 && echo "fail program: a run folder in use is overwritten" || echo "pass program: a run folder in use is not overwritten"
"$p" train --data "$data" --out "$work/seed" --seed 5 --epochs 1 >/dev/null 2>&1; "$p" train --data "$data" --out "$work/seed0" --epochs 1 >/dev/null 2>&1
differ "another seed, other weights" "$work/seed/last.safetensors" "$work/seed0/last.safetensors"
exits "--set" 0 "$p" train --data "$data" --out "$work/set" --epochs 1 --set optimizer.rate=0 --set average=0
differ "--set optimizer.rate=0 trains otherwise" "$work/set/last.safetensors" "$work/seed0/last.safetensors"
exits "unknown setting" 2 "$p" train --data "$data" --out "$work/x" --set optimizer.speed=1
exits "a setting out of range" 2 "$p" train --data "$data" --out "$work/x" --set batch=0
exits "missing data" 5 "$p" train --data "$work/nowhere" --out "$work/x"
(cd "$work" && "$p" train --data "$data" --out "$work/stopped" --epochs 4000 >"$work/log" 2>&1 & child=$!; sleep 2; kill -INT $child; wait $child; echo $? >"$work/status")
[ "$(cat "$work/status")" = 130 ] && echo "pass program: SIGINT ends with 130" || echo "fail program: SIGINT ended with $(cat "$work/status")"
says "SIGINT prints the resume command" "--resume" "$work/log"

# --- eval: turned and mirrored by --move, and by data that Python turned
"$p" eval --weights "$best" --data "$data" --part test >"$work/upright" 2>/dev/null
scores "$work/upright" "$work/a"
is_learned=$(awk '/^accuracy/ { print ($NF > 0.6) }' "$work/upright")
[ "$is_learned" = 1 ] && echo "pass program: it has learned" || echo "fail program: it has not learned: $(tail -n 1 "$work/upright")"
for g in r m "r^2 m"; do
  "$p" eval --weights "$best" --data "$data" --part test --move "$g" >"$work/b" 2>/dev/null
  grep '^accuracy' "$work/a" >"$work/a1"; grep '^accuracy' "$work/b" >"$work/b1"
  same "accuracy after $g = upright, to the last digit" "$work/a1" "$work/b1"
done
for way in turned mirrored; do
  "$p" eval --weights "$best" --data "$data/$way" --part test >"$work/b" 2>/dev/null
  grep '^accuracy' "$work/b" >"$work/b1"
  same "accuracy on $way images = upright, to the last digit" "$work/a1" "$work/b1"
done
for part in valid data; do exits "eval of $part" 0 "$p" eval --weights "$best" --data "$data" --part $part; says "eval of $part ends with metrics" '^accuracy' "$work/out"; done
exits "eval of no part" 2 "$p" eval --weights "$best" --data "$data" --part elbow

# --- check
exits "the audit passes" 0 "$p" check --weights "$best" --data "$data"
says "the audit names layers" conv "$work/out"

# --- predict
exits "predicts NPY" 0 "$p" predict --weights "$best" "$data/t10k-images.npy" -o "$work/logits.npy"
exits "predicts into CSV" 0 "$p" predict --weights "$best" "$data/t10k-images.npy" -o "$work/logits.csv"
exits "predicts a PNG" 0 "$p" predict --weights "$best" "$data/one.png" -o "$work/one.npy"
exits "predicts turned images" 0 "$p" predict --weights "$best" "$data/turned/t10k-images.npy" -o "$work/turned.npy"
PYTHONPATH=$here/programs /usr/bin/python3 - "$work" "$data" <<'P'
import sys
from make_data import images, read_npy
work = sys.argv[1]
shape, x = read_npy(work + "/logits.npy")
_, labels = images(shape[0], 12, 3, 2)
rows = [x[3 * i:3 * i + 3] for i in range(shape[0])]
def say(ok, what): print("pass" if ok else "fail", "program:", what)
want = [float(l.split()[-1]) for l in open(work + "/upright") if l.startswith("accuracy")][-1]
say(abs(sum(r.index(max(r)) == k for r, k in zip(rows, labels)) / len(rows) - want) < 1e-4, "predictions = accuracy of eval")
scale = max(map(abs, x))
text = [[float(v) for v in line.split(",")] for line in open(work + "/logits.csv") if line[0] in "-.0123456789"]
say(len(text) == len(rows) and all(abs(a - b) < 1e-5 * scale for r, t in zip(rows, text) for a, b in zip(r, t[-3:])), "CSV = NPY")
one = read_npy(work + "/one.npy")[1]
say(all(abs(a - b) <= 5e-6 * scale for a, b in zip(one, rows[0])), "a PNG gives what its pixels give")
turned = read_npy(work + "/turned.npy")[1]
say(all(abs(a - b) <= 5e-6 * scale for a, b in zip(turned, x)), "logits of turned images differ by rounding only")
P

# --- what is not as it should be
head -c 1000 "$work/whole/last.safetensors" >"$work/cut.safetensors"
"$p" eval --weights "$work/cut.safetensors" --data "$data" >"$work/out" 2>&1 && echo "fail program: truncated weights are read" || echo "pass program: truncated weights are refused"
exits "weights that are not there" 5 "$p" eval --weights "$work/none" --data "$data"
sed 's/3 regular/4 regular/' "$small" >"$work/other.gdl"
"$build/gdlc" "$work/other.gdl" -o "$work/other"
"$work/other" eval --weights "$best" --data "$data" >"$work/out" 2>&1 && echo "fail program: weights of another program are read" || echo "pass program: weights of another program are refused"
says "... and the message says so" "shape\|another\|tensor" "$work/out"
sed 's/grid(12, 12)/grid(14, 14)/; s/max_pool(3, stride: 3)/max_pool(3, stride: 2)/' "$small" >"$work/large.gdl"
"$build/gdlc" "$work/large.gdl" -o "$work/large"
exits "images of another size" 1 "$work/large" train --data "$data" --out "$work/x"
says "... and the message says which" "14" "$work/out"
exits "a picture of another size" 1 "$work/large" predict --weights "$best" "$data/one.png" -o "$work/x.npy"

# --- summary, info, bench, help
exits "summary" 0 "$p" summary
says "summary names layers" conv "$work/out"
exits "info" 0 "$p" info
says "info has the certificate" proved "$work/out"
exits "bench" 0 "$p" bench
exits "bench of one entry, for programs" 0 "$p" bench --entry step --seconds 0.01 --csv
says "... has a heading" "^entry,dtype,b,threads,best_ms,median_ms,runs,flop,workspace_bytes,resident_kb$" "$work/out"
says "... and its line" "^small_step,f32,[0-9]*,[0-9]*,[0-9.]*,[0-9.]*,[0-9]*,[1-9][0-9]*,[1-9][0-9]*,[1-9][0-9]*$" "$work/out"
exits "bench of no entry" 2 "$p" bench --entry fly
exits "bench for ever" 2 "$p" bench --seconds inf
exits "--help" 0 "$p" --help
exits "no command" 2 "$p"

# --- what is large cancels: f32 has few digits left, whichever code adds
printf 'group G = D(4)\ndomain X = grid(9, 9)\nmodel net(x: 2 scalar on X) -> (m: 5 vector on X) { m = x |> conv(5 regular, kernel: 3, pad: 1) |> linear(5 vector) }\n' >"$work/cancels.gdl"
exits "compiles what cancels" 0 "$build/gdlc" "$work/cancels.gdl" -o "$work/cancels"
mkdir "$work/nothing" && cd "$work/nothing" && exits "the audit of what cancels passes" 0 "$work/cancels" check
cd "$here/.." || exit 1

# --- a planted bias on a representation that moves: waived by `assume`, found by `check`
cat >"$work/planted.gdl" <<'G'
group  G = D(4)
domain X = grid(12, 12)
model planted(image: scalar on X) -> (logits: 3 scalar) {
  let h = image |> conv(2 regular, kernel: 5, pad: 2) |> relu
  assume let b: 2 regular = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  let k = h + b
  logits = k |> relu |> mean |> linear(2 vector + 3 scalar) |> norm |> linear(3)
}
G
sed -n '/^train/,$p' "$small" | sed 's/train small/train planted/' >>"$work/planted.gdl"
exits "a planted bias is compiled under assume" 0 "$build/gdlc" "$work/planted.gdl" -o "$work/planted"
"$work/planted" train --data "$data" --out "$work/p" --epochs 1 >/dev/null 2>&1
exits "check finds the planted bias" 3 "$work/planted" check --weights "$work/p/best.safetensors" --data "$data"
says "... and names its line" "planted.gdl:[56]" "$work/out"

# --- augment, and stopping early
sed 's/D(4)/C(1)/; s/regular/scalar/g; s/|> group_pool//; s/  average *= .*/  augment = D(4)\n  stop = patience(accuracy(logits, class), 1)/' "$small" >"$work/augment.gdl"
exits "augment and stop are compiled" 0 "$build/gdlc" "$work/augment.gdl" -o "$work/augment"
exits "augment and stop: it trains" 0 "$work/augment" train --data "$data" --out "$work/aug1" --epochs 60 --threads 1
says "it stops early and says so" "stopped early" "$work/out"
"$work/augment" train --data "$data" --out "$work/aug2" --epochs 60 --threads 2 >/dev/null 2>&1
same_weights "augmentation depends on no thread" "$work/aug1/last.safetensors" "$work/aug2/last.safetensors"
