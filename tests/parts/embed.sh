# embed.sh BUILD SANITIZED: libraries in other programs. The examples are built as their README says and give what the compiled
# program gives; tests/abi/calls.c calls right and wrong, also under valgrind; names, packages, the header in C11, C17, C++17.
build=$1 here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
gdlc=$build/gdlc example=$here/../examples/embed strict="-Wall -Wextra -pedantic -Wshadow -Wconversion -Werror"
result() { if [ "$2" -eq 0 ]; then echo "pass embed: $1"; else echo "fail embed: $1"; tail -n 5 "$work/err" >&2; fi; }
is() { name=$1; shift; "$@" >"$work/err" 2>&1; result "$name" $?; }
exits() { name=$1 want=$2; shift 2; "$@" >"$work/err" 2>&1; got=$?; [ $got -eq "$want" ]; result "$name (exit code $got)" $?; }
# symbols FILE: what it defines for others
symbols() { nm -g --defined-only "$1" | awk 'NF == 3 { print $3 }' | sort; }
clean() { name=$1; shift; is "valgrind: $name" valgrind -q --error-exitcode=9 --leak-check=full "$@"; }
cd "$work" || exit 1
cp -r "$example" embed && mkdir fashion && cp "$here/../examples/fashion/fashion.gdl" fashion

# --- a model with weights: the shape of the main example is made smaller, so that it trains at once
/usr/bin/python3 "$here/programs/make_data.py" data 100 28 10 || exit 1
is "the program compiles" "$gdlc" fashion/fashion.gdl -o fash --march=x86-64-v3
is "it trains some steps" ./fash train --data data --steps 4
weights=run/last.safetensors
is "export" ./fash export --weights $weights -o param.npy
is "export of the numbers alone" ./fash export --weights $weights -o param.bin
is "... which are those of the NPY" sh -c 'tail -c $(wc -c <param.bin) param.npy | cmp - param.bin'
is "export of new weights" ./fash export --seed 3 -o seed.csv
exits "export takes --seed or --weights" 2 ./fash export --seed 3 --weights $weights
/usr/bin/python3 - <<'P'
import random, struct, sys
sys.path.insert(0, "."); r = random.Random(1); n = 7
x = [r.random() for _ in range(n * 784)]
h = repr({"descr": "<f4", "fortran_order": False, "shape": (n, 28, 28)}).encode(); h += b" " * (63 - (10 + len(h)) % 64) + b"\n"
open("images.npy", "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(h)) + h + struct.pack("<%df" % len(x), *x))
P
is "predict" ./fash predict --weights $weights images.npy -o want.csv

# --- the examples, as their Makefile builds them: package, pkg-config
is "make of the examples" make -C embed GDLC="$gdlc" MARCH=x86-64-v3
for p in use_c use_cpp; do
  embed/$p param.npy images.npy >$p.csv 2>$p.err
  is "$p prints what predict says, to the last bit" cmp want.csv $p.csv
done
is "use_c has a gradient" grep -q '^the first logit moves most with pixel .*: -\{0,1\}[0-9]' use_c.err
cp embed/use.c . && is "cc use.c libfashion.a -lm" cc -Iembed/package/include use.c embed/package/lib/libfashion.a -lm -o plain
is "... prints the same" sh -c './plain param.npy images.npy 2>/dev/null | cmp want.csv -'
clean "use_c" embed/use_c param.npy images.npy
is "CMake finds the package" sh -c 'cmake -S embed -B cm -DCMAKE_PREFIX_PATH="$PWD/embed/package" && cmake --build cm'
is "... and the program prints the same" sh -c 'cm/use_c param.npy images.npy 2>/dev/null | cmp want.csv -'
mv embed/package moved
is "a package that has been moved" sh -c 'cc use.c $(PKG_CONFIG_PATH=moved/lib/pkgconfig pkg-config --cflags --libs fashion) -o plain && ./plain param.npy images.npy 2>/dev/null | cmp want.csv -'
python=${PYTHON:-/usr/bin/python3}
if $python -c 'import numpy' 2>err; then
  is "use.py" sh -c "$python embed/use.py embed/libfashion.so param.npy images.npy >py.csv 2>py.err"
  is "... prints the same" cmp want.csv py.csv
  is "... and its gradient is a difference to 1e-6" awk '/central difference/ { good = $NF < 1e-6 } END { exit !good }' py.err
else echo "skipped embed: use.py: $(tail -n 1 err)"; fi
if $python -c 'import torch' 2>err; then is "use_torch.py: gradcheck, turns, a fit" $python embed/use_torch.py embed/libkernels.so
else echo "skipped embed: use_torch.py: $(tail -n 1 err)"; fi

# --- names
printf 'steer\nsteer64\nsteer64_workspace\nsteer_module\nsteer_pull\nsteer_pull64\nsteer_pull64_workspace\nsteer_pull_workspace\nsteer_workspace\n' >one
sed 's/^steer/work/' one | sort - one >two
is "several models of a file" "$gdlc" embed/kernels.gdl --emit=lib=k.a,obj=k.o,so=k.so,header=k.h
for f in k.a k.o; do symbols $f >names; is "$f has the names of both and no others" cmp two names; done
nm -D --defined-only k.so | awk '{ print $3 }' | sort >names; is "k.so has the names of both and no others" cmp two names
objdump -h k.a | awk '$2 == ".rodata" { some = 1 } $2 ~ /^\.(t?data|t?bss)$/ && $3 !~ /^0*$/ { print; bad = 1 } END { exit !some || bad }' >err
result "a library keeps nothing between calls: no data that can be written" $?
is "--model takes one" "$gdlc" embed/kernels.gdl --model=steer --emit=lib=one.a
symbols one.a >names; is "... and its names alone" cmp one names
is "--prefix" "$gdlc" embed/kernels.gdl --prefix=my_ --emit=lib=my.a,header=my.h,gdl=gdl.h
sed 's/^/my_/' two | sort >want; symbols my.a >names; is "--prefix stands before all" cmp want names
exits "--prefix that is no name" 2 "$gdlc" embed/kernels.gdl --prefix=a-b --emit=lib=my.a
is "--entry of a library" "$gdlc" embed/kernels.gdl --model=steer --entry=pull,trace64 --emit=lib=some.a
printf 'steer_module\nsteer_pull\nsteer_pull_workspace\nsteer_trace64\nsteer_trace64_workspace\n' >want; symbols some.a >names; is "... has these" cmp want names
"$gdlc" embed/kernels.gdl --emit=lib=again.a && is "the same bytes again" sh -c 'ar p again.a | cmp - k.o || { ar p k.a >a; ar p again.a >b; cmp a b; }'
"$gdlc" embed/kernels.gdl --emit=lib=k.a && cp k.a first.a && "$gdlc" embed/kernels.gdl --emit=lib=k.a && is "a library is the same bytes each time" cmp first.a k.a
cat >names.gdl <<'G'
group  G = D(4)
domain X = grid(5, 5)
kernel double(class: 2 vector on X, workspace: 2 scalar, b: 2 scalar) -> (int32_t: 2 scalar) { int32_t = mean(norm(class)) * workspace + b }
kernel main(x: vector on X, d_y: scalar) -> (y: scalar) { y = mean(norm(x)) * d_y }
G
is "names that are taken" "$gdlc" names.gdl --prefix=p_ --emit=lib=names.a,header=names.h
is "names that are keywords" "$gdlc" names.gdl --model=double --emit=lib=double.a,header=double.h
printf '#include "names.h"\n#include "my.h"\n#include "double.h"\nint main(void) { return p_double_workspace(1) + p_main_pull64_workspace(2) + my_work_workspace(3) + double__workspace(1) == 0 || gdl_check(); }\n' | sed 's/double__workspace/double_workspace/; s/ || gdl_check()//' >all.c
for std in c11 c17; do is "headers in $std" gcc -std=$std $strict all.c names.a my.a double.a -lm -o all; done
is "headers in C++17" g++ -x c++ -std=c++17 $strict all.c -x none names.a my.a double.a -lm -o all
for name in _Bool __func__ NULL INT64_C uint8_t gdl gdl_call; do
  printf "kernel $name($name: scalar) -> (y: scalar) { y = 2 * $name }\n" >own.gdl
  "$gdlc" own.gdl --emit=lib=own.a,header=own.h && printf '#include "own.h"\nint main(void) { return 0; }\n' >own.c
  is "a kernel and its input called $name in C" gcc -std=c17 $strict own.c own.a -lm -o own
  is "a kernel and its input called $name in C++" g++ -x c++ -std=c++17 $strict own.c -x none own.a -lm -o own
done
sed 's/kernel main/kernel double_pull/' names.gdl >twice.gdl
exits "two functions of one name are refused" 2 "$gdlc" twice.gdl --emit=lib=twice.a
exits "a program may be of a model called main" 0 "$gdlc" names.gdl --model=main -o mainly
exits "a library needs a file" 2 "$gdlc" names.gdl --emit=lib
exits "pkgconfig needs a library" 2 "$gdlc" names.gdl --emit=pkgconfig=x.pc
exits "a package that cannot be written" 5 "$gdlc" names.gdl --emit=package=/dev/null/x

# --- calls
is "library of the small model" "$gdlc" "$here/programs/small.gdl" --march=x86-64-v3 --emit=lib=small.a,header=small.h
is "calls.c compiles" cc -std=c17 -O1 $strict -D_GNU_SOURCE -I. "$here/abi/calls.c" small.a -lm -pthread -o calls
./calls || echo "fail embed: calls ended with $?"
clean "calls.c" ./calls 2
