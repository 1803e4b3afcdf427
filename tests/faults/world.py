"""world.py: what the tests of faults share: programs and data, runs of them with something wrong, and what must be left
of a training.

A crash is an end by a signal, by our own bug (70), in time that is not sane, or a message that is none. A loss is a
folder of a training from which the same command, with --resume where a checkpoint is, does not come to the bits of a
training that nothing disturbed; or a checkpoint in it that does not load. Both are counted and must be 0."""
import hashlib, json, os, shutil, signal, subprocess, sys, threading, zlib
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "programs"))
import make_data

CALLS = "open,read,write,fsync,rename,mmap"
workers = os.cpu_count() or 1

class Counter:
    """Counts of one section; says at most ten times what is wrong."""
    def __init__(self): self.lock, self.counts, self.wrong = threading.Lock(), {}, []
    def add(self, what, n=1):
        with self.lock: self.counts[what] = self.counts.get(what, 0) + n
    def get(self, what): return self.counts.get(what, 0)
    def bad(self, what, why):
        self.add(what)
        with self.lock: self.wrong.append("%s: %s" % (what, why))
    def check(self, name):
        for w in self.wrong[:10]: print("fail faults: %s: %s" % (name, w.replace("\n", " | ")))
        if not self.wrong: print("pass faults: " + name)
        sys.stdout.flush()

def figure(text):
    print("figure " + text)
    sys.stdout.flush()

def execute(command, seconds=60, env=None, cwd=None):
    """(exit code or 128 + signal, standard output, standard error)"""
    try:
        p = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=seconds, cwd=cwd,
                           env=dict(os.environ, **env) if env else None)
    except subprocess.TimeoutExpired: return 128 + signal.SIGALRM, "", "did not end within %d s" % seconds
    return p.returncode if p.returncode >= 0 else 128 - p.returncode, p.stdout, p.stderr

def each(function, cases):
    with ThreadPoolExecutor(workers) as pool: return list(pool.map(function, cases))

def read(path):
    try: return open(path, "rb").read()
    except FileNotFoundError: return None

def write(path, data):
    with open(path, "wb") as f: f.write(data)

def checkpoint_wrong(path):
    """None, or why this is no whole checkpoint: by this program, not by the one under test."""
    b = read(path)
    if b is None: return None
    n = int.from_bytes(b[:8], "little")
    if len(b) < 8 or n > len(b) - 8: return "ends in its header"
    try: head = json.loads(b[8:8 + n])
    except ValueError as e: return "header: %s" % e
    meta = head.pop("__metadata__")
    crc = meta.pop("crc32")
    end = max(t["data_offsets"][1] for t in head.values())
    if end != len(b) - 8 - n: return "%d bytes of tensors, %d expected" % (len(b) - 8 - n, end)
    text = json.dumps(dict(sorted(meta.items())), separators=(",", ":"), ensure_ascii=False).encode()
    return None if "%08x" % zlib.crc32(text, zlib.crc32(b[8 + n:])) == crc else "its checksum does not match"

def tensors(path):
    b = read(path)
    return None if b is None else b[8 + int.from_bytes(b[:8], "little"):]

class World:
    def __init__(self, build, work):
        self.build, self.work = build, work
        self.gdlc, self.inject, self.preload = build + "/gdlc", work + "/inject", work + "/preload.so"
        self.root = os.path.dirname(os.path.dirname(HERE))
        self.small, self.source, self.data = work + "/small", self.root + "/tests/programs/small.gdl", work + "/data"
        make_data.write(self.data, 32, 12, 3, lambda a: a)
        self.lock, self.number = threading.Lock(), 0

    def folder(self):
        with self.lock: self.number += 1
        return "%s/run%d" % (self.work, self.number)

    def compile(self, source, program, *more):
        code, _, err = execute([self.gdlc, source, "-o", program, *more])
        if code: sys.exit("fail faults: %s does not compile: %s" % (source, err))

    def train(self, out, *more, program=None, data=None):
        return [program or self.small, "train", "--data", data or self.data, "--out", out, "--threads", "1", *more]

class Training:
    """One command, the bits it ends with, and the way back to them."""
    def __init__(self, world, *options):
        self.world, self.options, self.known, self.lock = world, options, {}, threading.Lock()
        out = world.folder()
        code, _, err = execute(self.command(out))
        assert code == 0, err
        self.want = self.bits(out)
        shutil.rmtree(out)

    def command(self, out, resume=False): return self.world.train(out, *self.options, *(["--resume"] if resume else []))
    def bits(self, out): return [hashlib.sha256(t).hexdigest() if t is not None else None
        for t in (tensors(out + "/last.safetensors"), tensors(out + "/best.safetensors"))]

    def recover(self, out, counter, what):
        """Goes on in the folder and compares; the folder is gone then. A folder as one before is not run again."""
        for name in ("last", "best"):
            wrong = checkpoint_wrong("%s/%s.safetensors" % (out, name))
            if wrong: counter.bad("losses", "%s: %s.safetensors %s" % (what, name, wrong))
        state = hashlib.sha256()
        for name in ("last.safetensors", "best.safetensors"): state.update(b"+" + (read(out + "/" + name) or b""))
        config = read(out + "/config.json")
        state.update(b"%d%d" % (config is not None and b'"running"' not in config,
            os.path.exists(out + "/report.html")))
        key = state.hexdigest()
        with self.lock: done = key in self.known
        if not done:
            code, _, err = execute(self.command(out, os.path.exists(out + "/last.safetensors")))
            if code: counter.bad("losses", "%s: going on ends with %d: %s" % (what, code, err))
            elif self.bits(out) != self.want: counter.bad("losses", "%s: going on gives other bits" % what)
            elif [f for f in os.listdir(out) if f.endswith(".part")]: counter.bad("losses", "%s: going on leaves %s"
                % (what, os.listdir(out)))
            elif not os.path.exists(out + "/report.html"): counter.bad("losses", "%s: going on writes no report" % what)
            else:
                with self.lock: self.known[key] = True
        if os.path.exists(out): shutil.rmtree(out)
