# report.sh BUILD SANITIZED: report.html and summary of small programs: as HTML, and against numbers that are computed again.
build=$1 here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 5
check() { /usr/bin/python3 "$here/report/check.py" "$@"; }
ok() { name=$1; shift; if "$@" >"$work/out" 2>&1; then echo "pass report: $name"; else echo "fail report: $name"; tail -n 5 "$work/out" >&2; fi; }
/usr/bin/python3 "$here/report/make_data.py" data || exit 1

for p in turns colours field bag; do
  ok "$p is compiled" "$build/gdlc" "$here/report/$p.gdl" -o $p
  ok "$p is trained" ./$p train --data data --out $p.run
  check page $p $p.run
  ./$p summary >$p.summary
done
labels() { /usr/bin/python3 - "$1" "$2" <<'P'
import ast, struct, sys
b = open(sys.argv[1], "rb").read()
n, = struct.unpack("<H", b[8:10])
head, at = ast.literal_eval(b[10:10 + n].decode()), b[10 + n:]
if head["descr"][1] == "U":
    size = 4 * int(head["descr"][2:])
    words = [at[i:i + size].decode("utf-32-le").rstrip("\0") for i in range(0, len(at), size)]
    print([["<script>alert(1)</script>", "a & b", "\"quoted\" 'x'"].index(w) for w in words])
else: print(list(struct.unpack("<%dq" % head["shape"][0], at)))
P
}
# --- turns: C(4), a test part, names with marks of HTML
ok "turns predicts" ./turns predict --weights turns.run/best.safetensors -o turns.npy data/test_image.npy
check worst turns turns.run turns.logits.npy "$(labels data/test_name.npy)" data/test_image.npy "10 10 1"
check turns turns turns.run "" t tt ttt
check light . 10
for x in lit dark; do ./turns predict --weights turns.run/best.safetensors -o $x.out.npy $x.npy >/dev/null; done
check answers turns turns.run lit.out.first.npy dark.out.first.npy "[0, 1, 2, 3]"
check hostile turns turns.run "<script>alert(1)</script>" "a & b" "\"quoted\" 'x'"
check says turns turns.run "C(4) (quarter turns) gives the same logits" "./turns check --weights turns.run/best.safetensors --data data"
ok "turns is audited" ./turns check --weights turns.run/best.safetensors --data data
check page "turns, audited" turns.run
check audited turns turns.run
cp turns.run/report.html first.html
./turns check --weights turns.run/best.safetensors --data data >/dev/null 2>&1
ok "the same folder gives the same bytes" cmp first.html turns.run/report.html
ok "turns is trained again" sh -c 'mkdir again && cd again && cp -r ../data . && ../turns train --data data --out turns.run'
ok "another training gives the same pictures" cmp turns.run/pictures.json again/turns.run/pictures.json
ok "it goes on" ./turns train --data data --out turns.run --resume --epochs 9
ok "... and an audit of earlier weights is gone" sh -c '! grep -q "found nothing wrong" turns.run/report.html && ! test -e turns.run/audit.txt'
ok "a training is cut in its first epoch" ./turns train --data data --out cut --steps 3 --set optimizer.rate=1e-3
check page cut cut

# --- colours: no group, RGB, a stride, 100 labels, one epoch, nothing kept
ok "colours predicts" ./colours predict --weights colours.run/best.safetensors -o colours.npy data/colour.npy
check worst colours colours.run colours.npy "$(labels data/many.npy)" data/colour.npy "12 12 3"
check says colours colours.run "No symmetry is claimed" "filters of 4 × 4 pixels" "none are kept for validation" "grey is 0"

# --- field: irreps of D(4) with a stride, numbers for a target, two outputs
ok "field predicts" ./field predict --weights field.run/best.safetensors -o field.npy data/grey.npy
check distances field field.run field.mean_light.npy data/light.npy
check turns field field.run $(/usr/bin/python3 -c '
import json
for e in json.load(open("field.run/pictures.json"))["filters"]["elements"]:
    word = ""
    for x in e.split():
        letter, _, power = x.partition("^")
        word += {"r": "t", "m": "m", "1": ""}[letter] * int(power or 1)
    print(word or "-")')
check says field field.run "gives an equally moved way" "The worst answers"

ok "field, whose vector a symmetric picture makes zero, passes its audit" ./field check --weights field.run/best.safetensors --data data

# --- bag: sets
check says bag bag.run "No input is a picture" "the model has no convolution" "permutations gives the same logits"

# --- summary; of a model without training, too
cat >alone.gdl <<'G'
group  G = D(4)
domain X = grid(8, 8)
model alone(x: scalar on X) -> (y: 2 scalar) {
  y = x |> conv(2 regular, kernel: 3, pad: 1) |> relu |> conv(3 regular, kernel: 3, pad: 1) |> mean |> group_pool |> linear(2)
}
G
ok "a model without training is compiled" "$build/gdlc" alone.gdl -o alone
ok "... and has a summary" sh -c './alone summary >alone.summary && grep -q "a prediction of" alone.summary'
for p in turns colours field bag alone; do
  "$build/gdlc" check $([ -e $p.gdl ] || echo "$here/report/")$p.gdl >$p.proof
  check summary $p $p.summary $p.proof $([ $p = field ] && echo 120)
done
