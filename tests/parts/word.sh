# word.sh BUILD SANITIZED: docs/adding-a-word.md is true. Its changes are applied to a copy of the tree, which is built on top of
# BUILD's objects, and its commands run with that compiler; the changed test compiles.
case $1 in /*) build=$1;; *) build=$PWD/$1;; esac
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
tree=$work/tree
mkdir -p "$tree/build" && cd "$root" || exit 1
cp -a Makefile compiler lang runtime stdlib tests "$tree" && cp -a "$build/obj" "$build/gen" "$build/lib" "$tree/build" || exit 1
cp -a "$build/gdlc" "$tree/build"
# what depends on what is told for BUILD's own name
find "$tree/build" -name '*.d' -exec sed -i -E 's#(^| )[^ ]*/(obj|gen)/#\1build/\2/#g' {} +

# A hunk stands where its old lines stand, once; line numbers would age.
python3 - docs/adding-a-word.md "$tree" <<'P' || exit 1
import re, sys
hunks, path = 0, None
for block in re.findall(r"^```diff\n(.*?)^```", open(sys.argv[1], encoding="utf-8").read(), re.M | re.S):
    for part in re.split(r"^\+\+\+ ", block, flags=re.M)[1:]:
        name, *bodies = re.split(r"^@@.*\n", part, flags=re.M)
        path = sys.argv[2] + "/" + name.strip()
        for body in bodies:
            lines = body.rstrip("\n").split("\n")
            lines = [l or " " for l in lines]
            old = "".join(l[1:] + "\n" for l in lines if l[0] != "+")
            new = "".join(l[1:] + "\n" for l in lines if l[0] != "-")
            text = open(path, encoding="utf-8").read()
            if text.count(old) == 1:
                open(path, "w", encoding="utf-8").write(text.replace(old, new))
                hunks += 1
            else:
                print(f"fail word: {name.strip()} has these lines {text.count(old)} times: {lines[0]}")
print(f"pass word: {hunks} changes apply" if hunks >= 6 else f"fail word: {hunks} changes applied")
P
if make -C "$tree" -j2 CFLAGS="-std=c17 -D_GNU_SOURCE -O0" STRICT="-Wall -Wno-format-truncation -Werror" build/gdlc >"$work/log" 2>&1; then echo "pass word: builds"
else echo "fail word: does not build: $(grep -m 1 'error' "$work/log")"; exit; fi
if gcc -std=c17 -D_GNU_SOURCE -fsyntax-only -Wall -Werror -I"$tree/compiler" -I"$tree/build/gen" "$tree/tests/unit/test_rules.c" 2>"$work/log"; then echo "pass word: the test compiles"
else echo "fail word: the test does not compile: $(head -n 1 "$work/log")"; fi
export TESTS="$root/tests" PATH="$tree/build:$PATH"
. "$root/tests/document.sh"
run_document "$root/docs/adding-a-word.md" word
