#!/usr/bin/env python3
"""check.py WHAT ...: what a report must be, seen from outside: by its HTML, and by numbers computed here again.

Each check prints `pass report: NAME` or `fail report: NAME: why`. WHAT is the name of a function below; its arguments follow."""
import base64, csv, json, math, os, re, struct, sys, xml.dom.minidom, zlib
from html.parser import HTMLParser
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "programs"))
from make_data import npy, read_npy

def say(name, why): print("fail report: %s: %s" % (name, why) if why else "pass report: " + name)
def close(x, y, eps): return abs(x - y) <= eps * max(1, abs(x), abs(y))
def read(*path): return open(os.path.join(*path), encoding="utf-8").read()

# --- a page as a tree, flat: elements with what encloses them -----------------------------------------------------
VOID = {"meta", "img", "br", "hr", "link", "input"}
class Page(HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.text, self.stack, self.all, self.wrong = text, [], [], []
        self.feed(text)
        self.close()
        self.wrong += ["<%s> is not closed" % e["tag"] for e in self.stack]
    def handle_starttag(self, tag, attrs):
        e = {"tag": tag, "at": dict(attrs), "text": "", "in": list(self.stack)}
        if len(dict(attrs)) != len(attrs): self.wrong.append("<%s> has an attribute twice" % tag)
        self.all.append(e)
        if tag not in VOID: self.stack.append(e)
    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID: self.stack.pop()
    def handle_endtag(self, tag):
        if not self.stack or self.stack[-1]["tag"] != tag: self.wrong.append("</%s> closes <%s>" % (tag, self.stack[-1]["tag"] if self.stack else "nothing"))
        else: self.stack.pop()
    def handle_data(self, data):
        for e in self.stack: e["text"] += data
    def find(self, tag, inside=None, **at):
        return [e for e in self.all if e["tag"] == tag and (inside is None or inside in e["in"]) and all(e["at"].get(k) == v for k, v in at.items())]
    def section(self, name):
        found = self.find("section", id=name)
        return found[0] if found else None
    def table(self, inside):
        """The first table in an element, as rows of texts."""
        t = self.find("table", inside)[0]
        return [[c["text"].strip() for c in self.all if c["tag"] in ("td", "th") and r in c["in"]] for r in self.find("tr", t)]

def png(uri):
    """(height, width, channels, bytes) of a PNG of 8 bits without filters, every CRC checked."""
    b = base64.b64decode(uri.split(",", 1)[1], validate=True)
    assert b[:8] == b"\x89PNG\r\n\x1a\n"
    at, parts = 8, {}
    while at < len(b):
        n, = struct.unpack(">I", b[at:at + 4])
        assert zlib.crc32(b[at + 4:at + 8 + n]) == struct.unpack(">I", b[at + 8 + n:at + 12 + n])[0]
        parts[b[at + 4:at + 8]] = b[at + 8:at + 8 + n]
        at += 12 + n
    w, h, depth, colour = struct.unpack(">IIBB", parts[b"IHDR"][:10])
    c, raw = {0: 1, 2: 3, 6: 4}[colour], zlib.decompress(parts[b"IDAT"])
    assert depth == 8 and b"IEND" in parts and len(raw) == h * (w * c + 1) and not any(raw[::w * c + 1])
    return h, w, c, b"".join(raw[i * (w * c + 1) + 1:(i + 1) * (w * c + 1)] for i in range(h))

# --- any report -------------------------------------------------------------------------------------------------
def page(name, run):
    text = read(run, "report.html")
    p = Page(text)
    ids = [e["at"]["id"] for e in p.all if "id" in e["at"]]
    say(name + ": every tag is closed, in order", "; ".join(p.wrong[:3]))
    say(name + ": ids are unique", "" if len(ids) == len(set(ids)) else str(ids))
    links = [v for e in p.all for k, v in e["at"].items() if k in ("src", "href", "action", "data", "poster", "srcset")]
    outside = [v for v in links if not v.startswith("data:image/png;base64,") and not (v[0] == "#" and v[1:] in ids)]
    say(name + ": nothing from outside, links lead somewhere", "; ".join(outside[:3]))
    style = "".join(e["text"] for e in p.find("style")) + "".join(e["at"].get("style", "") for e in p.all)
    active = p.find("script") + p.find("iframe") + p.find("object") + p.find("link") + [e for e in p.all if any(k.startswith("on") for k in e["at"])]
    say(name + ": no script, no style from outside", "" if not active and "url(" not in style and "@import" not in style else str([e["tag"] for e in active]))
    lacking = ["img without alt" for e in p.find("img") if not e["at"].get("alt")] + ["th without scope" for e in p.find("th") if e["at"].get("scope") not in ("row", "col")]
    lacking += ["svg without words" for e in p.find("svg") if e["at"].get("role") != "img" or len(e["at"].get("aria-label", "")) < 10]
    lacking += ["section without heading" for e in p.find("section") if len(p.find("h2", e)) != 1] + ["no language"] * (p.find("html")[0]["at"].get("lang") != "en")
    lacking += ["region without a name" for e in p.all if e["at"].get("role") == "region" and not e["at"].get("aria-label")]
    lacking += ["not one h1, title, main"] * any(len(p.find(t)) != 1 for t in ("h1", "title", "main"))
    say(name + ": a reader who does not see it is told", "; ".join(sorted(set(lacking))))
    body = p.find("body")[0]["text"]
    say(name + ": no number that is none", "" if not re.search(r"(?<![\w.])-?(nan|inf)(?!\w)", body, re.I) and "(null)" not in body else "nan, inf or null")
    for mode in ("prefers-color-scheme:dark", "@media print", "max-width:560px"):
        say(name + ": it has rules for " + mode, "" if mode in style else "none")
    say(name + ": it is small", "" if len(text) < 150000 else "%d bytes" % len(text))
    xml.dom.minidom.parse(os.path.join(run, "curves.svg"))
    # the numbers of the files of the folder
    config, rows = json.loads(read(run, "config.json")), list(csv.DictReader(open(os.path.join(run, "metrics.csv"))))
    scores = [k[6:] for k in (rows[0] if rows else {}) if k.startswith("train ")]
    if rows:
        table = p.table(p.find("details", p.section("curves"))[0])
        want = [[r["epoch"]] + ["%.4g" % float(r["rate"])] + ["%.6g" % float(r[part + s]) for part in ("train ", "valid ") for s in scores] for r in rows]
        got = [[r[0].rstrip(" ★")] + r[1:2 + 2 * len(scores)] for r in table[1:]]
        say(name + ": the epochs are those of metrics.csv", "" if got == want else "%s, not %s" % (got[:1], want[:1]))
        best = [r[0] for r in table if "★" in r[0]]
        say(name + ": the best epoch is that of config.json", "" if best == ["%d ★" % config["best_epoch"]] else str(best))
    else: say(name + ": no epoch, and it says so", "" if "No epoch has ended" in body else "no word of it")
    if "test" in config:
        got = {r[0]: r[-1] for r in p.table(p.section("scores"))[1:]}
        say(name + ": test scores are those of config.json", "" if got == {k: "%.6g" % v for k, v in config["test"].items()} else str(got))
    repeat = p.section("repeat")["text"]
    facts = [config["command"], config["hash"], config["compiler"]] + list(config["settings"])
    say(name + ": how to repeat it", "; ".join(x for x in facts if x not in repeat))
    if "answers" in config: confusion(name, p, config)
    return p, config

def confusion(name, p, config):
    section, n, matrix = p.section("confusion"), config["answers"]["samples"], config.get("confusion")
    right = sum(matrix[i][i] for i in range(len(matrix))) if matrix else 0
    if not matrix: return
    say(name + ": the matrix counts every sample once", "" if sum(map(sum, matrix)) == n and n - right == config["answers"]["wrong"] else "%d of %d" % (sum(map(sum, matrix)), n))
    if len(matrix) <= 20:
        k = len(matrix)
        rows = p.table(section)[1:k + 1]
        say(name + ": ... and the page shows it", "" if [[int(x) for x in r[1:k + 1]] for r in rows] == matrix else str(rows))
        found = ["%.1f%%" % (100 * matrix[i][i] / sum(matrix[i])) if sum(matrix[i]) else "–" for i in range(k)]
        say(name + ": ... with the part that is found", "" if [r[-1] for r in rows] == found else str(found))
    else:
        pairs = sorted(((-matrix[i][j], i, j) for i in range(len(matrix)) for j in range(len(matrix)) if i != j and matrix[i][j]))[:20]
        got = [r[:3] for r in p.table(section)[1:]]
        say(name + ": of many labels it shows what is confused most", "" if got == [[str(i), str(j), str(-c)] for c, i, j in pairs] else str(got[:2]))
        h, w, c, pixels = png(p.find("img", section)[0]["at"]["src"])
        alpha = [[pixels[4 * (i * w + j) + 3] for j in range(w)] for i in range(h)]
        want = [[round(255 * math.sqrt(x / sum(r))) if sum(r) else 0 for x in r] for r in matrix]
        say(name + ": ... and the matrix as a picture", "" if (h, w) == (len(matrix),) * 2 and alpha == want else "other pixels")

# --- the worst mistakes: from what `predict` says of all samples ----------------------------------------------------------
def softmax(x):
    e = [math.exp(v - max(x)) for v in x]
    return [v / sum(e) for v in e]

def worst(name, run, logits, truth, images, shape, bounds="0 1"):
    p, answers = Page(read(run, "report.html")), json.loads(read(run, "pictures.json"))["mistakes"]
    (n, k), x = read_npy(logits)
    truth = json.loads(truth)
    loss = []
    for i in range(n):
        q = softmax(x[i * k:(i + 1) * k])
        said = max(range(k), key=lambda j: (x[i * k + j], -j))
        if said != truth[i]: loss.append((-math.log(q[truth[i]]), i, said, q[truth[i]], q[said]))
    loss.sort(key=lambda m: (-m[0], m[1]))
    say(name + ": wrong answers are as many as predict gives", "" if answers["wrong"] == len(loss) and answers["samples"] == n else "%d, not %d" % (answers["wrong"], len(loss)))
    got = [(w["sample"], truth[w["sample"]] == w["truth"], w["said"]) for w in answers["worst"]]
    say(name + ": the worst mistakes are the worst, in order", "" if got == [(i, True, s) for _, i, s, _, _ in loss[:24]] else "%s, not %s" % (got[:4], [m[1:3] for m in loss[:4]]))
    bad = [w for w, m in zip(answers["worst"], loss) if not (close(w["loss"], m[0], 1e-9) and close(w["share_truth"], m[3], 1e-9) and close(w["share_said"], m[4], 1e-9))]
    say(name + ": ... with their probabilities", str(bad[:1]) if bad else "")
    items = p.find("li", p.section("mistakes"))
    numbers = [int(re.search(r"no\. (\d+)$", li["text"].strip()).group(1)) for li in items]
    say(name + ": ... and the page shows these", "" if numbers == [m[1] for m in loss[:24]] else str(numbers))
    h, w, c = map(int, shape.split())
    data = open(images, "rb").read()[-n * h * w * c:]
    uris = [p.find("img", li)[0]["at"]["src"] for li in items]
    same = [png(u) == (h, w, c, data[i * h * w * c:(i + 1) * h * w * c]) for u, i in zip(uris, numbers)]
    say(name + ": ... as pictures, pixel by pixel those of the data", "" if same and all(same) else "%d of %d" % (sum(same), len(same)))

def distances(name, run, outputs, targets):
    """Numbers: what is shown of each is right, and in order of the distance."""
    w = json.loads(read(run, "pictures.json"))["mistakes"]["worst"]
    got, want = read_npy(outputs)[1], read_npy(targets)[1]
    d = [(got[x["sample"]] - want[x["sample"]]) ** 2 for x in w]
    bad = [x for x, e in zip(w, d) if not (close(x["truth"][0], want[x["sample"]], 1e-6) and close(x["said"][0], got[x["sample"]], 1e-6) and close(x["loss"], e, 1e-6))]
    say(name + ": answers that are numbers stand beside their targets", str(bad[:1]) if bad or not w else "")
    say(name + ": ... the furthest first", "" if d == sorted(d, reverse=True) else str(d))

# --- filters ----------------------------------------------------------------------------------------------------
def turn(a): return [list(row) for row in zip(*[r[::-1] for r in a])]              # by 90 degrees, counterclockwise
def mirror(a): return [row[::-1] for row in a]

def grid(flat, h, w): return [list(flat[i * w:(i + 1) * w]) for i in range(h)]

def shown(p):
    """Of each row of the page: its pictures as (height, width, channels, bytes)."""
    rows = [r for r in p.find("tr", p.section("filters")) if p.find("img", r)]
    return [[png(i["at"]["src"]) for i in p.find("img", r)] for r in rows]

def turns(name, run, *moves):
    """Each element, given as a word of t (turn) and m (mirror), does to the first filter what its picture shows, in pixels and numbers."""
    p, f = Page(read(run, "report.html")), json.loads(read(run, "pictures.json"))["filters"]
    h, w = f["height"], f["width"]
    def moved(a, word):
        for c in reversed(word): a = turn(a) if c == "t" else mirror(a) if c == "m" else a
        return a
    rows = [r for r in f["filters"] if len(r["turns"]) > 1]
    far = [(r["kind"], e) for r in rows for e, word in enumerate(moves)
           if max(abs(x - y) for a, b in zip(moved(grid(r["turns"][0], h, w), word), grid(r["turns"][e], h, w)) for x, y in zip(a, b)) > 1e-12]
    say(name + ": filters are turns of one another, in f64", str(far[:3]) if far or not rows or any(len(r["turns"]) != len(moves) for r in rows) else "")
    pixels = shown(p)
    wrong = []
    for r, row in zip(rows, pixels):
        cells = [grid([q[3][4 * i:4 * i + 4] for i in range(h * w)], h, w) for q in row]
        wrong += [(r["kind"], e) for e, word in enumerate(moves) if moved(cells[0], word) != cells[e]]
    say(name + ": ... and so are their pictures, pixel by pixel", str(wrong[:3]) if wrong or len(pixels) != len(rows) or any(len(r) != len(moves) for r in pixels) else "")
    different = [r["kind"] for r in rows if len({str(t) for t in r["turns"]}) < 2]
    say(name + ": ... which are not all the same", str(different) if different else "")

def answers(name, run, lit, dark, components):
    """Filters are what `predict` answers to one bright pixel: output `first`, components of its last copies."""
    f = json.loads(read(run, "pictures.json"))["filters"]
    (b, n, _, c), y = read_npy(lit)
    zero = read_npy(dark)[1]
    h, w, half, at = f["height"], f["width"], f["height"] // 2, n // 2
    kinds = json.loads(components)                    # for each row of the page the number of its first component in a row of `first`
    worst = 0
    for row, first in zip(f["filters"], kinds):
        for i in range(h):
            for j in range(w):                        # K(d) = y(p - d), d from -half on
                q = ((at - (i - half)) * n + at - (j - half)) * c + first
                worst = max(worst, abs(row["turns"][0][i * w + j] - (y[q] - zero[q])))
    say(name + ": filters are what predict answers to a bright pixel", "" if worst < 1e-6 and len(kinds) == len(f["filters"]) else "%g" % worst)

def light(folder, n):
    """Two pictures for `answers`: a bright pixel in the middle, and nothing."""
    n = int(n)
    for name, x in (("lit.npy", [float(i == n // 2 * n + n // 2) for i in range(n * n)]), ("dark.npy", [0.0] * n * n)):
        open(os.path.join(folder, name), "wb").write(npy("<f4", (1, n, n), struct.pack("<%df" % (n * n), *x)))

# --- words ------------------------------------------------------------------------------------------------------
def hostile(name, run, *names):
    text, p = read(run, "report.html"), Page(read(run, "report.html"))
    raw = [x for x in names if ("<" in x or "&" in x) and x in text]
    cells = [c["text"] for c in p.find("th", p.section("confusion"))]
    say(name + ": names of labels are escaped", "; ".join(raw))
    say(name + ": ... and read as they are", "" if all(x in cells for x in names) else str(cells))

def audited(name, run):
    p = Page(read(run, "report.html"))
    rows = p.table(p.section("audit"))[1:]
    want = [l.split()[1][:-4] for l in read(run, "audit.txt").splitlines() if re.match(r"audit \S+\.f32 ", l)]
    say(name + ": the audit has a row for each value", "" if [r[0] for r in rows] == want and want else "%s, not %s" % ([r[0] for r in rows], want))
    say(name + ": ... and its verdict", "" if "found nothing wrong" in p.section("audit")["text"] and all(r[1].endswith("ok") for r in rows) else str(rows[:1]))
    say(name + ": ... and says what else was measured", "" if all(w in p.section("audit")["text"] for w in ("central differences", "prediction against")) else "not all")

def says(name, run, *texts):
    body = Page(read(run, "report.html")).find("body")[0]["text"]
    say(name + ": it says " + ", ".join("`%s`" % t for t in texts), "; ".join(t for t in texts if t not in body))

def summary(name, file, certificate, most="100"):
    """Against what `gdlc check` prints: NAME WORD TYPE [PARAMETERS] VERDICT."""
    lines, proof = read(file).splitlines(), read(certificate)
    weights = int(re.search(r"parameters: ([\d,]+)", proof).group(1).replace(",", ""))
    want = {m.group(1): int((m.group(3) or "0").replace(",", "")) for m in re.finditer(r"^  (\S+) +(\S+) .*?(?: {2,}([\d,]+))? {2,}(?:proved|audited|broken)", proof, re.M)}
    head = next(l for l in lines if l.split()[:2] == ["line", "value"])
    to = head.index("weights") + len("weights")
    rows = lines[lines.index(head) + 1:]
    total = next(l for l in rows if l.split()[:1] == ["all"])
    count = lambda l: int((l[:to].split() or ["0"])[-1].replace(",", "")) if len(l) >= to and l[to - 1].isdigit() else 0
    body = rows[:rows.index(total)]
    say(name + ": summary: weights add up", "" if sum(map(count, body)) == count(total) == weights else "%d, %d, %d" % (sum(map(count, body)), count(total), weights))
    got = {l.split()[1]: count(l) for l in body if l.split()[1] in want}
    say(name + ": summary: ... and belong to the layers of the certificate", "" if got == {k: v for k, v in want.items() if k != "output"} and any(got.values()) else "%s, not %s" % (got, want))
    work = [float(x) for l in body for x in re.findall(r"(\d+\.\d)%", l)]
    say(name + ": summary: work is shared out", "" if abs(sum(work) - 100) <= 0.05 * len(work) and work else str(work))
    say(name + ": summary: fits %s columns, without colours in a file" % most, "" if max(map(len, lines)) <= int(most) and "\033" not in "".join(lines) else str(max(map(len, lines))))

if __name__ == "__main__":
    try: {"page": page, "worst": worst, "distances": distances, "turns": turns, "answers": answers, "light": light, "hostile": hostile,
          "audited": audited, "says": says, "summary": summary}[sys.argv[1]](*sys.argv[2:])
    except Exception as e: say(" ".join(sys.argv[1:3]), "%s: %s" % (type(e).__name__, e))
