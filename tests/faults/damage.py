"""damage.py: data and checkpoints that are cut off, have a bit turned, or are exchanged for others. Each is refused,
with its name; or it is no damage: the same data come out of it, which the checksum of the data in the checkpoint
tells.

What a format cannot tell: IDX without gz, NPY and CSV have no checksum, so a bit in their elements makes other
elements. A bit of their headers may make a header of another array of the same length ('<f4' and '>f4', bytes with
and without sign). Both are counted apart. gz, NPZ, PNG and checkpoints have checksums: there no bit may be lost."""
import gzip, json, os, random, shutil, struct
from world import Counter, each, execute, figure, read, tensors, write
import make_data

def places(n, dense, spread):
    """The first and last `dense`, and `spread` between."""
    return sorted(set(range(min(n, dense))) | set(range(max(0, n - dense), n)) | {n * k // spread
        for k in range(spread)})

def damages(b):
    """(what, bytes): every kind of damage of one file"""
    for n in places(len(b), 24, 60): yield "cut to %d bytes" % n, b[:n]
    for at in places(len(b), 24, 60):
        for bit in range(8): yield "bit %d of byte %d turned" % (bit,
            at), b[:at] + bytes([b[at] ^ 1 << bit]) + b[at + 1:]
    yield "a byte more", b + b"x"

def sources(w):
    small = open(w.source).read()
    head, tail = small.split("  data ", 1)[0], small.split("valid     = 1/8", 1)[1]
    reader = {"idx.gz": 'idx(image: "image", class: "class")', "idx": 'idx(image: "image", class: "class")',
        "npy": 'npy(image: "image", class: "class")', "npz": 'npz("image", class: "part")'}
    for name, text in reader.items():
        path = "%s/%s.gdl" % (w.work, name)
        write(path, (head + "  data = %s\n  valid = 1/8" % text + tail.replace("epochs    = 4",
            "epochs    = 1")).encode())
        yield name, path

def originals(w, name):
    at = lambda f: read("%s/%s" % (w.data, f))
    if name in ("idx", "idx.gz"):
        pair = at("train-images-idx3-ubyte.gz"), at("train-labels-idx1-ubyte.gz")
        return {"image": pair[0], "class": pair[1]} if name == "idx.gz" else {"image": gzip.decompress(pair[0]),
            "class": gzip.decompress(pair[1])}
    if name == "npy": return {"image": at("train-images.npy"), "class": at("train-labels.npy")}
    return {"image": at("train.npz")}

def header_of(name, b):
    """How many bytes before the elements"""
    return 4 + 4 * b[3] if name == "idx" else 10 + struct.unpack("<H", b[8:10])[0] if name == "npy" else 0

def meta(path):
    b = read(path)
    return json.loads(b[8:8 + int.from_bytes(b[:8], "little")])["__metadata__"]["data"] if b else None

def data(w):
    counter, formats = Counter(), []
    for name, source in sources(w):
        program = w.work + "/reads." + name
        w.compile(source, program, "--no-audit")
        files, folder = originals(w, name), w.folder()
        def prepare():
            out = w.folder()
            os.makedirs(out + "/data")
            for f, b in files.items(): write("%s/data/%s" % (out, f), b)
            return out
        command = lambda out: w.train(out + "/run", "--steps", "1", program=program, data=out + "/data")
        right = prepare()
        code, _, err = execute(command(right))
        if code: counter.bad("crashes", "%s: undamaged data end with %d: %s" % (name, code, err))
        want = meta(right + "/run/last.safetensors")
        checked = name in ("idx.gz", "npz")
        def one(case):
            f, what, b = case
            out = prepare()
            write("%s/data/%s" % (out, f), b)
            code, _, err = execute(command(out))
            where = "%s, %s, %s: exit code %d: %s" % (name, f, what, code, err)
            counter.add("cases")
            counter.add("%s %s" % (name, "refused" if code else "same" if meta(out + "/run/last.safetensors") == want
                else "other"))
            if code not in (0, 1, 5) or (code and (err.count("\n") != 1
                or ("/data/" not in err))): counter.bad("crashes", where)
            elif code == 0 and meta(out + "/run/last.safetensors") != want:
                at = int(what.split("byte ")[1].split()[0]) if "byte " in what else -1
                if checked or "turned" not in what: counter.bad("losses", "used: " + where)
                counter.add("elements" if at >= header_of(name, files[f]) else "headers")
            elif code == 0 and what.startswith("cut") and not checked: counter.bad("losses", "used: " + where)
            shutil.rmtree(out)
        cases = [(f, what, b) for f, original in files.items() for what, b in damages(original)]
        if len(files) == 2: cases += [(f, "the other file", files[g]) for f,
            g in (("image", "class"), ("class", "image"))]
        each(one, cases)
        formats.append("%s %d" % (name, len(cases)))
    tables(w, counter, formats)
    pictures(w, counter, formats)
    figure("%d damaged data files (%s): %d crashes, %d losses; by formats without a checksum %d turned bits of elements and %d of headers make other data"
           % (counter.get("cases"), ", ".join(formats), counter.get("crashes"), counter.get("losses"),
               counter.get("elements"), counter.get("headers")))
    if not counter.get("idx.gz refused") or not counter.get("npy other"):
        counter.bad("losses", "nothing was tried: %s" % counter.counts)
    counter.check("damaged data are refused with their name")

def pictures(w, counter, formats):
    """PNG, by predict: of the weights of one step."""
    out, original = w.folder(), read(w.data + "/one.png")
    execute(w.train(out, "--steps", "1"))
    def predict(path, to): return execute([w.small, "predict", "--weights", out + "/best.safetensors", path, "-o", to,
        "--threads", "1"])
    predict(w.data + "/one.png", out + "/right.npy")
    want = read(out + "/right.npy")
    def one(case):
        what, b = case
        path = w.folder() + ".png"
        write(path, b)
        code, _, err = predict(path, path + ".npy")
        counter.add("cases")
        if code not in (0, 1, 5) or (code and (path not in err or err.count("\n") != 1)):
            counter.bad("crashes", "png, %s: exit code %d: %s" % (what, code, err))
        elif code == 0 and read(path + ".npy") != want: counter.bad("losses", "png, used: %s" % what)
        elif code and os.path.exists(path + ".npy"): counter.bad("losses", "png: outputs of what was refused")
    cases = [c for c in damages(original) if c[0] != "a byte more"]      # what stands behind IEND is no part of a PNG
    if want is None: counter.bad("crashes", "png: the undamaged picture is refused")
    each(one, cases)
    formats.append("png %d" % len(cases))

def tables(w, counter, formats):
    """CSV, by the reader itself (read_table.c): the language has no reader for it yet."""
    r = random.Random(3)
    rows = ["%s,%d" % (r.uniform(-2, 2), r.randrange(3)) for _ in range(40)]
    original, reader = ("x,class\n" + "\n".join(rows) + "\n").encode(), w.work + "/read_table"
    want = execute([reader, w.work + "/right.csv", "x"])[1] if write(w.work + "/right.csv", original) is None else ""
    if want.count("\n") != 40: counter.bad("crashes", "csv: the undamaged table: %s" % want)
    def one(case):
        what, b = case
        path = w.folder() + ".csv"
        write(path, b)
        code, said, err = execute([reader, path, "x"])
        counter.add("cases")
        if code not in (0, 1, 5) or (code and path not in err): counter.bad("crashes", "csv, %s: exit code %d: %s"
            % (what, code, err))
        elif code == 0 and said != want: counter.add("elements")         # a row less, another digit: still a table
    cases = list(damages(original))
    each(one, cases)
    formats.append("csv %d" % len(cases))

def checkpoints(w):
    counter = Counter()
    out = w.folder()
    execute(w.train(out, "--epochs", "2"))
    originals = {f: read("%s/%s.safetensors" % (out, f)) for f in ("last", "best")}
    other = w.work + "/other.gdl"
    write(other, open(w.source).read().replace("3 regular", "4 regular").encode())
    w.compile(other, w.work + "/other", "--no-audit")
    second = w.folder()
    execute(w.train(second, "--epochs", "2", program=w.work + "/other"))
    third = w.folder()
    execute(w.train(third, "--epochs", "1"))
    def one(case):
        f, what, b = case
        place = w.folder()
        os.makedirs(place)
        for g in originals: write("%s/%s.safetensors" % (place, g), b if f == g else originals[g])
        path, before = "%s/%s.safetensors" % (place, f), b
        if what.startswith("eval"): code, _, err = execute([w.small, "eval", "--weights", path, "--data", w.data,
            "--threads", "1"])
        else: code, _, err = execute(w.train(place, "--epochs", "3", "--resume"))
        counter.add("cases")
        if code not in (1, 5) or err.count("\n") != 1 or path not in err: counter.bad("losses" if code == 0
            else "crashes", "%s.safetensors, %s: exit code %d: %s" % (f, what, code, err))
        if read(path) != before: counter.bad("losses", "%s.safetensors, %s: was replaced" % (f, what))
        shutil.rmtree(place)
    cases = []
    for f, original in originals.items():
        for k, n in enumerate(range(0, len(original), max(1, len(original) // 80))): cases.append((f,
            ("eval, " if k % 2 else "") + "cut to %d bytes" % n, original[:n]))
        for k, bit in enumerate(range(0, 8 * len(original), 8 * len(original) // 500 | 1)):
            cases.append((f, ("eval, " if k % 2 else "") + "bit %d of byte %d turned" % (bit % 8, bit // 8),
                original[:bit // 8] + bytes([original[bit // 8] ^ 1 << bit % 8]) + original[bit // 8 + 1:]))
        for at in range(24):
            for bit in range(8): cases.append((f, "bit %d of byte %d turned" % (bit, at),
                original[:at] + bytes([original[at] ^ 1 << bit]) + original[at + 1:]))
        cases.append((f, "a byte more", original + b"x"))
        cases.append((f, "that of another model", read("%s/%s.safetensors" % (second, f))))
        cases.append((f, "eval, that of another model", read("%s/%s.safetensors" % (second, f))))
    cases.append(("last", "best in its place", originals["best"]))
    cases.append(("best", "that of another epoch", read(third + "/best.safetensors")))
    each(one, cases)
    figure("%d damaged or exchanged checkpoints: %d crashes, %d losses"
        % (counter.get("cases"), counter.get("crashes"), counter.get("losses")))
    counter.check("damaged checkpoints are refused with their name, and not replaced")

def exchanged(w):
    """A training that goes on with other data."""
    counter = Counter()
    for f, g in (("train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"),
        ("train-labels-idx1-ubyte.gz", "t10k-labels-idx1-ubyte.gz")):
        out, data = w.folder(), w.folder()
        shutil.copytree(w.data, data)
        execute(w.train(out, "--steps", "1", data=data))
        for h in ((f, g), ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")):
            a, b = read("%s/%s" % (data, h[0])), read("%s/%s" % (data, h[1]))
            write("%s/%s" % (data, h[0]), b)
            write("%s/%s" % (data, h[1]), a)
            code, _, err = execute(w.train(out, "--resume", data=data))
            if code != 1 or err.count("\n") != 1: counter.bad("losses", "%s and %s exchanged: exit code %d: %s"
                % (h + (code, err)))
            write("%s/%s" % (data, h[0]), a)
            write("%s/%s" % (data, h[1]), b)
        code, _, err = execute(w.train(out, "--resume", data=data))
        if code: counter.bad("losses", "the right data again: exit code %d: %s" % (code, err))
    counter.check("exchanged data files are refused, and the right ones go on")

def swapped(w):
    """Checkpoints of two trainings of one program on the same data, each put into the other's folder."""
    counter = Counter()
    for ended in (("--steps", "1"), ("--epochs", "2")):
        begun = [((), w.folder()), (("--seed", "1"), w.folder()), (("--set", "optimizer.rate=0.002"), w.folder())]
        for options, out in begun: execute(w.train(out, *options, *ended))
        for options, out in begun:
            own = {f: read("%s/%s.safetensors" % (out, f)) for f in ("last", "best")}
            for others, other in begun:
                for files in (("last",), ("best",), ("last", "best")):
                    if other == out: continue
                    for f in files: write("%s/%s.safetensors" % (out, f), read("%s/%s.safetensors" % (other, f)))
                    place = "%s/%s.safetensors" % (out, files[0])
                    used = files != ("best",) or ended[0] == "--epochs"      # no epoch is over: it will be written anew
                    if used:
                        code, _, err = execute(w.train(out, "--epochs", "3", "--resume"))
                        counter.add("cases")
                        if code != 1 or err.count("\n") != 1 or place + ": " not in err or "put " not in err:
                            counter.bad("losses", "%s of %s in the folder of %s: exit code %d: %s"
                                % (files, others, options, code, err))
                    for f in own: write("%s/%s.safetensors" % (out, f), own[f])
            code, _, err = execute(w.train(out, "--epochs", "3", "--resume"))
            if code: counter.bad("losses", "its own checkpoint again: exit code %d: %s" % (code, err))
    figure("%d checkpoints swapped between trainings with other seeds or settings: %d losses"
        % (counter.get("cases"), counter.get("losses")))
    counter.check("checkpoints of another training of the same program are refused")

def run(w):
    data(w)
    checkpoints(w)
    exchanged(w)
    swapped(w)
