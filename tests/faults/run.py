"""run.py BUILD WORK [SECTION ...]: faults, section by section; see world.py. Prints lines for tests/run."""
import os, sys
sys.dont_write_bytecode = True
import importlib, world

SECTIONS = ("memory", "calls", "kills", "folders", "damage", "finite")
TRACED = ("calls", "kills", "folders")                # those that let system calls fail

def sections(w):
    """Where processes may not be traced, a sandbox that forbids ptrace, what needs it is left out, and said to be."""
    if world.execute([w.inject, w.work + "/probe", "read", "count", "1", "/bin/true"])[0] == 0: return SECTIONS
    print("skipped faults: %s: ptrace is not allowed here" % ", ".join(TRACED))
    return [s for s in SECTIONS if s not in TRACED]

if __name__ == "__main__":
    w = world.World(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
    w.compile(w.source, w.small)
    for name in sys.argv[3:] or sections(w): importlib.import_module(name).run(w)
