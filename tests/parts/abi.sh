# abi.sh BUILD SANITIZED: gdl.h, the generated header and a caller in C11, C17 and C++17 with every warning; the object that
# gdlc wrote is the other side. Then as a static and as a shared library.
build=$1 here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
strict="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -I. -I$here/../runtime"
"$build/gdlc" "$here/programs/small.gdl" --entry=infer,infer64,pull,pull64,step,eval,score,trace,trace64,slope64 --emit=header=small.h,obj=small.o,lib=libsmall.a,so=libsmall.so || echo "fail abi: --emit of libraries"
try() { name=$1; shift; if "$@" >err 2>&1; then echo "pass abi: $name"; else echo "fail abi: $name"; cat err >&2; fi; }
try "C11 compiles"   gcc -std=c11 $strict -o c11 "$here/abi/walk.c" small.o -lm
try "C17 compiles"   gcc -std=c17 $strict -o c17 "$here/abi/walk.c" small.o -lm
try "C++17 compiles" g++ -x c++ -std=c++17 $strict -o cpp17 "$here/abi/walk.c" -x none small.o -lm
try "links statically" gcc -std=c17 $strict -o static "$here/abi/walk.c" -L. -l:libsmall.a -lm
try "links dynamically" gcc -std=c17 $strict -o shared "$here/abi/walk.c" -L. -l:libsmall.so -lm
for p in c11 c17 cpp17 static shared; do LD_LIBRARY_PATH=. ./$p || echo "fail abi: $p ended with $?"; done
