# cli.sh BUILD SANITIZED: the command line of gdlc, as scripts rely on it.
build=$1 san=$2 here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
gdlc=$san/gdlc
cp "$here/programs/small.gdl" small.gdl
# exits NAME STATUS COMMAND ...: out and err are kept
exits() { name=$1 want=$2; shift 2; "$@" >out 2>err; got=$?; if [ $got -eq "$want" ]; then echo "pass cli: $name"; else echo "fail cli: $name: exit code $got, not $want"; tail -n 5 err >&2; fi; }
says() { if grep -q -- "$2" "$3"; then echo "pass cli: $1"; else echo "fail cli: $1: no '$2' in $3"; head -n 5 "$3" >&2; fi; }
is() { name=$1; shift; if "$@"; then echo "pass cli: $name"; else echo "fail cli: $name"; fi; }
printf 'group G = D(4)\ndomain X = grid(8, 8)\nmodel m(x: scalar on X) -> (y: vector) { y = x |> conv(vector, kernel: 3) |> relu |> mean }\n' >bad.gdl

exits "check accepts" 0 "$gdlc" check small.gdl
says "check prints layers and verdicts" "proved" out
exits "check refuses" 1 "$gdlc" check bad.gdl
is "errors go to standard error" test -s err -a ! -s out
says "an error has place, code, caret" "bad.gdl:3:[0-9]*: error\[E0204\]" err
says "an error has a witness" "witness:" err
exits "compiling refuses" 1 "$gdlc" bad.gdl -o bad
is "what is refused leaves no program" test ! -e bad
exits "errors as JSON" 1 "$gdlc" check --error-format=json bad.gdl
/usr/bin/python3 - <<'P' && echo "pass cli: one JSON object a line, with its fields" || echo "fail cli: JSON of errors"
import json
rows = [json.loads(x) for x in open("out")]
errors = [r for r in rows if r.get("severity") == "error"]
assert len(errors) == 1 and not open("err").read()
e = errors[0]
assert e["code"] == "E0204" and e["file"] == "bad.gdl" and e["line"] == 3 and e["column"] > 1 and e["message"] and e["rule"] and e["witness"]
P
exits "several errors a run" 1 "$gdlc" check --error-format=json "$here/refuse/R33-signs.gdl"
exits "a file that is not there" 5 "$gdlc" check nowhere.gdl
exits "a file that is not there, compiled" 5 "$gdlc" nowhere.gdl -o x
exits "a folder is no file" 5 "$gdlc" check .
/usr/bin/python3 -c "print('model m(x: scalar) -> (y: scalar) { y = ' + '(' * 100000 + 'x' + ')' * 100000 + ' }')" >deep.gdl
exits "too deeply nested" 1 "$gdlc" check deep.gdl
says "too deeply nested has a place" "deep.gdl:1:" err
exits "no arguments" 2 "$gdlc"
exits "an unknown option" 2 "$gdlc" small.gdl --fly
exits "an unknown short option" 2 "$gdlc" small.gdl -x
exits "two files" 2 "$gdlc" check small.gdl bad.gdl
exits "an option without its value" 2 "$gdlc" small.gdl -o
exits "an unknown kind" 2 "$gdlc" small.gdl --emit=poem
exits "an unknown entry" 2 "$gdlc" small.gdl --emit=graph --entry=fly
exits "an unknown pass" 2 "$gdlc" small.gdl --dump-after=fly
exits "an unknown model" 2 "$gdlc" small.gdl --emit=graph --model=fly
exits "an unknown processor" 2 "$gdlc" small.gdl --march=abacus -o x
exits "an unknown format of errors" 2 "$gdlc" check --error-format=verse small.gdl
exits "nothing to do" 2 "$gdlc" small.gdl
exits "help" 0 "$gdlc" --help
for option in emit entry dump-after march time error-format; do says "help names --$option" "--$option" out; done
exits "version" 0 "$gdlc" --version

for kind in ast types graph loops llvm asm header cuda; do
  exits "--emit=$kind" 0 "$gdlc" small.gdl --emit=$kind --entry=infer
  cp out first
  is "--emit=$kind writes to standard output" test -s first
  exits "--emit=$kind=OUT" 0 "$gdlc" small.gdl --emit=$kind=text --entry=infer
  is "--emit=$kind to a file is the same" cmp -s first text
  is "--emit=$kind to a file leaves standard output alone" test ! -s out
done
exits "several kinds at once" 0 "$gdlc" small.gdl --emit=graph=g.txt,loops=l.txt,obj=o.o
is "several kinds write several files" test -s g.txt -a -s l.txt -a -s o.o
cp small.gdl mine.gdl && ln -s mine.gdl also.gdl
exits "a program in the place of its source" 2 "$gdlc" mine.gdl -o mine.gdl
exits "a form in the place of the source, by another path" 2 "$gdlc" mine.gdl --emit=graph=./also.gdl
is "the source is left alone" cmp -s mine.gdl small.gdl
exits "two forms in one file" 2 "$gdlc" small.gdl --emit=graph=both,loops=both
exits "a program and a form in one file" 2 "$gdlc" small.gdl -o both --emit=so=both
is "nothing was written" test ! -e both
exits "a kind twice" 2 "$gdlc" small.gdl --emit=graph=one.txt --emit=graph=two.txt
mkfifo pipe && { timeout 60 cat pipe >piped & }
exits "a form to a pipe" 0 "$gdlc" small.gdl --emit=graph=pipe --entry=infer
wait && "$gdlc" small.gdl --emit=graph=text --entry=infer
is "a pipe is written to" cmp -s piped text
is "a pipe is not replaced" test -p pipe
exits "a program in the place of a pipe" 2 "$gdlc" small.gdl -o pipe
exits "an object needs a file" 2 "$gdlc" small.gdl --emit=obj
exits "--entry=step is one entry" 0 "$gdlc" small.gdl --emit=graph --entry=step
is "--entry leaves the others out" test "$(grep -c '^graph "' out)" = 1
exits "all entries" 0 "$gdlc" small.gdl --emit=graph
is "there are seven entries" test "$(grep -c '^graph "' out)" = 7
for pass in parse check lower simplify plan; do
  exits "--dump-after=$pass" 0 "$gdlc" small.gdl --dump-after=$pass
  is "--dump-after=$pass prints" test -s out
done
exits "--time" 0 "$gdlc" small.gdl -o timed --time
for pass in parse check lower simplify plan print link total; do says "--time names $pass" "^$pass .*ms" err; done
for march in native x86-64 x86-64-v3; do exits "--march=$march" 0 "$build/gdlc" small.gdl --march=$march -o m_$march; done
exits "--no-audit" 0 "$build/gdlc" small.gdl --no-audit -o short
exits "a place that cannot be written" 5 "$gdlc" small.gdl -o "$work/none/x"
: >plain
exits "a file used as a folder" 5 "$gdlc" small.gdl -o plain/x
exits "a form that cannot be written" 5 "$gdlc" small.gdl --emit=graph=none/x
mkdir taken
exits "a folder in the place of the program" 5 "$gdlc" small.gdl -o taken
is "what cannot be written leaves nothing behind" test -z "$(find . -name '*.tmp*' -o -name 'none' -o -name '.*gdlc*' | head -n 1)"
exits "standard output that is full" 5 sh -c "'$gdlc' small.gdl --emit=graph >/dev/full"
exits "run" 0 "$build/gdlc" run small.gdl info
mkdir temporary
exits "run gives the program's status" 2 env TMPDIR="$PWD/temporary" "$build/gdlc" run small.gdl fly
says "run is called by what was typed" "^gdlc run small.gdl: there is no command" err
is "run leaves nothing behind" test -z "$(ls temporary)"
exits "the same text twice: the same bytes, first" 0 "$build/gdlc" small.gdl -o one
exits "the same text twice: the same bytes, again" 0 "$build/gdlc" small.gdl -o two
is "the same text twice: the same bytes" cmp -s one two

for code in $(sed -n 's/^[A-Z_]*(\([EW][0-9]*\),.*/\1/p' "$here/../lang/errors.def"); do
  "$gdlc" explain "$code" >out 2>err && grep -q "$code: ..*" out && [ "$(wc -l <out)" -ge 2 ] && echo "pass cli: explain $code" || echo "fail cli: explain $code"
done
exits "explain of no code" 2 "$gdlc" explain E9999
exits "explain without a code" 2 "$gdlc" explain

# a second of two processors: what else runs on the machine does not count
/usr/bin/python3 -c "
import resource, subprocess, sys
used = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
best = 9
for _ in range(3):
    before = used(); subprocess.run([sys.argv[1], sys.argv[2], '-o', 'fashion'], check=True); best = min(best, used() - before)
print('pass' if best < 2 else 'fail', 'cli: examples/fashion compiles within two seconds of one processor' + ('' if best < 2 else ': %.2f s' % best))" "$build/gdlc" "$here/../examples/fashion/fashion.gdl" || echo "fail cli: examples/fashion compiles"
for f in "$here"/../examples/*/*.gdl; do exits "$(basename "$f") is accepted" 0 "$gdlc" check "$f"; done
