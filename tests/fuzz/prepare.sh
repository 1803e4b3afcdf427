# prepare.sh GDLC FOLDER: what all targets start from. FOLDER/NAME/* are seeds, FOLDER/NAME.dict the dictionary of target NAME.
# Findings of before are in tests/fuzz/seeds/NAME; texts of Graph and Loops come from the compiler, so that they are of its
# present form; the words of the language from its tables. Prints nothing.
gdlc=$1 to=$2 here=$(cd "$(dirname "$0")" && pwd) top=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$to" && python3 "$here/seeds.py" "$to" || exit 1
mkdir -p "$to/source" "$to/lower" "$to/graph" "$to/loops"
cp "$top"/examples/*/*.gdl "$top"/tests/programs/*.gdl "$top"/tests/accept/*.gdl "$top"/tests/stress/*.gdl "$top"/tests/laws/*.gdl "$to/source/"
cp "$top"/tests/refuse/*.gdl "$top"/tests/wrong/*.gdl "$to/source/"
cp -r "$to/source" "$to/format"
cp "$top"/tests/accept/*.gdl "$top"/tests/laws/*.gdl "$top"/tests/programs/*.gdl "$here"/small/*.gdl "$to/lower/"
for f in "$here"/small/*.gdl; do
  name=$(basename "$f" .gdl)
  for entry in infer step; do
    "$gdlc" "$f" --entry=$entry --dump-after=simplify >"$to/graph/$name-$entry" || exit 1
    "$gdlc" "$f" --entry=$entry --march=x86-64-v3 --emit=loops | awk -v to="$to/loops/$name-$entry-" '/^kernel/ { n++ } { print >(to n) }' || exit 1
  done
  "$gdlc" "$f" --entry=slope64 --dump-after=lower >"$to/graph/$name-lowered" || exit 1
done
[ ! -d "$here/seeds" ] || cp -r "$here/seeds/." "$to/"
find "$to/loops" -size +16 -delete        # 8 KiB: larger texts say nothing new, and have many truncations
# the first column of a table of macros, one a line or several
words() { grep -o "$1([A-Za-z_0-9]*," "$2" | sed 's/.*(\(.*\),/"\1"/'; }
{ cat "$here/source.dict"; words WORD "$top/lang/words.def"; words FN "$top/lang/functions.def"; } >"$to/source.dict"
{ cat "$here/texts.dict"; words CORE "$top/lang/ops.def"; words LOOPS "$top/compiler/loops/loops.h"; } >"$to/graph.dict"
cp "$to/source.dict" "$to/lower.dict"
cp "$to/source.dict" "$to/format.dict"
cp "$to/graph.dict" "$to/loops.dict"
for name in idx npy npz png safetensors csv; do cp "$here/binary.dict" "$to/$name.dict"; done
