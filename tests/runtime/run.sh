#!/bin/sh
# The runtime with a module written by hand. usage: run.sh FOLDER, where FOLDER is for objects and results.
# Every test is one promise of docs/running.md and prints `pass NAME` or `fail NAME`; what went wrong goes to stderr.
set -u
here=$(cd "$(dirname "$0")" && pwd); top=$(cd "$here/../.." && pwd); work=$1
: "${CC:=gcc}" "${SAN:=-fsanitize=address,undefined -fno-sanitize-recover=undefined}"
flags="-std=c17 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -g -O1 $SAN -I$top/runtime"
mkdir -p "$work/o" || exit 1
work=$(cd "$work" && pwd)
for f in "$top"/runtime/*.c; do
  o=$work/o/$(basename "$f" .c).o
  [ "$o" -nt "$f" ] && [ -z "$(find "$top/runtime" -name '*.h' -newer "$o")" ] || $CC $flags -c -o "$o" "$f" || exit 1
done
build() { $CC $flags $2 -o "$work/$1" "$here/module_lift.c" "$work"/o/*.o -l:libjansson.a -l:libz.a -lm || exit 1; }
build lift ""; build broken -DBROKEN; build explode -DEXPLODE=40
cd "$work" || exit 1
python3 "$here/make_data.py" data || exit 1
rm -rf t && mkdir t

name=nothing; failed=0
ok()   { echo "pass runtime: ${1:-$name}"; }
bad()  { failed=$((failed + 1)); echo "fail runtime: $1"; sed 's/^/    /' t/err t/out 2>/dev/null | head -8 >&2; }
# exits CODE "promise" "text of stderr" command...
exits() {
  code=$1; name=$2; text=$3; shift 3
  "$@" >t/out 2>t/err; got=$?
  if [ $got -ne "$code" ]; then bad "$name (exit $got, not $code)"; return; fi
  if [ -n "$text" ] && ! grep -q -- "$text" t/err; then bad "$name (no \"$text\")"; else ok "$name"; fi
}
same() { if cmp -s "$2" "$3"; then ok "$1"; else bad "$1"; fi; }
tensors() { python3 -c 'import sys; b = open(sys.argv[1], "rb").read(); n = int.from_bytes(b[:8], "little"); sys.stdout.buffer.write(b[8 + n:])' "$1" >"$2"; }
same_tensors() { tensors "$2" t/a; tensors "$3" t/b; same "$1" t/a t/b; }
says() { if grep -q -- "$2" "$3"; then ok "$1"; else bad "$1"; fi; }

# --- training -----------------------------------------------------------------------------------
exits 0 "train ends well" "" ./lift train --data data --out t/whole
for f in last.safetensors best.safetensors metrics.csv metrics.jsonl config.json curves.svg report.html; do
  if [ -s t/whole/$f ]; then ok "the folder holds $f"; else bad "the folder holds $f"; fi
done
python3 - t/whole <<'P' && ok "metrics and config are well-formed" || bad "metrics and config are well-formed"
import csv, json, sys, xml.dom.minidom
f = sys.argv[1]
rows = list(csv.DictReader(open(f + "/metrics.csv")))
lines = [json.loads(x) for x in open(f + "/metrics.jsonl")]
assert len(rows) == len(lines) == 6 and [int(r["epoch"]) for r in rows] == [1, 2, 3, 4, 5, 6]
assert float(rows[-1]["valid loss"]) < float(rows[0]["valid loss"]) and float(rows[-1]["valid accuracy(logits, class)"]) > 0.9
assert abs(lines[3]["valid"]["loss"] - float(rows[3]["valid loss"])) < 1e-6
c = json.load(open(f + "/config.json"))
assert c["samples"] == {"train": 500, "valid": 100, "test": 90} and sum(map(sum, c["confusion"])) == 90
xml.dom.minidom.parse(f + "/curves.svg")
page = open(f + "/report.html").read()
assert "http://" not in page.replace("http://www.w3.org/2000/svg", "") and "https://" not in page and "<script" not in page
P
exits 1 "a folder with a training is not overwritten" "--resume" ./lift train --data data --out t/whole
exits 0 "five epochs, then --resume" "" ./lift train --data data --out t/half --epochs 3
cp -r t/half t/kept
exits 0 "resume" "" ./lift train --data data --out t/half --resume --epochs 6
same_tensors "3 epochs + resume 3 equals 6, bitwise" t/whole/last.safetensors t/half/last.safetensors
same_tensors "... and best" t/whole/best.safetensors t/half/best.safetensors
exits 0 "--steps ends in mid epoch" "" ./lift train --data data --out t/steps --steps 23
exits 0 "resume in mid epoch" "" ./lift train --data data --out t/steps --resume
same_tensors "resume in mid epoch equals not stopping, bitwise" t/whole/last.safetensors t/steps/last.safetensors
for n in 1 7; do
  exits 0 "$n threads" "" ./lift train --data data --out t/threads$n --threads $n
  same_tensors "$n threads give the bits of 2" t/whole/last.safetensors t/threads$n/last.safetensors
done
cut -d, -f1-7 t/whole/metrics.csv >t/m1; cut -d, -f1-7 t/steps/metrics.csv >t/m2
same "metrics of a resumed run are those of the whole one" t/m1 t/m2
exits 0 "another seed" "" ./lift train --data data --out t/seed --seed 5
tensors t/whole/last.safetensors t/a; tensors t/seed/last.safetensors t/b
if cmp -s t/a t/b; then bad "another seed gives other weights"; else ok "another seed gives other weights"; fi
exits 0 "settings hold on after --resume" "" ./lift train --data data --out t/set --set optimizer.rate=0.01 --epochs 2
exits 0 "settings again" "" ./lift train --data data --out t/set --resume --epochs 4
exits 0 "settings again" "" ./lift train --data data --out t/set4 --set optimizer.rate=0.01 --epochs 4
same_tensors "a setting given at first holds on" t/set/last.safetensors t/set4/last.safetensors
exits 1 "a gradient that is not finite ends training and says at which step" "step 40 (epoch 3, batch 8)" ./explode train --data data --out t/explode --set checkpoint=10
exits 0 "early stop" "" ./lift train --data data --out t/stop --epochs 60 --set stop.patience=2 --set optimizer.rate=1
says "early stop says so" "stopped early" t/out

# --- signals and locks ------------------------------------------------------------------------------
for s in INT TERM; do
  ./lift train --data data --out t/sig$s --epochs 4000 --set optimizer.rate=0.01 >t/out 2>t/err & pid=$!
  sleep 0.7
  exits 1 "the folder is locked while a training runs" "another training" ./lift train --data data --out t/sig$s --resume
  kill -$s $pid; wait $pid; got=$?
  if [ $got -eq $([ $s = INT ] && echo 130 || echo 143) ]; then ok "SIG$s gives 128 + its number"; else bad "SIG$s: exit $got"; fi
  exits 0 "resume after SIG$s" "" ./lift train --data data --out t/sig$s --resume --epochs 4000 --steps $(python3 -c "
import json; b = open('t/sig$s/last.safetensors', 'rb').read(); n = int.from_bytes(b[:8], 'little'); print(int(json.loads(b[8:8 + n])['__metadata__']['step']) + 5)")
  steps=$(python3 -c "
import json; b = open('t/sig$s/last.safetensors', 'rb').read(); n = int.from_bytes(b[:8], 'little'); print(json.loads(b[8:8 + n])['__metadata__']['step'])")
  exits 0 "the same without a signal" "" ./lift train --data data --out t/nosig$s --epochs 4000 --set optimizer.rate=0.01 --steps $steps
  same_tensors "a training that a signal ended goes on bitwise" t/sig$s/last.safetensors t/nosig$s/last.safetensors
done

# --- checkpoints ------------------------------------------------------------------------------------
damage() { python3 - "$1" "$2" "$3" <<'P'
import json, struct, sys
b = bytearray(open(sys.argv[1], "rb").read()); n = int.from_bytes(b[:8], "little")
h = json.loads(b[8:8 + n]); data = b[8 + n:]; what = sys.argv[3]
if what == "bit": data[100] ^= 1
elif what == "short": data = data[:-7]
elif what == "long": data += b"1234"
elif what == "shape": h["lift1.weight"]["shape"] = [64, 8]
elif what == "name": h["lift9.weight"] = h.pop("lift1.weight")
elif what == "dtype": h["lift1.bias"]["dtype"] = "F16"
elif what == "offset": h["lift1.bias"]["data_offsets"] = [0, 32]
elif what == "huge": h["lift1.bias"]["data_offsets"] = [1 << 62, (1 << 62) + 32]
elif what == "hash": h["__metadata__"]["hash"] = "0"
elif what == "meta": h["__metadata__"]["step"] = "7"
elif what == "foreign": h.pop("__metadata__")
e = json.dumps(h).encode()
out = struct.pack("<Q", len(e)) + e + data
if what == "head": out = struct.pack("<Q", 1 << 60) + e + data
if what == "json": out = struct.pack("<Q", len(e)) + b"[" + e[1:] + data
if what == "empty": out = b""
open(sys.argv[2], "wb").write(out)
P
}
for w in "bit:damaged" "short:damaged" "long:damaged" "shape:another shape" "name:lacks the tensor" "dtype:is F16" "offset:does not lie" "huge:does not lie" \
         "hash:another version" "meta:damaged" "foreign:not written by" "head:ends in its header" "json:damaged" "empty:no safetensors"; do
  damage t/kept/last.safetensors t/half/last.safetensors "${w%%:*}"
  exits 1 "a checkpoint with a wrong ${w%%:*} is refused" "${w#*:}" ./lift train --data data --out t/half --resume --epochs 6
done
exits 1 "best weights are no checkpoint to resume from" "resume from last" sh -c 'cp t/kept/best.safetensors t/half/last.safetensors; ./lift train --data data --out t/half --resume --epochs 6'
rm -rf t/five && mkdir t/five && cp t/kept/config.json t/five
exits 0 "another seed" "" ./lift train --data data --out t/sown --seed 5 --epochs 3
cp t/sown/*.safetensors t/five
exits 1 "checkpoints of another seed are refused" "has seed 0: put its own checkpoint back" ./lift train --data data --out t/five --resume --epochs 6
cp t/sown/config.json t/five
exits 0 "... not with the settings that they were written with" "" ./lift train --data data --out t/five --resume --epochs 6
exits 1 "resume needs a checkpoint" "leave out --resume" ./lift train --data data --out t/none --resume
cp -r data t/other; python3 -c "
p = 't/other/train-labels.idx'; b = bytearray(open(p, 'rb').read()); b[20] = (b[20] + 1) % 3; open(p, 'wb').write(b)"
exits 1 "resume on other data is refused" "not those of the checkpoint" ./lift train --data t/other --out t/kept --resume --epochs 6

# --- data -------------------------------------------------------------------------------------------
broken_data() { rm -rf t/bad; cp -r data t/bad; python3 -c "
import gzip, struct
d = 't/bad/'; images = gzip.open(d + 'train-images.idx.gz').read(); labels = open(d + 'train-labels.idx', 'rb').read()
def put_images(b): gzip.open(d + 'train-images.idx.gz', 'wb').write(b)
def put_labels(b): open(d + 'train-labels.idx', 'wb').write(b)
$1"; rm -rf t/x; }
exits 5 "data that are not there" "say --data" ./lift train --data nowhere --out t/x
broken_data "b = open(d + 'train-images.idx.gz', 'rb').read(); open(d + 'train-images.idx.gz', 'wb').write(b[:len(b) // 2])"
exits 5 "a gz that ends early" "fetch the file again" ./lift train --data t/bad --out t/x
broken_data "put_images(images[:-5])"
exits 5 "an IDX that ends early" "ends after" ./lift train --data t/bad --out t/x
broken_data "put_images(images + b'x')"
exits 1 "an IDX that is too long" "longer than" ./lift train --data t/bad --out t/x
broken_data "put_images(b'hello world, this is text')"
exits 1 "no IDX" "is no IDX file" ./lift train --data t/bad --out t/x
broken_data "put_images(struct.pack('>4B3I', 0, 0, 8, 3, 600, 4, 16) + images[16:])"
exits 1 "a wrong shape" "needs N x 8 x 8\|needs N x 64" ./lift train --data t/bad --out t/x
broken_data "put_labels(labels[:-1].replace(struct.pack('>I', 600), struct.pack('>I', 599)))"
exits 1 "numbers of samples that differ" "has 599 samples" ./lift train --data t/bad --out t/x
broken_data "put_labels(labels[:-1] + b'\x09')"
exits 1 "a label out of range" "from 0 to 2" ./lift train --data t/bad --out t/x
touch t/file
exits 5 "a file that may not grow" "cannot be written" sh -c "ulimit -f 4; ./lift train --data data --out t/full"
exits 5 "a folder that cannot be made" "--out" ./lift train --data data --out t/file/x

# --- eval, predict, check, usage ------------------------------------------------------------------------
exits 0 "eval" "" ./lift eval --data data --weights t/whole/best.safetensors; grep -v samples t/out >t/e1
exits 0 "eval of moved inputs" "" ./lift eval --data data --weights t/whole/best.safetensors --move "r^-1"; grep -v samples t/out >t/e2
python3 - <<'P' && ok "an invariant model scores the same on moved inputs" || bad "an invariant model scores the same on moved inputs"
a, b = ([float(x.split()[-1]) for x in open(p)] for p in ("t/e1", "t/e2"))
assert len(a) == 2 and all(abs(x - y) <= 1e-6 * abs(x) for x, y in zip(a, b)), (a, b)
P
exits 0 "eval of a broken model" "" ./broken eval --data data --weights t/whole/best.safetensors --move "r"; grep -v samples t/out >t/e2
if cmp -s t/e1 t/e2; then bad "a broken model scores otherwise on moved inputs"; else ok "a broken model scores otherwise on moved inputs"; fi
exits 2 "a word that is none" "no generator" ./lift eval --data data --weights t/whole/best.safetensors --move q
exits 0 "eval of the validation part" "" ./lift eval --data data --weights t/whole/best.safetensors --part valid
says "the validation part has 100 samples" "100 samples" t/out
exits 5 "weights that are not there" "" ./lift eval --data data --weights nowhere
exits 0 "check passes" "" ./lift check --data data --weights t/whole/best.safetensors
says "check prints lines for machines" "^audit logits.f64 " t/out
says "the report has the audit" "nothing wrong" t/whole/report.html
exits 3 "check fails for a broken program and names the line" "lift.gdl:4" ./broken check --data data --weights t/whole/best.safetensors
exits 0 "check without trained weights" "" ./lift check --data data
python3 - <<'P'
import gzip, struct, zlib
images = gzip.open("data/test-images.idx.gz").read()[16:]
def npy(path, descr, shape, data, fortran=False):
    h = repr({"descr": descr, "fortran_order": fortran, "shape": shape}).encode(); h += b" " * (63 - (10 + len(h)) % 64) + b"\n"
    open(path, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(h)) + h + data)
npy("t/u8.npy", "|u1", (5, 8, 8), images[:320])
npy("t/f4.npy", "<f4", (5, 64), struct.pack("<320f", *(x / 255 for x in images[:320])))
npy("t/big.npy", ">f8", (5, 8, 8, 1), struct.pack(">320d", *(x / 255 for x in images[:320])))
npy("t/first.npy", "<f4", (5, 1, 8, 8), struct.pack("<320f", *(x / 255 for x in images[:320])))
npy("t/fortran.npy", "|u1", (5, 8, 8), bytes(images[s * 64 + i * 8 + j] for j in range(8) for i in range(8) for s in range(5)), True)
npy("t/wrong.npy", "|u1", (5, 7, 8), images[:280])
npy("t/short.npy", "|u1", (5, 8, 8), images[:300])
def png(path, rows, filters=True):
    raw, last = b"", bytes(8)
    for y in range(8):
        row, k = rows[8 * y:8 * y + 8], y % 5 if filters else 0
        out = bytearray()
        for x in range(8):
            a, b, c = row[x - 1] if x else 0, last[x], last[x - 1] if x else 0
            p = a + b - c; pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
            out.append((row[x] - (0, a, b, (a + b) // 2, a if pa <= pb and pa <= pc else b if pb <= pc else c)[k]) & 255)
        raw += bytes([k]) + bytes(out); last = row
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", 8, 8, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))
png("t/one.png", images[:64])
b = bytearray(open("t/one.png", "rb").read()); b[45] ^= 4; open("t/bad.png", "wb").write(b)
P
predict="./lift predict --weights t/whole/best.safetensors"
exits 0 "predict bytes" "" $predict t/u8.npy -o t/p1.npy
for f in f4 big first fortran; do
  exits 0 "predict $f" "" $predict image=t/$f.npy -o t/p2.npy
  python3 -c "
import struct
a, b = (struct.unpack('<15f', open(p, 'rb').read()[-60:]) for p in ('t/p1.npy', 't/p2.npy'))
assert all(abs(x - y) < 1e-5 for x, y in zip(a, b)), (a, b)" && ok "layout $f gives the outputs of bytes" || bad "layout $f gives the outputs of bytes"
done
exits 0 "predict a PNG, into CSV" "" $predict t/one.png -o t/p.csv
python3 -c "
import struct
a = struct.unpack('<3f', open('t/p1.npy', 'rb').read()[-60:-48]); b = [float(x) for x in open('t/p.csv').read().split(',')]
assert all(abs(x - y) < 1e-5 for x, y in zip(a, b)), (a, b)" && ok "a PNG gives the outputs of the same pixels" || bad "a PNG gives the outputs of the same pixels"
mkfifo t/pipe && { timeout 60 cat t/pipe >t/piped & }
exits 0 "predict into a pipe" "" $predict t/u8.npy -o t/pipe
wait; same "a pipe gets what a file gets" t/p1.npy t/piped
if [ -p t/pipe ]; then ok "a pipe is not replaced"; else bad "a pipe is not replaced"; fi
exits 1 "predict a wrong shape" "needs N x 8 x 8\|needs N x 64" $predict t/wrong.npy -o t/p.npy
exits 5 "predict a short NPY" "ends after" $predict t/short.npy -o t/p.npy
exits 5 "predict a damaged PNG" "damaged" $predict t/bad.png -o t/p.npy
exits 2 "predict without inputs" "image=FILE" $predict
for c in summary info bench; do exits 0 "$c" "" ./lift $c; done
exits 2 "no command" "" ./lift
exits 2 "an unknown command" "there are: train" ./lift fly
exits 2 "an unknown option" "no option --fly" ./lift train --fly
exits 2 "a setting that is none" "no such setting" ./lift train --set fly=1
exits 2 "a setting out of range" "must lie between" ./lift train --set batch=0
exits 2 "a number that is none" "whole number" ./lift train --epochs many
exits 2 "too many threads" "between 1 and 64" ./lift info --threads 65
exits 0 "help" "" ./lift --help
exits 0 "help of a command" "" ./lift train --help
[ $failed -eq 0 ]
