"""memory.py BATCH < PLAN: an entry's workspace beside the most that lives in it; the comments of a plan say both.

PLAN is what --dump-after=plan prints; an extent is `CONSTANT + FACTOR SYMBOL ... bytes`, with BATCH for b and 16 BATCH
rows of the other symbols, as in `PROGRAM bench`. Prints `entry workspace alive ratio kernel`, the kernel being that of
the most.
"""
import re, sys


def bytes_of(text, batch):
    constant, *terms = text.split(" + ")
    return int(constant) + sum(int(n) * (batch if symbol == "b" else 16 * batch) for n, symbol in (t.split() for t in terms))


def entries(lines, batch):
    """A list [entry, workspace, alive, kernel] for each entry."""
    found = []
    for line in lines:
        if whole := re.fullmatch(r"// (\w+): workspace (.*) bytes\n?", line):
            found.append([whole[1], bytes_of(whole[2], batch), 0, ""])
        elif alive := re.fullmatch(r"//   (\w+): alive (.*) bytes\n?", line):
            found[-1][2:] = max(found[-1][2:], [bytes_of(alive[2], batch), alive[1]])
    return found


if __name__ == "__main__":
    for entry, whole, alive, kernel in entries(sys.stdin, int(sys.argv[1])):
        print(entry, whole, alive, f"{whole / max(1, alive):.3f}", kernel)
