"""memory.py BATCH < PLAN: how much larger an entry's workspace is than what lives in it at most; the comments of a plan say both.

PLAN is what --dump-after=plan prints; an extent is `CONSTANT + FACTOR SYMBOL ... bytes`, with BATCH for b and 16 BATCH rows of
the other symbols, as in `PROGRAM bench`. Prints `entry workspace alive ratio kernel`, the kernel being that of the most.
"""
import re, sys


def bytes_of(text, batch):
    constant, *terms = text.split(" + ")
    return int(constant) + sum(int(n) * (batch if symbol == "b" else 16 * batch) for n, symbol in (t.split() for t in terms))


batch, entry, most = int(sys.argv[1]), None, (0, "")


def close():
    if entry:
        print(entry, whole, most[0], f"{whole / max(1, most[0]):.3f}", most[1])


for line in sys.stdin:
    if found := re.fullmatch(r"// (\w+): workspace (.*) bytes\n", line):
        close()
        entry, whole, most = found[1], bytes_of(found[2], batch), (0, "")
    elif found := re.fullmatch(r"//   (\w+): alive (.*) bytes\n", line):
        most = max(most, (bytes_of(found[2], batch), found[1]))
close()
