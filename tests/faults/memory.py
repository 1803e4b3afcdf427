"""memory.py: allocations that fail. gdlc's own all in turn in `check` of every example and in a whole compilation of
the small program; in whole compilations of the examples some of each, evenly spread, because LLVM asks a million
times. Of a training all."""
import filecmp, glob, os, shutil, subprocess
from world import Counter, Training, each, execute, figure

SPREAD = 300

def read_log(path):
    """How many there were (part, rest, libraries), and (status, said, library) of each that failed."""
    lines = open(path).read().split("\n")
    counts = [int(x) for line in lines if line.startswith("count") for x in line.split()[1:]]
    return counts, [tuple(int(x) for x in line.split()) for line in lines if line and not line.startswith("count")]

def in_children(w, counter, name, command, classes, every, alone, extra={}):
    """One process; at every every[0]-th own allocation and every every[1]-th of the libraries a child in which that one fails.
    Returns how many failed of each, and how many there are."""
    log = w.folder() + ".log"
    env = dict(FAULT_FROM=classes, FAULT_EVERY="%d,%d" % every, FAULT_LOG=log, LD_PRELOAD=w.preload, **extra)
    if alone: env["FAULT_ALONE"] = "1"
    code, _, err = execute(command, 600, env)
    counts, children = read_log(log)
    os.unlink(log)
    if code or not counts: counter.bad("crashes", "%s: the undisturbed process ended with %d: %s" % (name, code, err))
    for status, said, library in children:
        if status == 0: counter.add("recovered")
        elif status != 4 or not said:
            counter.bad("crashes", "%s: an allocation of %s: exit code %d%s"
                % (name, "a library" if library else "its own", status, "" if said else ", no message"))
    libraries = sum(c[2] for c in children)
    return (len(children) - libraries, libraries), counts or [0, 0, 0]

def with_threads(w, counter, source, totals):
    """The same without children, so with both threads of gdlc at work."""
    def one(case):
        classes, n = case
        place = w.folder()
        os.makedirs(place + "/tmp")
        code, _, err = execute([w.gdlc, source, "-o", place + "/out"], 60,
            dict(FAULT_FROM=classes, FAULT_AT=str(n), LD_PRELOAD=w.preload, TMPDIR=place + "/tmp",
                FAULT_LOG=place + "/tmp.log"))
        left = [f for f in os.listdir(place) if f != "tmp.log"], os.listdir(place + "/tmp")
        if code != 4 or "out of memory" not in err: counter.bad("crashes", "%s %d: exit code %d: %s"
            % (classes, n, code, err))
        elif left != (["tmp"], []): counter.bad("losses", "%s %d: leaves %s" % (classes, n, left))
        shutil.rmtree(place)
    cases = [(classes, total * k // 9) for classes, total in totals.items() for k in range(1, 9)]
    each(one, cases)
    return len(cases)

def training(w):
    counter = Counter()
    t = Training(w, "--steps", "3", "--set", "checkpoint=2")
    symbol = [line.split() for line in subprocess.run(["nm", "-S", w.small], capture_output=True,
        text=True).stdout.split("\n") if line.endswith(" rt_json_alloc")][0]
    part = {"FAULT_PART": symbol[0] + " " + symbol[1]}
    out = w.folder()
    (json, _), counts = in_children(w, counter, "training", t.command(out), "part", (1, 0), False, part)
    if t.bits(out) != t.want: counter.bad("losses", "a training with children has other bits")
    shutil.rmtree(out)
    def one(n):
        out = w.folder()
        code, _, err = execute(t.command(out), 60, dict(part, FAULT_FROM="rest", FAULT_AT=str(n),
            FAULT_LOG="/dev/null", LD_PRELOAD=w.preload))
        if code not in (0, 4) or (code == 4 and "memory" not in err and "thread" not in err):
            counter.bad("crashes", "allocation %d: exit code %d: %s" % (n, code, err))
        if code == 0: counter.add("recovered")
        if os.path.exists(out): t.recover(out, counter, "allocation %d" % n)
    each(one, range(1, counts[1] + 1))
    figure("%d allocations of three training steps failed in turn (%d of JSON text): %d crashes, %d losses; %d were not needed"
           % (json + counts[1], json, counter.get("crashes"), counter.get("losses"), counter.get("recovered")))
    if json != counts[0] or counts[1] < 300: counter.bad("losses", "not all were reached: %d of %d" % (json, counts[0]))
    counter.check("every allocation of three training steps fails in turn")

def run(w):
    examples = sorted(glob.glob(w.root + "/examples/*/*.gdl")) + [w.source]
    counter = Counter()
    def check(source):
        """Those of libc in processes of their own: a child that reads on would move the place in the file."""
        command, right = [w.gdlc, "check", source], execute([w.gdlc, "check", source])
        (n, _), counts = in_children(w, counter, "check " + os.path.basename(source), command, "own", (1, 0), True)
        for k in range(1, counts[2] + 1):
            env = dict(FAULT_FROM="libraries", FAULT_AT=str(k), FAULT_LOG="/dev/null", LD_PRELOAD=w.preload)
            code, out, err = execute(command, 60, env)
            if (code, out) != right[:2] and (code != 4 or "out of memory" not in err):
                counter.bad("crashes", "%s: allocation %d of libc: exit code %d: %s" % (source, k, code, err))
        if n != counts[0] + counts[1]: counter.bad("losses", "not all were reached: %d of %d" % (n, sum(counts)))
        return n + counts[2]
    checked = sum(each(check, examples))
    if checked < 1000 * len(examples): counter.bad("losses", "too few were reached: %d" % checked)
    figure("%d allocations of `gdlc check` failed in turn, %d programs: %d crashes, %d losses"
        % (checked, len(examples), counter.get("crashes"), counter.get("losses")))
    counter.check("every allocation of `gdlc check` fails in turn, for every example")

    counter = Counter()
    def count(source):
        """How many there are; and the program that an undisturbed gdlc writes."""
        place = w.folder()
        os.makedirs(place + "/tmp")
        code, _, err = execute([w.gdlc, source, "-o", place + "/right"], 60,
            dict(FAULT_LOG=place + ".log", LD_PRELOAD=w.preload))
        if code: counter.bad("crashes", "%s: %d: %s" % (source, code, err))
        return place, read_log(place + ".log")[0]
    def one(case):
        """All that is left must be the program, the same one."""
        source, place, counts = case
        own, library = counts[0] + counts[1], counts[2]
        failed, _ = in_children(w, counter, os.path.basename(source), [w.gdlc, source, "-o", place + "/out"], "own",
                                (1 if source == w.source else max(1, own // SPREAD), max(1, library // SPREAD)), True,
                                    {"TMPDIR": place + "/tmp"})
        left = sorted(os.listdir(place)), os.listdir(place + "/tmp")
        if left != (["out", "right", "tmp"], []): counter.bad("losses", "%s: leaves %s" % (source, left))
        elif not filecmp.cmp(place + "/out", place + "/right", False): counter.bad("losses", "%s: another program"
            % source)
        shutil.rmtree(place)
        return failed, (own, library)
    cases = [(s,) + c for s, c in zip(examples, each(count, examples))]
    cases.sort(key=lambda c: c[0] != w.source)        # the longest first
    results = each(one, cases)
    small = cases[0][2]
    real = with_threads(w, counter, w.source, {"own": small[0] + small[1], "libraries": small[2]})
    failed, there = ([sum(r[k][c] for r in results) for c in (0, 1)] for k in (0, 1))
    figure("compiling %d programs: %d of %d own allocations failed (all %d of %s), %d of %d of LLVM and the C++ library, %d more with threads: %d crashes, %d losses; %d were not needed"
           % (len(examples), failed[0], there[0], results[0][0][0], os.path.basename(w.source), failed[1], there[1],
               real, counter.get("crashes"), counter.get("losses"), counter.get("recovered")))
    if failed[1] < 250 * len(examples) or results[0][0][0] < 1000: counter.bad("losses", "too few were reached: %s"
        % failed)
    counter.check("allocations of whole compilations fail: exit code 4, a message, no file")
    training(w)
