"""calls.py: system calls that fail. Every open, write, fsync, rename, read and mmap of a training and of gdlc in turn,
with EIO, ENOSPC and EINTR, reads and writes cut short; and whatever else they ask of the system, with EIO.

An interrupted or shortened call is made again: exit code 0 and the same bits. A failed fsync or rename is always
reported. Where a failure may be survived (standard output of a training, random numbers for a hash), the bits must
be those of an undisturbed one."""
import filecmp, os, shutil
from world import CALLS, Counter, Training, each, execute, figure, read, write

OTHERS = "close,stat,mkdir,flock,unlink,thread"

def disturbed(w, result, classes, what, n, command, **more):
    """(exit code, standard output, standard error, calls counted, the call hit or `none`, its path)"""
    code, out, err = execute([w.inject, result, classes, what, str(n)] + command, **more)
    count, hit, named = open(result).read().split(None, 2) if os.path.exists(result) else ("0", "none", "-")
    if os.path.exists(result): os.unlink(result)
    return code, out, err, int(count), hit, named.strip()

def inject(*case, **more):
    """disturbed, without the standard output"""
    code, _, *rest = disturbed(*case, **more)
    return code, *rest

SIZED = "read,write"

def file_cases(total):
    """`total` says how many calls of some classes there are."""
    cases = [(CALLS, what, n) for what in ("EIO", "ENOSPC", "EINTR") for n in range(1, total(CALLS) + 1)]
    return cases + [(SIZED, "short", n) for n in range(0, total(SIZED) + 1)]

def cases_of(total):
    return file_cases(total) + [(OTHERS, "EIO", n) for n in range(1, total(OTHERS) + 1)]

def conclude(counter, tried, of, holds):
    """The figure of calls that failed in commands `of`; most of those tried must have been reached."""
    figure("%d system calls of %s failed in turn%s: %d crashes, %d losses" % (counter.get("failed"), *of,
        counter.get("crashes"), counter.get("losses")))
    if counter.get("absent") > tried // 10: counter.bad("losses", "calls were not reached: %s" % counter.counts)
    counter.check(holds)

def training(w):
    counter = Counter()
    t = Training(w, "--steps", "3", "--set", "checkpoint=2")
    def total(classes):
        out = w.folder()
        n = inject(w, out + ".result", classes, "count", 1, t.command(out))
        shutil.rmtree(out)
        return n[2]
    def one(case):
        classes, what, n = case
        out = w.folder()
        code, err, _, hit, named = inject(w, out + ".result", classes, what, n, t.command(out))
        where = "%s at %s call %d, %s %s" % (what, hit, n, named, err)
        counter.add("%s %s" % (hit, what) if hit != "none" else "absent")
        must_pass = (what == "EINTR" and hit in ("open", "read", "write", "fsync", "rename")) or what == "short"
        must_fail = what in ("EIO", "ENOSPC") and hit in ("fsync", "rename")
        said = err.count("\n") == 1 and err.startswith(w.small + ": ")
        if code not in (0, 4, 5) or (code and not said): counter.bad("crashes", "exit code %d: %s" % (code, where))
        elif code == 5 and w.work not in err.split(": ", 1)[1] and named + ": " not in err:
            counter.bad("crashes", "the message names no file: %s" % where)
        elif must_pass and code: counter.bad("losses", "not made again: %s" % where)
        elif must_fail and code != 5: counter.bad("losses", "not reported: %s" % where)
        if code == 0: counter.add("survived")
        if code == 0 and t.bits(out) != t.want: counter.bad("losses", "other bits: %s" % where)
        if os.path.exists(out): t.recover(out, counter, where)
    cases = cases_of(total)
    each(one, cases)
    kinds = ("open", "write", "fsync", "rename", "read", "mmap")
    figure("%d system calls of three training steps failed in turn (%s; others %d), each with EIO, ENOSPC, EINTR, cut short: %d crashes, %d losses"
           % (len(cases) - counter.get("absent"), ", ".join("%s %d" % (k, counter.get(k + " EIO")) for k in kinds),
               sum(counter.get(k + " EIO") for k in OTHERS.split(",")),
              counter.get("crashes"), counter.get("losses")))
    reached = all(counter.get(k + " " + what) for k in kinds for what in ("EIO", "ENOSPC", "EINTR"))
    if counter.get("absent") > 20 or not reached: counter.bad("losses", "calls were not reached: %s" % counter.counts)
    counter.check("every system call of three training steps fails in turn")

TINY = """model tiny(x: 4 scalar) -> (y: scalar) { y = x |> linear(scalar) }
train tiny(z: scalar) {
  data = npy(x: "x.npy", z: "z.npy")
  loss = mse(y, z)
}
"""
TEXTS, LINKED = ("graph", "loops", "llvm", "asm", "cuda", "header", "types", "ast"), ("obj", "lib", "so")

def compiler(w):
    counter, tried = Counter(), 0
    right = w.folder()
    os.makedirs(right)
    source = w.work + "/tiny.gdl"
    write(source, TINY.encode())
    emit = lambda kinds: "--emit=" + ",".join("%s=%s" % (f, f) for f in kinds)
    commands = {"check": (["check", source], ()), "-o": ([source, "--no-audit", "-o", "out"], ("out",)),
                "--emit texts": ([source, "--entry=infer", emit(TEXTS)], TEXTS),
                    "--emit objects": ([source, "--no-audit", emit(LINKED)], LINKED)}
    for name, (arguments, files) in commands.items():
        def one(case):
            classes, what, n = case
            place = w.folder()
            os.makedirs(place + "/tmp")
            code, err, _, hit, named = inject(w, place + ".result", classes, what, n, [w.gdlc] + arguments, cwd=place,
                env={"TMPDIR": place + "/tmp"})
            where = "gdlc %s: %s at %s call %d, %s: exit code %d, %s" % (name, what, hit, n, named, code, err)
            counter.add("failed" if hit != "none" else "absent")
            left = sorted(set(os.listdir(place)) - {"tmp"})
            again = (what == "EINTR" and hit in ("open", "read", "write", "rename") and files) or what == "short"
            if code not in (0, 4, 5) or (code and "gdlc: " not in err): counter.bad("crashes", where)
            elif again and code: counter.bad("losses", "not made again: " + where)
            if hit == "unlink": counter.add("cannot be removed")      # no program can tidy up then
            elif os.listdir(place + "/tmp") or set(left) - set(files) or (code == 0
                and left != sorted(files)): counter.bad("losses", "leaves %s and %s: %s"
                    % (left, os.listdir(place + "/tmp"), where))
            for f in set(left) & set(files):
                if not filecmp.cmp(place + "/" + f, right + "/" + f, False): counter.bad("losses", "another %s: %s"
                    % (f, where))
            shutil.rmtree(place)
        execute([w.gdlc] + arguments, cwd=right)
        cases = cases_of(lambda classes: inject(w, right + ".result", classes, "count", 1, [w.gdlc] + arguments,
            cwd=right)[2])
        tried += len(cases)
        each(one, cases)
    conclude(counter, tried, ("gdlc", " (check, -o, --emit)"), "every system call of gdlc fails in turn: no partial file")

def commands(w):
    """What reads a checkpoint: eval, predict, export. A file that they write is whole or not there."""
    counter, tried, out = Counter(), 0, w.folder()
    execute(w.train(out, "--epochs", "1"))
    weights = ["--weights", out + "/best.safetensors", "--threads", "1"]
    told = {"eval": ["--data", w.data], "predict": [w.data + "/one.png", "-o", "OUT"], "export": ["-o", "OUT"]}
    for name, more in told.items():
        ready = lambda to: [w.small, name, *weights, *(to if x == "OUT" else x for x in more)]
        right = w.folder()
        want = execute(ready(right))[:2], read(right)
        total = lambda classes: inject(w, right + ".result", classes, "count", 1, ready(right))[2]
        def one(case):
            classes, what, n = case
            to = w.folder()
            code, said, err, _, hit, named = disturbed(w, to + ".result", classes, what, n, ready(to))
            where = "%s: %s at %s call %d, %s: exit code %d, %s" % (name, what, hit, n, named, code, err)
            counter.add("failed" if hit != "none" else "absent")
            printing = "standard output cannot be written" in err       # then the command ends, whatever the reason
            again = (what == "EINTR" and hit in ("open", "read", "write", "fsync", "rename") and not printing) or what == "short"
            if code not in (0, 4, 5) or (code and (err.count("\n") != 1 or not err.startswith(w.small + ": "))):
                counter.bad("crashes", where)
            elif again and code: counter.bad("losses", "not made again: " + where)
            elif code == 0 and (said.replace(to, right) != want[0][1] or read(to) != want[1]):
                counter.bad("losses", "another result: " + where)
            elif read(to) not in (None, want[1]): counter.bad("losses", "part of a file: " + where)
            for f in (to, to + ".part"):
                if os.path.exists(f): os.unlink(f)
        cases = file_cases(total)
        if want[0][0] or not cases: counter.bad("crashes", "%s, undisturbed: %s" % (name, want))
        tried += len(cases)
        each(one, cases)
    conclude(counter, tried, ("eval, predict and export", ""), "every system call of what reads a checkpoint fails in turn")

def run(w):
    training(w)
    compiler(w)
    commands(w)
