"""folders.py: run folders that another training uses, that are full, that cannot be written.

A full file system is a small tmpfs where one can be mounted (in a mount namespace of our own), and everywhere a
limit of the size of files, which needs no privilege. One that is read-only is a remounted tmpfs, or EROFS at the
call."""
import os, shutil, signal, subprocess, time
from world import Counter, Training, each, execute, figure
from calls import inject

def two(w):
    counter = Counter()
    t = Training(w, "--epochs", "40")
    def one(k):
        out = w.folder()
        first = subprocess.Popen(t.command(out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        while not os.path.exists(out + "/config.json") and first.poll() is None: time.sleep(0.0005)
        time.sleep(0.002 * k)
        first.send_signal(signal.SIGSTOP)
        for resume in (False, True):
            code, _, err = execute(t.command(out, resume))
            if first.poll() is None and (code != 1 or "another training writes there" not in err): counter.bad("losses", "a second training ends with %d: %s" % (code, err))
            counter.add("refused" if first.poll() is None else "late")
        if k % 2:                                     # a lock of a process that is gone binds nobody
            first.kill()
            first.communicate()
        else:
            first.send_signal(signal.SIGCONT)
            err = first.communicate()[1]
            if first.returncode: counter.bad("losses", "the first training ends with %d: %s" % (first.returncode, err))
            elif t.bits(out) != t.want: counter.bad("losses", "the first training has other bits")
        t.recover(out, counter, "after %s" % ("SIGKILL" if k % 2 else "a second training"))
    each(one, range(10))
    figure("two trainings in one folder: the second one refused %d times, the first one's bits unchanged, no stale lock: %d losses" % (counter.get("refused"), counter.get("losses")))
    if counter.get("refused") < 10: counter.bad("losses", "the first one was over too soon: %s" % counter.counts)
    counter.check("two trainings in one folder")

def full(w):
    counter = Counter()
    t = Training(w, "--set", "checkpoint=2")
    mounts = execute(["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=64k none "$1"', "sh", w.work])[0] == 0
    # in one namespace: a training into `size` KiB; then room for it, and it goes on; last, the same folder read-only
    script = r"""at=$1 size=$2 keep=$3; shift 3
mkdir -p "$at" && mount -t tmpfs -o size=${size}k none "$at" || exit 97
"$@" >/dev/null 2>"$keep.err"; echo $? >"$keep.code"
mount -o remount,size=8m "$at" || exit 97
cp -r "$at/run" "$keep"
mount -o remount,ro "$at" && "$@" >/dev/null 2>"$keep.ro"; echo $? >"$keep.rocode" """
    def mounted(size):
        keep, at = w.folder(), w.folder() + ".mount"
        code, _, err = execute(["unshare", "-m", "sh", "-c", script, "sh", at, str(size),
            keep] + t.command(at + "/run"))
        if code: return counter.bad("losses", "a tmpfs of %d KiB: %d: %s" % (size, code, err))
        code, err = int(open(keep + ".code").read()), open(keep + ".err").read()
        counter.add("full" if code else "fits")
        if code not in (0, 5) or (code and ("No space left" not in err or at not in err)):
            counter.bad("crashes", "%d KiB: exit code %d: %s" % (size, code, err))
        if os.path.exists(keep): t.recover(keep, counter, "a tmpfs of %d KiB" % size)
        ro, err = int(open(keep + ".rocode").read()), open(keep + ".ro").read()
        counter.add("read-only")
        if ro not in (1, 5) or at not in err: counter.bad("crashes", "read-only: exit code %d: %s" % (ro, err))
    def limited(blocks):
        """ulimit -f: files of at most so many half KiB"""
        out = w.folder()
        code, _, err = execute(["sh", "-c", 'ulimit -f %d; exec "$@"' % blocks, "sh"] + t.command(out))
        counter.add("limited" if code else "fits")
        if code not in (0, 5) or (code and ("File too large" not in err or out not in err)):
            counter.bad("crashes", "%d blocks: exit code %d: %s" % (blocks, code, err))
        if os.path.exists(out): t.recover(out, counter, "files of %d blocks" % blocks)
    def read_only(n):
        out = w.folder()
        code, err, _, hit, named = inject(w, out + ".result", "open,mkdir", "EROFS", n, t.command(out))
        if hit == "none": return
        counter.add("EROFS")
        if code not in (0, 5) or (code and "Read-only" not in err):
            counter.bad("crashes", "EROFS at %s %s: exit code %d: %s" % (hit, named, code, err))
        if os.path.exists(out): t.recover(out, counter, "EROFS at %s" % named)
    if mounts: each(mounted, list(range(4, 128, 6)) + list(range(128, 400, 24)))
    each(limited, list(range(0, 64, 3)) + list(range(64, 400, 24)))
    each(read_only, range(1, 81))
    code, _, err = execute(w.train("/proc/run"))
    if code != 5 or "/proc/run" not in err: counter.bad("crashes", "--out /proc/run: exit code %d: %s" % (code, err))
    for size in range(0, 2000, 190):                  # gdlc: nothing partial
        place = w.folder()
        os.makedirs(place + "/tmp")
        code, _, err = execute(["sh", "-c", 'ulimit -f %d; exec "$@"' % size, "sh", w.gdlc, w.source, "-o",
            place + "/out"], env={"TMPDIR": place + "/tmp"})
        left = sorted(os.listdir(place)), os.listdir(place + "/tmp")
        counter.add("gdlc")
        if code not in (0, 5) or (code and "gdlc: " not in err):
            counter.bad("crashes", "gdlc, %d blocks: exit code %d: %s" % (size, code, err))
        if code and left != (["tmp"], []): counter.bad("losses", "gdlc, %d blocks: leaves %s" % (size, left))
        shutil.rmtree(place)
    figure("full file systems: %s, %d limits of file sizes, %d of gdlc; read-only: %d remounted, %d calls with EROFS: %d crashes, %d losses"
           % ("%d sizes of a tmpfs" % counter.get("full") if mounts else "no tmpfs can be mounted here",
               counter.get("limited"), counter.get("gdlc"),
              counter.get("read-only"), counter.get("EROFS"), counter.get("crashes"), counter.get("losses")))
    if counter.get("limited") < 5 or not counter.get("fits") or (mounts
        and counter.get("full") < 5) or counter.get("EROFS") < 10: counter.bad("losses", "too few: %s" % counter.counts)
    counter.check("full and read-only file systems")

def run(w):
    two(w)
    full(w)
