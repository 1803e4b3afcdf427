"""bench.py BUILD [PEERS]: how fast gdlc's programs are, beside the machine's limits and beside their peers.

First the machine: flop rate and bandwidth (machine.c). Then each workload of workloads.py: ROUNDS times ours, then each mode
of each peer, one after the other; the figure of a mode is the median over the rounds of the median of a round. Without
PEERS, an environment made by peers.sh, ours alone. Then memory, other vectors and f64, and the time to compile.

Tables go to the standard output, progress to the standard error. BUILD/bench/ gets bench.csv, bench.svg (picture.py) and
bench.txt, which is the tables again. From the environment: ONLY (names, or how they begin, with commas between them),
ROUNDS (5), THREADS (2), SECONDS (of a round: 0.15 for sweeps and ten times that for steps; at least 4 runs). CPU=1
with THREADS=1 counts processor time (cpuclock.c) instead of the clock's, for a machine that others load.
"""
import csv, json, math, os, re, resource, shutil, statistics, subprocess, sys, tempfile, time
from pathlib import Path
import picture
from workloads import EXAMPLES, HERE, WORKLOADS
sys.path.insert(0, str(HERE.parent))
from memory import entries

ROUNDS = int(os.environ.get("ROUNDS") or 5)
THREADS = int(os.environ.get("THREADS") or 2)
SECONDS = float(os.environ.get("SECONDS") or 0.15)
ONLY = [w for w in os.environ.get("ONLY", "").split(",") if w]
CPU = bool(os.environ.get("CPU"))
median = statistics.median


class Lines:
    """Standard output and a file; progress is one line of the standard error that is written over on a terminal."""

    def __init__(self, path):
        self.file, self.terminal = open(path, "w"), sys.stderr.isatty()

    def clear(self):
        if self.terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def say(self, text=""):
        self.clear()
        print(text, flush=True)
        print(text, file=self.file, flush=True)

    def progress(self, text):
        self.clear()
        print(text, end="" if self.terminal else "\n", file=sys.stderr, flush=True)


class Server:
    """A running peer; `ask` gives None where it cannot do it, and says so once."""

    def __init__(self, python, script, out):
        cache = tempfile.mkdtemp(dir=out)                  # so that torch.compile's first call is its first
        env = preloading(out, *jemalloc()) | {"OMP_NUM_THREADS": str(THREADS), "TORCHINDUCTOR_CACHE_DIR": cache}
        self.log, self.cache, self.script, self.refused = open(out / f"{Path(script).stem}.log", "a"), cache, script, set()
        self.process = subprocess.Popen([python, HERE / script, str(THREADS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True, env=env)

    def ask(self, seconds, words):
        if words in self.refused:
            return None
        try:
            print(seconds, *words, file=self.process.stdin, flush=True)
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer = json.loads(line) if line else {"error": f"it has ended; see {self.log.name}"}
        if "error" in answer:
            self.refused.add(words)
            print(f"\n{self.script} {' '.join(map(str, words))}: {answer['error']}", file=sys.stderr)
            return None
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()
        shutil.rmtree(self.cache, ignore_errors=True)


def output_of(command, env=None):
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout


def jemalloc():
    """As it is: stock malloc makes PyTorch up to 1.6 times slower. Settings of it change a step by 4% at most."""
    found = re.search(r"libjemalloc\.so\.2.*=> (\S+)", output_of(["/sbin/ldconfig", "-p"]))
    return [found[1]] if found else []


def preloading(out, *libraries):
    """The environment of what is timed."""
    clock = [str(out / "cpuclock.so")] if CPU else []
    return dict(os.environ, LD_PRELOAD=" ".join([*clock, *libraries]))


def machine(out):
    words = output_of([out / "machine", str(THREADS)], env=preloading(out)).split()
    return float(words[1]), float(words[3])


def build_clocks(out):
    def gcc(*words):
        subprocess.run(["gcc", "-O3", *words], check=True)
    gcc("-march=native", "-ffp-contract=fast", "-o", out / "machine", HERE / "machine.c", "-lpthread")
    gcc("-shared", "-fPIC", "-o", out / "cpuclock.so", HERE / "cpuclock.c")


def timed(command):
    """Seconds by the clock, and of all processors together."""
    def cpu():
        spent = resource.getrusage(resource.RUSAGE_CHILDREN)
        return spent.ru_utime + spent.ru_stime
    before, began = cpu(), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began, cpu() - before


def build(gdlc, w, out):
    path = w.path or out / f"{w.name}.gdl"
    if not w.path:
        path.write_text(w.text)
    program = out / w.name
    timed([gdlc, path, "-o", program])
    return program


def ours(program, w, seconds):
    command = [program, "bench", "--csv", "--entry", w.entry, "--set", f"batch={w.batch}", "--seconds", str(seconds),
               "--threads", str(THREADS)]
    return next(csv.DictReader(output_of(command, preloading(program.parent)).splitlines()))


class Result:
    def __init__(self, w):
        self.w, self.ms, self.workspace, self.resident = w, None, 0, 0
        self.peers = {}                                    # name: (ms, seconds of the first call, KiB resident)

    def fastest(self, start=""):
        names = [p for p in self.peers if p.startswith(start)]
        return min(names, key=lambda p: self.peers[p][0]) if names else None

    def ratio(self, peer):
        return self.peers[peer][0] / self.ms

    def rate(self, ms):
        return self.w.flop / ms / 1e6


def measure(w, gdlc, python, servers, out, lines, what):
    program, r = build(gdlc, w, out), Result(w)
    seconds = SECONDS * (10 if w.group == "steps" else 1)
    mine, theirs, first = [], {p.name: [] for p in w.peers}, {}
    for n in range(ROUNDS):
        lines.progress(f"{what}, round {n + 1} of {ROUNDS}: ours")
        row = ours(program, w, seconds)
        mine.append(float(row["median_ms"]))
        r.workspace, r.resident = int(row["workspace_bytes"]), int(row["resident_kb"])
        for p in w.peers if python else []:
            lines.progress(f"{what}, round {n + 1} of {ROUNDS}: {p.name}")
            key = (p.script, p.words) if p.alone else p.script
            if key not in servers:
                servers[key] = Server(python, p.script, out)
            answer = servers[key].ask(seconds, p.words)
            if answer:
                theirs[p.name].append(median(answer["ms"]))
                first.setdefault(p.name, answer.get("first_s"))
                r.peers[p.name] = (median(theirs[p.name]), first[p.name], answer["resident_kb"])
    r.ms = median(mine)
    for key in [k for k in servers if isinstance(k, tuple)]:
        servers.pop(key).close()
    return r


# --- tables ------------------------------------------------------------------------------------------------------
def digits(x):
    """Four of them that count."""
    return f"{x:.{max(0, 3 - math.floor(math.log10(x)))}f}"


def head(lines, peers):
    lines.say()
    lines.say(f"{'workload':34} {'ours ms':>9} {'GFLOP/s':>8} {'share':>6}" +
              (f"   {'peer':22} {'ms':>9} {'ratio':>6}" if peers else ""))


def table_row(lines, r, peak):
    text = f"{r.w.title:34} {digits(r.ms):>9} {r.rate(r.ms):8.0f} {100 * r.rate(r.ms) / peak:5.0f}%"
    names = sorted(r.peers, key=lambda p: r.peers[p][0])
    if r.w.group != "steps":
        names = names[:1]
    for p in names or [None]:
        lines.say(text + (f"   {p:22} {digits(r.peers[p][0]):>9} {r.ratio(p):6.2f}" if p else ""))
        text = f"{'':34} {'':9} {'':8} {'':6}"


def bars(lines, results, peak):
    """What the bars say, of each step and of the sweeps together; nothing that a peer was not there for."""
    lines.say()
    for r in results:
        for start, least in r.w.bars if r.w.group == "steps" else ():
            p = r.fastest(start)
            if p:
                verdict = "met" if r.ratio(p) >= least else "MISSED"
                lines.say(f"{r.w.title}: {r.ratio(p):.2f} times {p}, bar {least}: {verdict}")
    for group in ("products", "convolutions"):
        some = [r for r in results if r.w.group == group]
        if not some:
            continue
        low = [r for r in some if r.rate(r.ms) / peak < r.w.share]
        worst = min(some, key=lambda r: r.rate(r.ms))
        lines.say(f"{group}: {len(some) - len(low)} of {len(some)} at {100 * some[0].w.share:.0f}% of the machine or above; "
                  f"the lowest {100 * worst.rate(worst.ms) / peak:.0f}%, {worst.w.title}")
        beside = [r for r in some if r.peers]
        if beside:
            behind = [r for r in beside if r.ratio(r.fastest()) < 1]
            worst = min(beside, key=lambda r: r.ratio(r.fastest()))
            lines.say(f"{'':{len(group)}}  {len(beside) - len(behind)} of {len(beside)} no slower than PyTorch; "
                      f"the lowest ratio {worst.ratio(worst.fastest()):.2f}, {worst.w.title}")


def memory(lines, gdlc, results):
    some = [r for r in results if r.w.group == "steps"]
    if not some:
        return
    lines.say()
    lines.say(f"{'memory of a step':34} {'workspace':>10} {'of live':>8} {'resident':>10}" +
              (f"   {'peer':22} {'resident':>10}" if some[0].peers else ""))
    for r in some:
        plan = output_of([gdlc, r.w.path, "--dump-after=plan", "--entry=step"]).splitlines()
        _, whole, alive, _ = entries(plan, r.w.batch)[0]
        p = r.fastest("PyTorch")
        lines.say(f"{r.w.title:34} {r.workspace / 2**20:7.0f} MB {whole / alive:8.2f} {r.resident / 2**10:7.0f} MB" +
                  (f"   {p:22} {r.peers[p][2] / 2**10:7.0f} MB" if p else ""))


def compile_times(lines, gdlc, out, results):
    """Every example and workload, to the program or to the certificate; CPU is that of all processors together."""
    lines.say()
    lines.say(f"{'compile':26} {'gdlc':>9} {'CPU':>9} {'check':>8} {'CPU':>8}   first call of torch.compile")
    quick, checked, paths = 0, 0, sorted(EXAMPLES.glob("*/*.gdl")) + sorted(HERE.glob("*.gdl"))
    for path in paths:
        lines.progress(f"compile: {path.name}")
        whole, whole_cpu = map(median, zip(*(timed([gdlc, path, "-o", out / "compiled"]) for _ in range(3))))
        check, check_cpu = map(median, zip(*(timed([gdlc, "check", path]) for _ in range(9))))
        r = next((r for r in results if r.w.path == path and "PyTorch compiled" in r.peers), None)
        lines.say(f"{path.parent.name + '/' + path.name:26} {whole:7.2f} s {whole_cpu:7.2f} s "
                  f"{1e3 * check:5.0f} ms {1e3 * check_cpu:5.0f} ms" +
                  (f"   {r.peers['PyTorch compiled'][1]:6.1f} s" if r else ""))
        quick += whole < 1
        checked += check < 0.05
    lines.say(f"{quick} of {len(paths)} compile in less than 1 s, {checked} are checked in less than 50 ms")


CONV = ("domain X = grid(16, 16)\n"
        "model k(x: 128 scalar on X) -> (y: 128 scalar on X) { y = conv(x, 128 scalar, kernel: 3, pad: 1) }",
        16, 2 * 256 * 9 * 128**2)
WIDTHS = {                                             # model k, a batch, flop a sample; options of gdlc
    "256 x 256 x 256": ("model k(x: 256 scalar) -> (y: 256 scalar) { y = linear(x, 256) }", 256, 2 * 256**2, []),
    "conv 128 at 16 x 16, direct": (*CONV, ["--winograd=off"]),
    "the same, transformed": (*CONV, []),
}


def widths(lines, gdlc, out, include):
    """The same kernels for other vectors, and in f64: library functions on one thread, beside the rate of one."""
    flags = open("/proc/cpuinfo").read()
    marches = [m for m, needs in (("x86-64-v4", "avx512dq"), ("x86-64-v3", "avx2")) if needs in flags]
    peak = float(output_of([out / "machine", "1"], env=preloading(out)).split()[1])
    lines.say()
    lines.say(f"{'one thread, without a host':30}" + "".join(f"{m + ' ' + t:>20}" for m in marches for t in ("f32", "f64")))
    for title, (text, batch, flop, options) in WIDTHS.items():
        cells = ""
        for march in marches:
            lines.progress(f"widths: {title}, {march}")
            source, library, program = out / "k.gdl", out / "libk.a", out / "kernel"
            source.write_text(text)
            output_of([gdlc, source, "--no-audit", f"--march={march}", *options, f"--emit=lib={library}"])
            output_of(["gcc", "-O2", "-I", include, HERE / "kernel.c", library, "-lm", "-o", program])
            for name, most in (("k", peak), ("k64", peak / 2)):
                ms = float(output_of([program, name, str(batch), str(2 * SECONDS)], env=preloading(out)))
                rate = batch * flop / ms / 1e6
                cells += f"{rate:8.0f} GFLOP/s {rate / most:3.0%}".rjust(20)
        lines.say(f"{title:30}{cells}")


def write_csv(path, results, peak):
    with open(path, "w", newline="") as f:
        to = csv.writer(f, lineterminator="\n")
        to.writerow("workload,ours_ms,peer,peer_ms,ratio,gflops,share".split(","))
        for r in results:
            mine, rest = [r.w.name, digits(r.ms)], [digits(r.rate(r.ms)), digits(r.rate(r.ms) / peak)]
            for p in r.peers or [None]:
                to.writerow(mine + ([p, digits(r.peers[p][0]), f"{r.ratio(p):.3f}"] if p else ["", "", ""]) + rest)


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: bench.py BUILD [PEERS]")
    top = Path(sys.argv[1]).resolve()
    gdlc, out = top / "gdlc", top / "bench"
    python = Path(sys.argv[2]).absolute() / "bin" / "python" if len(sys.argv) > 2 and sys.argv[2] else None
    if python and not python.exists():
        sys.exit(f"{python} is not there: sh tests/bench/peers.sh {sys.argv[2]} makes it")
    chosen = [w for w in WORKLOADS if not ONLY or any(w.name.startswith(o) for o in ONLY)]
    if not chosen and not {"compile", "widths"} & set(ONLY):
        sys.exit(f"ONLY: no workload begins with {' or '.join(ONLY)}; there are " + " ".join(w.name for w in WORKLOADS))
    if CPU and THREADS != 1:
        sys.exit("CPU=1 is for THREADS=1: processor time of several threads is their sum")
    out.mkdir(exist_ok=True)
    lines = Lines(out / "bench.txt")
    lines.progress("the machine")
    build_clocks(out)
    peak, bandwidth = machine(out)
    lines.say(f"machine, {THREADS} threads: {peak:.0f} GFLOP/s of fused multiply-adds, {bandwidth:.1f} GB/s"
              + (", in processor time" if CPU else ""))
    results, servers, group = [], {}, None
    for i, w in enumerate(chosen):
        if w.group != group:
            head(lines, bool(python))
            group = w.group
        results.append(measure(w, gdlc, python, servers, out, lines, f"[{i + 1}/{len(chosen)}] {w.title}"))
        table_row(lines, results[-1], peak)
    for s in servers.values():
        s.close()
    if results:
        bars(lines, results, peak)
    memory(lines, gdlc, results)
    if not ONLY or "widths" in ONLY:
        widths(lines, gdlc, out, HERE.parent.parent / "runtime")
    if not ONLY or "compile" in ONLY:
        compile_times(lines, gdlc, out, results)
    again = machine(out)[0]
    if abs(again - peak) > 0.05 * peak:
        lines.say(f"\nthe machine gives {again:.0f} GFLOP/s now, {peak:.0f} before: measure again when it is quiet")
    if results:
        write_csv(out / "bench.csv", results, peak)
        picture.write(out / "bench.svg", results, peak, THREADS)
        lines.say(f"\n{out / 'bench.csv'}\n{out / 'bench.svg'}")


if __name__ == "__main__":
    main()
