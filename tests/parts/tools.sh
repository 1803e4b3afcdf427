# tools.sh BUILD SANITIZED: what stands around the compiler: fmt, init, help, manual pages, completion, editors, install.
build=$1 san=$2 here=$(cd "$(dirname "$0")/.." && pwd) root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) && trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 1
gdlc=$san/gdlc
exits() { name=$1 want=$2; shift 2; "$@" >out 2>err; got=$?; if [ $got -eq "$want" ]; then echo "pass tools: $name"; else echo "fail tools: $name: exit code $got, not $want"; tail -n 5 err >&2; fi; }
says() { if grep -q -- "$2" "$3"; then echo "pass tools: $1"; else echo "fail tools: $1: no '$2' in $3"; head -n 5 "$3" >&2; fi; }
is() { name=$1; shift; if "$@"; then echo "pass tools: $name"; else echo "fail tools: $name"; fi; }
has() { command -v "$1" >/dev/null 2>&1 || { echo "skipped tools: $1 is not installed: $2"; return 1; }; }

# --- fmt ------------------------------------------------------------------------------------------------------
good='group  G = D(4)\ndomain X = set\n\nlayer f(x: _) { x }  // why\n'
messy='group G=D( 4 )\ndomain X=set\n\n\n\nlayer f( x:_ ){x}// why\n'
printf "$good" >want.gdl
printf "$messy" >messy.gdl
exits "fmt lays standard input out" 0 sh -c "'$gdlc' fmt - <messy.gdl"
is "fmt - prints the layout" cmp -s out want.gdl
is "fmt - leaves the file alone" sh -c 'printf "$1" | cmp -s - messy.gdl' sh "$messy"
exits "fmt --check names what differs" 1 "$gdlc" fmt --check want.gdl messy.gdl
is "fmt --check names it, and nothing else" test "$(cat out)" = messy.gdl
exits "fmt --check of what is laid out" 0 "$gdlc" fmt --check want.gdl
is "fmt --check says nothing then" test ! -s out -a ! -s err
chmod 640 messy.gdl
ln -s messy.gdl link.gdl
exits "fmt rewrites a file" 0 "$gdlc" fmt link.gdl
is "fmt writes through a symbolic link" test -L link.gdl
is "fmt writes the layout" cmp -s messy.gdl want.gdl
is "fmt keeps the mode" test "$(stat -c %a messy.gdl)" = 640
before=$(stat -c %i.%Y messy.gdl)
exits "fmt a second time" 0 "$gdlc" fmt messy.gdl
is "fmt does not write what is laid out" test "$(stat -c %i.%Y messy.gdl)" = "$before"
printf 'layer f( {\n' >bad.gdl
printf "$messy" >messy.gdl
exits "fmt refuses what does not parse" 1 "$gdlc" fmt bad.gdl messy.gdl
says "fmt prints the errors" 'bad.gdl:1:.*error\[E0002\]' err
is "fmt leaves what does not parse alone" test "$(cat bad.gdl)" = 'layer f( {'
is "fmt goes on with the next file" cmp -s messy.gdl want.gdl
exits "fmt errors as JSON" 1 "$gdlc" fmt --error-format=json bad.gdl
says "fmt errors as JSON have a code" '"code": *"E0002"' out
exits "fmt of a file that is not there" 5 "$gdlc" fmt nowhere.gdl
exits "fmt of nothing" 2 "$gdlc" fmt
is "fmt leaves no temporary file" test -z "$(ls | grep '\.gdl\.')"
exits "the library and the examples are laid out" 0 sh -c "'$build/gdlc' fmt --check '$root'/stdlib/*.gdl '$root'/examples/*/*.gdl"
for page in README.md docs/tour.md docs/adding-a-word.md; do
  sed -n '/^```gdl/,/^```/p' "$root/$page" | grep -v '^```' >page.gdl
  exits "code of $(basename "$page") is laid out" 0 "$build/gdlc" fmt --check page.gdl
done
cat "$root"/stdlib/*.gdl >all.gdl
for i in 1 2 3 4 5 6 7; do cat all.gdl all.gdl >twice.gdl && mv twice.gdl all.gdl; done
exits "fmt of a long file" 0 "$build/gdlc" fmt all.gdl
echo "figure fmt: $(wc -l <all.gdl) lines in $( { /usr/bin/env python3 -c 'import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); print("%.2f s of one processor" % sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]))' "$build/gdlc" fmt --check all.gdl; } )"

# --- help, and options where they belong -----------------------------------------------------------------------------
# against LABEL PROGRAM COMMAND...: each command has help; an option that the help of it does not name is refused.
against() {
  label=$1 program=$2
  shift 2
  for c in "$@"; do "$program" "$c" --help >"help.$c" 2>err || echo "fail tools: $label $c --help"; done
  options=$(cat help.* | sed -n 's/^  \(-[a-z], \)\?\(--[a-z-]*\).*/\2/p' | sort -u)
  for c in "$@"; do
    wrong=
    for o in $options; do
      "$program" "$c" "$o" >out 2>err
      code=$?
      if grep -q -- "$o" "help.$c"; then grep -q 'there is no option' err && wrong="$wrong, knows no $o"
      elif [ $code -ne 2 ] || ! grep -q "there is no option $o" err; then wrong="$wrong, takes $o"; fi
    done
    [ -z "$wrong" ] && echo "pass tools: $label $c takes the options of its help and no others" || echo "fail tools: $label $c${wrong#,}"
    "$program" help "$c" 2>/dev/null | cmp -s - "help.$c" && echo "pass tools: $label help $c" || echo "fail tools: $label help $c is not --help"
  done
  rm -f help.*
}
commands=$("$gdlc" --help | sed -n 's/^  gdlc \([a-z][a-z]*\) .*/\1/p')
is "gdlc --help lists the commands" test "$(echo $commands)" = "check run fmt init explain completion man help"
against gdlc "$build/gdlc" $commands
exits "a command with a letter wrong" 2 "$gdlc" chekc x.gdl
says "a command with a letter wrong is guessed" 'did you mean `check`' err
exits "an option with a letter wrong" 2 "$gdlc" want.gdl --emti=ast
says "an option with a letter wrong is guessed" 'did you mean --emit' err
exits "a kind with a letter wrong" 2 "$gdlc" want.gdl --emit=ast,grpah
says "a kind with a letter wrong is guessed" 'did you mean `graph`' err
exits "an option of another command" 2 "$gdlc" want.gdl --check
says "an option of another command is named" 'belongs to `fmt`' err
exits "behind -- stand arguments" 5 "$gdlc" fmt -- --check
exits "help of no command" 2 "$gdlc" help fly

# --- manual pages and completion ----------------------------------------------------------------------------------------
exits "man writes the pages" 0 "$gdlc" man man
is "man writes a page for each command" test "$(ls man | wc -l)" = $(($(echo "$commands" | wc -l) + 1))
exits "man in a place that cannot be made" 5 "$gdlc" man none/man
if has mandoc "manual pages are not checked"; then
  for page in man/*; do mandoc -Tlint "$page" >lint 2>&1; is "mandoc finds nothing in $(basename "$page")" test ! -s lint; done
fi
if has groff "manual pages are not set"; then
  for page in man/*; do groff -ww -man -Tascii -z "$page" >lint 2>&1; is "groff warns of nothing in $(basename "$page")" test ! -s lint; done
fi
for option in $("$gdlc" --help | sed -n 's/^  \(-[a-z], \)\?--\([a-z-]*\).*/\2/p'); do
  grep -q -- "$(echo "\\-\\-$option" | sed 's/-/\\\\-/g; s/\\\\\\-/\\\\-/g')" man/gdlc.1 && echo "pass tools: gdlc(1) has --$option" || echo "fail tools: gdlc(1) lacks --$option"
done
exits "completion of a shell that is none" 2 "$gdlc" completion tcl
for shell in bash zsh fish; do exits "completion $shell" 0 "$gdlc" completion $shell; cp out gdlc.$shell; done
cat >complete.bash <<'B'
source "$1"; f=$2; shift 2
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); "$f"; echo "${COMPREPLY[*]}"
B
# completes WANT WORD...: bash splits a word at each `=`
completes() { want=$1; shift; got=$(bash complete.bash gdlc.bash _gdlc "$@" 2>&1); [ "$got" = "$want" ] && echo "pass tools: bash completes $*" || echo "fail tools: bash completes $* to '$got', not '$want'"; }
if has bash "its completion is not run"; then
  exits "bash reads its completion" 0 bash -n gdlc.bash
  completes "check" gdlc ch
  completes "want.gdl" gdlc wa
  completes "want.gdl" gdlc check wa
  completes "--emit --entry --error-format" gdlc want.gdl --e
  completes "ast asm" gdlc want.gdl --emit = as
  completes "ast,graph" gdlc want.gdl --emit = ast,gr
  completes "lower link" gdlc want.gdl --dump-after l
  completes "human json" gdlc check --error-format =
  completes "man" gdlc want.gdl --library ma
  completes "E0801 E0802" gdlc explain E08
  completes "zsh" gdlc completion z
  completes "--check" gdlc fmt --c
  completes "" gdlc init x
fi
if has zsh "its completion is not read"; then exits "zsh reads its completion" 0 zsh -n gdlc.zsh; fi
if has fish "its completion is not run"; then
  exits "fish reads its completion" 0 fish --no-execute gdlc.fish
  is "fish completes commands" test "$(HOME=$work fish -c 'source gdlc.fish; complete -C "gdlc ch"' 2>/dev/null | cut -f1)" = check
  is "fish completes kinds" test "$(HOME=$work fish -c 'source gdlc.fish; complete -C "gdlc x.gdl --emit=cub"' 2>/dev/null | cut -f1)" = --emit=cubin
fi

# --- install, and from there: init, compile, train --------------------------------------------------------------------------
make -s -C "$root" BUILD="$build" DESTDIR="$work/root" PREFIX=/usr install >out 2>err && echo "pass tools: make install" || { echo "fail tools: make install"; tail -n 5 err >&2; }
for f in share/man/man1/gdlc.1 share/man/man1/gdlc-fmt.1 share/bash-completion/completions/gdlc share/zsh/site-functions/_gdlc share/fish/vendor_completions.d/gdlc.fish \
         share/gdlc/editors/vim/syntax/gdl.vim share/gdlc/editors/vscode/gdl.tmLanguage.json lib/gdlc/shapes/shapes.gdl; do is "make install puts $f" test -s "root/usr/$f"; done
gdlc=$work/root/usr/bin/gdlc
mkdir place && cd place || exit 1
exits "init" 0 "$gdlc" init lamps
is "init makes one folder and nothing beside it" test "$(ls -A | grep -v '^out$\|^err$')" = lamps
cp -r lamps first && "$san/gdlc" init again >/dev/null && is "init makes the same data each time" diff -r first/data again/data
exits "init refuses what is there" 1 "$gdlc" init lamps
mkdir empty
exits "init refuses an empty folder, too" 1 "$gdlc" init empty
is "what init refuses stays as it was" test -z "$(ls -A empty)"
for name in 3d let a-b ../up conv _; do exits "init refuses the name $name" 2 "$san/gdlc" init "$name"; done
exits "init without its template" 5 "$gdlc" init other --library=.
if [ "$(id -u)" -ne 0 ]; then mkdir shut && chmod a-w shut && exits "init where nothing can be written" 5 sh -c "cd shut && '$gdlc' init x"; fi
exits "init on a full disk" 5 sh -c "ulimit -f 8; '$gdlc' init full"
is "what init cannot finish leaves nothing behind" test -z "$(ls -A | grep 'full\|other\|\.lamps\|up')"
cd lamps || exit 1
exits "the first model is laid out" 0 "$gdlc" fmt --check lamps.gdl
exits "the first model is proved" 0 "$gdlc" check lamps.gdl
says "the first model is invariant" 'output logits: 3 scalar  proved' out
exits "the first model compiles" 0 "$gdlc" lamps.gdl -o lamps
exits "the first model trains" 0 ./lamps train
score() { ./lamps eval "$@" 2>/dev/null | sed -n 's/^accuracy([^)]*) //p'; }
up=$(score) turned=$(score --move r)
is "the first model is right more than nine times in ten" test "$(echo "$up" | cut -c1-3 | sed 's/^1.*/0.99/; s/^0\.//')" -ge 9
is "the first model scores the same on turned pictures" test "$up" = "$turned"
echo "figure init: accuracy $up on turned pictures after training on upright ones"
sed -n 's/^    \(.*[^ ]\)  .*/\1/p' README.md | grep -v train >lines
is "README.md of the first model has commands" test "$(wc -l <lines)" -ge 4
PATH=$work/root/usr/bin:$PATH
export PATH
while read -r line; do exits "README.md of the first model: $line" 0 $line; done <lines
is ".gitignore names what the commands leave" test -z "$(git init -q . 2>/dev/null; git status --porcelain -uall | grep -v ' data/\| lamps.gdl\| README.md\| .gitignore\| lines\| out$\| err$')"

# --- compiled programs: the same command line -----------------------------------------------------------------------------------
own=$(./lamps --help | sed -n 's/^  .\/lamps \([a-z][a-z]*\) .*/\1/p')
is "PROGRAM --help lists the commands" test "$(echo $own)" = "train eval predict check summary bench export info completion help"
against PROGRAM ./lamps $own
exits "a command of a program with a letter wrong" 2 ./lamps trian
says "a command of a program with a letter wrong is guessed" 'did you mean `train`' err
exits "completion of a program" 0 ./lamps completion bash
cp out lamps.bash
if has bash "completion of programs is not run"; then
  exits "bash reads the completion of a program" 0 bash -n lamps.bash
  is "bash completes commands of a program" test "$(bash ../../complete.bash lamps.bash _lamps ./lamps tra)" = train
  is "bash completes words of a program" test "$(bash ../../complete.bash lamps.bash _lamps ./lamps eval --part = v)" = valid
fi

# --- editors ----------------------------------------------------------------------------------------------------------------------
cd "$root" || exit 1
python3 "$here/editors.py" lang/editors/vscode/gdl.tmLanguage.json lang/editors/vim/syntax/gdl.vim || echo "fail tools: the grammars of editors"
for f in package.json language-configuration.json; do python3 -m json.tool lang/editors/vscode/$f >/dev/null && echo "pass tools: $f is JSON" || echo "fail tools: $f is no JSON"; done
cd "$work" || exit 1
if has vim "its syntax and indents are not run" && vim --version | grep -q '+syntax'; then
  cp "$root/examples/fashion/fashion.gdl" v.gdl
  sed 's/^ *//' v.gdl >flat.gdl
  cat >v.vim <<V
set nocompatible
set runtimepath^=$root/lang/editors/vim
filetype plugin indent on
syntax on
edit flat.gdl
normal gg=G
write
edit v.gdl
let groups = []
for at in [[1, 1], [3, 1], [3, 12], [4, 17], [6, 15], [6, 29], [7, 3], [8, 5], [8, 8], [8, 13], [8, 24], [9, 61], [15, 1], [16, 3], [16, 15], [16, 26], [21, 15]]
  call add(groups, synIDattr(synID(at[0], at[1], 1), 'name'))
endfor
call writefile([join(groups)], 'groups')
qall!
V
  timeout 20 vim -es -u NONE -i NONE -S v.vim </dev/null >/dev/null 2>&1
  is "Vim colours an example" test "$(cat groups)" = "gdlComment gdlDeclaration gdlRep gdlNumber gdlArgument gdlStatement gdlStatement gdlOperator gdlWord gdlNumber gdlArgument gdlFunction gdlDeclaration gdlSetting gdlTrainWord gdlText gdlTrainWord"
  is "Vim indents an example as gdlc fmt does" cmp -s flat.gdl v.gdl
fi
