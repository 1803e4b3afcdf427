"""peer.py: how a peer is timed: the protocol of the programs that bench.py starts.

A line of the standard input is `SECONDS WORD...`; the words name a workload and, last, a mode. The answer is one line
of JSON: `ms`, the time of each run; `first_s`, the seconds of making it and of its first call, where it was new;
`resident_kb`, the most that was resident; or `error`. As in the programs of gdlc: runs until a tenth of the time has
passed, then at least 4, call by call. What belongs to another workload is forgotten, so that it occupies no memory.
"""
import json, os, sys, time

LEAST, MOST = 4, 20000


def resident_most():
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))


def times(run, seconds):
    clock = time.perf_counter
    began = clock()
    while True:
        run()
        if clock() - began >= seconds / 10:
            break
    ms, began = [], clock()
    while len(ms) < LEAST or (len(ms) < MOST and clock() - began < seconds):
        start = clock()
        run()
        ms.append(1e3 * (clock() - start))
    return ms


def serve(make, forget=lambda: None):
    """make(*words): a function without arguments that does the work once. Prints of libraries go to the standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    made = {}
    for line in sys.stdin:
        seconds, *words = line.split()
        key, answer = tuple(words), {}
        try:
            if key not in made:
                if any(k[:-1] != key[:-1] for k in made):
                    made.clear()
                    forget()
                began = time.perf_counter()
                run = make(*words)
                run()
                answer["first_s"] = time.perf_counter() - began
                made[key] = run
            answer["ms"] = times(made[key], float(seconds))
            answer["resident_kb"] = resident_most()
        except Exception as e:
            answer = {"error": f"{type(e).__name__}: {e}".splitlines()[0]}
        print(json.dumps(answer), file=answers, flush=True)
