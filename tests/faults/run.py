"""run.py BUILD WORK [SECTION ...]: faults, section by section; see world.py. Prints lines for tests/run."""
import os, sys
sys.dont_write_bytecode = True
import importlib, world

SECTIONS = ("memory", "calls", "kills", "folders", "damage", "finite")

if __name__ == "__main__":
    w = world.World(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
    w.compile(w.source, w.small)
    for name in sys.argv[3:] or SECTIONS: importlib.import_module(name).run(w)
