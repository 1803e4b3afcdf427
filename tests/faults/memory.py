"""memory.py: allocations that fail. gdlc's own all in turn in `check` of every example and in a whole compilation of the small program;
in whole compilations of the examples some of each, evenly spread, because LLVM asks a million times. Of a training all."""
import filecmp, glob, os, shutil, subprocess
from world import Counter, Training, each, execute, figure

SPREAD = 300

def read_log(path):
    lines = open(path).read().split("\n")
    counts = [int(x) for line in lines if line.startswith("count") for x in line.split()[1:]]
    return counts, [tuple(int(x) for x in line.split()) for line in lines if line and not line.startswith("count")]

def in_children(w, counter, name, command, classes, every, alone, extra={}):
    """One process; at every `every`-th allocation a child in which that one fails. Returns how many failed, and how many there are."""
    log = w.folder() + ".log"
    env = dict(FAULT_FROM=classes, FAULT_EVERY=str(every), FAULT_LOG=log, LD_PRELOAD=w.preload, **extra)
    if alone: env["FAULT_ALONE"] = "1"
    code, _, err = execute(command, 600, env)
    counts, children = read_log(log)
    os.unlink(log)
    if code or not counts: counter.bad("crashes", "%s: the undisturbed process ended with %d: %s" % (name, code, err))
    for n, status, said in children:
        if status == 0: counter.add("recovered")
        elif status != 4 or not said: counter.bad("crashes", "%s: allocation %d: exit code %d%s" % (name, n, status, "" if said else ", no message"))
    return len(children), counts or [0, 0, 0]

def compilation(w, counter, source, classes, every, name):
    """All that is left must be the program, and it must be the one that an undisturbed gdlc writes."""
    place = w.folder()
    os.makedirs(place + "/tmp")
    w.compile(source, place + "/right")
    n, counts = in_children(w, counter, name, [w.gdlc, source, "-o", place + "/out"], classes, every, True, {"TMPDIR": place + "/tmp"})
    left = sorted(os.listdir(place)), os.listdir(place + "/tmp")
    if left != (["out", "right", "tmp"], []): counter.bad("losses", "%s: leaves %s" % (name, left))
    elif not filecmp.cmp(place + "/out", place + "/right", False): counter.bad("losses", "%s: another program" % name)
    shutil.rmtree(place)
    return n, counts

def with_threads(w, counter, source, totals):
    """The same without children, so with both threads of gdlc at work."""
    def one(case):
        classes, n = case
        place = w.folder()
        os.makedirs(place + "/tmp")
        code, _, err = execute([w.gdlc, source, "-o", place + "/out"], 60, dict(FAULT_FROM=classes, FAULT_AT=str(n), LD_PRELOAD=w.preload, TMPDIR=place + "/tmp", FAULT_LOG=place + "/tmp.log"))
        left = [f for f in os.listdir(place) if f != "tmp.log"], os.listdir(place + "/tmp")
        if code != 4 or "out of memory" not in err: counter.bad("crashes", "%s %d: exit code %d: %s" % (classes, n, code, err))
        elif left != (["tmp"], []): counter.bad("losses", "%s %d: leaves %s" % (classes, n, left))
        shutil.rmtree(place)
    cases = [(classes, total * k // 13) for classes, total in totals.items() for k in range(1, 13)]
    each(one, cases)
    return len(cases)

def training(w):
    counter = Counter()
    t = Training(w, "--steps", "3", "--set", "checkpoint=2")
    symbol = [line.split() for line in subprocess.run(["nm", "-S", w.small], capture_output=True, text=True).stdout.split("\n") if line.endswith(" rt_json_alloc")][0]
    part = {"FAULT_PART": symbol[0] + " " + symbol[1]}
    out = w.folder()
    json, counts = in_children(w, counter, "training", t.command(out), "part", 1, False, part)
    if t.bits(out) != t.want: counter.bad("losses", "a training with children has other bits")
    shutil.rmtree(out)
    def one(n):
        out = w.folder()
        code, _, err = execute(t.command(out), 60, dict(part, FAULT_FROM="rest", FAULT_AT=str(n), FAULT_LOG="/dev/null", LD_PRELOAD=w.preload))
        if code not in (0, 4) or (code == 4 and "memory" not in err and "thread" not in err): counter.bad("crashes", "allocation %d: exit code %d: %s" % (n, code, err))
        if code == 0: counter.add("recovered")
        if os.path.exists(out): t.recover(out, counter, "allocation %d" % n)
    each(one, range(1, counts[1] + 1))
    figure("%d allocations of three training steps failed in turn (%d of JSON text): %d crashes, %d losses; %d were not needed"
           % (json + counts[1], json, counter.get("crashes"), counter.get("losses"), counter.get("recovered")))
    if json != counts[0] or counts[1] < 300: counter.bad("losses", "not all were reached: %d of %d" % (json, counts[0]))
    counter.check("every allocation of three training steps fails in turn")

def run(w):
    examples = sorted(glob.glob(w.root + "/examples/*/*.gdl")) + [w.source]
    counter, checked = Counter(), 0
    for n, counts in each(lambda s: in_children(w, counter, "check " + os.path.basename(s), [w.gdlc, "check", s], "own", 1, True), examples):
        checked += n
        if n != counts[0] + counts[1]: counter.bad("losses", "not all were reached: %d of %d" % (n, counts[0] + counts[1]))
    figure("%d allocations of `gdlc check` failed in turn, %d programs: %d crashes, %d losses" % (checked, len(examples), counter.get("crashes"), counter.get("losses")))
    counter.check("every allocation of `gdlc check` fails in turn, for every example")

    counter = Counter()
    log = w.folder() + ".log"
    def count(s):
        execute([w.gdlc, s, "-o", log + os.path.basename(s)], 60, dict(FAULT_LOG=log + os.path.basename(s) + ".n", LD_PRELOAD=w.preload))
        return read_log(log + os.path.basename(s) + ".n")[0]
    sizes = dict(zip(examples, each(count, examples)))
    def one(case):
        source, classes = case
        total = sizes[source][2] if classes == "libraries" else sizes[source][0] + sizes[source][1]
        every = 1 if classes == "own" and source == w.source else max(1, total // SPREAD)
        return classes, compilation(w, counter, source, classes, every, "%s of %s" % (classes, os.path.basename(source)))[0], total
    results = each(one, [(w.source, "own")] + [(s, "own") for s in examples if s != w.source] + [(s, "libraries") for s in examples])
    small = sizes[w.source]
    real = with_threads(w, counter, w.source, {"own": small[0] + small[1], "libraries": small[2]})
    said = {c: (sum(n for k, n, _ in results if k == c), sum(m for k, _, m in results if k == c)) for c in ("own", "libraries")}
    figure("compiling %d programs: %d of %d own allocations failed (all %d of %s), and %d of %d of LLVM and the C++ library, %d with threads: %d crashes, %d losses; %d were not needed"
           % (len(examples), said["own"][0], said["own"][1], results[0][1], os.path.basename(w.source), said["libraries"][0], said["libraries"][1], real,
              counter.get("crashes"), counter.get("losses"), counter.get("recovered")))
    if said["libraries"][0] < 250 * len(examples) or results[0][1] < 1000: counter.bad("losses", "too few were reached: %s" % said)
    counter.check("allocations of whole compilations fail: exit code 4, a message, no file")
    training(w)
