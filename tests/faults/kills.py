"""kills.py: a training is killed at 200 random moments and goes on, and is killed again, until it comes to its end: the
bits of one that nothing disturbed. 150 times at a system call, before it or after it; 50 times after a random time."""
import os, random, shutil, signal, subprocess, time
from world import Counter, Training, checkpoint_wrong, each, execute, figure
from calls import inject

MOMENTS = "open,write,fsync,rename,close,mkdir,unlink,read,stat"
BY_CALL, BY_TIME = 150, 50

def kill_after(command, seconds):
    p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True)
    try: p.wait(seconds)
    except subprocess.TimeoutExpired: p.kill()
    err = p.communicate()[1]
    return (128 + signal.SIGKILL if p.returncode == -signal.SIGKILL else p.returncode), err

def run(w):
    counter = Counter()
    t = Training(w, "--set", "checkpoint=1")
    out = w.folder()
    calls = inject(w, out + ".result", MOMENTS, "count", 1, t.command(out))[2]
    shutil.rmtree(out)
    started = time.monotonic()
    execute(t.command(out))
    span = time.monotonic() - started
    shutil.rmtree(out)

    def one(case):
        """A training killed `most` times at most; what is over before its moment was not killed."""
        seed, by_time, most = case
        r, out, killed = random.Random(seed), w.folder(), 0
        where = "seed %d" % seed
        while killed < most:
            command = t.command(out, os.path.exists(out + "/last.safetensors"))
            if by_time:
                moment = r.uniform(0, span)
                code, err = kill_after(command, moment)
                where += ", %.1f ms" % (1e3 * moment)
            else:
                moment, what = r.randint(1, calls), r.choice(("kill", "late"))
                code, err, _, hit, named = inject(w, out + ".result", MOMENTS, what, moment, command)
                where += ", %s %s %d %s" % (what, hit, moment, named)
            if code == 128 + signal.SIGKILL:
                killed += 1
                counter.add("by time" if by_time else "by call")
                for name in ("last", "best"):
                    wrong = checkpoint_wrong("%s/%s.safetensors" % (out, name))
                    if wrong: counter.bad("losses", "%s: %s.safetensors %s" % (where, name, wrong))
                if os.path.exists(out + "/last.safetensors"): counter.add("checkpoints")
            elif code: return counter.bad("losses", "%s: ends with %d: %s" % (where, code, err))
            else: shutil.rmtree(out)                  # it came to its end: from the beginning
        if os.path.exists(out): t.recover(out, counter, where)
    each(one, [(k, False, 1 + k % 4) for k in range(BY_CALL * 2 // 5)] + [(1000 + k, True, 1 + k % 4)
        for k in range(BY_TIME * 2 // 5)])
    figure("kill -9 at %d random moments of a training (%d system calls, %d times), %d checkpoints loaded: %d losses"
           % (counter.get("by call") + counter.get("by time"), counter.get("by call"), counter.get("by time"),
               counter.get("checkpoints"), counter.get("losses")))
    if counter.get("by call") < BY_CALL or counter.get("by time") < BY_TIME or not counter.get("checkpoints"): counter.bad("losses", "too few: %s" % counter.counts)
    counter.check("killed at random moments and resumed: the bits of the undisturbed training")
