"""cases.py GDLC FOLDER... [--write]: programs that are data. Prints `pass NAME` or `fail NAME: why` for each program.

  // E0203                   behind a line: this error, and no other, stands on it; likewise W5 ... W10
  // E0203 at 1              ... and its column, where no caret fits below it
  // E0103 in NAME.gdl 2:5   ... in another file, at that line and column
  //  ^^^^^^^   some text    below it: its columns, and a text that its message, label or witness holds
  //  witness: some text     below it: a text that its witness holds; a case that has a witness tells it
  //  help: some text        below it: a text that its help holds
  //> line                   below a line: the twin of the program, which is accepted, has this line in its place
  // === name [rule]: text   begins a program; a file without such lines is one program
  NAME.expect                beside NAME.gdl, for lines that hold no comment: `3:9 E0001`, one a line
  // fact: parameters 321    of an accepted program: trained numbers in all; fact: weight NAME COUNT; fact: left OUTPUT GROUP

Numbers that a witness states are computed anew (witness.py). At the end: which codes have a program in docs/errors.md
and none here. With --write what stands below the codes of `// ===` programs is written anew: read the difference
like code."""
import concurrent.futures, json, os, re, subprocess, sys, tempfile
import witness

CODES = r"//\s*((?:[EW]\d+(?: at \d+| in \S+ \d+:\d+)?)(?:\s*,\s*[EW]\d+)*)(?!\w)"

class Program:
    """One text, at the lines that it has in its file, and what is expected of it."""
    def __init__(self, name, folder, path, lines, beside=""):
        self.name, self.folder, self.path, self.lines = name, folder, path, lines
        self.want, self.facts, last = [], [], None
        for number, line in enumerate(lines, 1):
            fact = re.match(r"\s*//\s*fact:\s*(.*\S)", line)
            caret = re.match(r"\s*//\s*(\^+)\s*(.*?)\s*$", line)
            under = re.match(r"\s*//\s+(witness|help):\s*(.*\S)", line)
            code = re.search(CODES, line)
            if fact: self.facts.append(fact.group(1).split())
            elif caret and last: last.update(column=line.index("^") + 1, width=len(caret.group(1)), text=caret.group(2))
            elif under and last: last[under.group(1)] = under.group(2)
            else:
                for one in re.split(r"\s*,\s*", code.group(1)) if code else []:
                    last = {"line": number, "code": one.split()[0]}
                    if " at " in one: last["column"] = int(one.split()[2])
                    if " in " in one:
                        last["file"], place = one.split()[2:]
                        last["line"], last["column"] = map(int, place.split(":"))
                    self.want.append(last)
        for place in re.findall(r"(\d+)(?::(\d+))?:? +([EW]\d+)", beside):
            self.want.append({"line": int(place[0]), "code": place[2], **({"column": int(place[1])} if place[1] else {})})

def twin_of(lines):
    """The lines of the twin, or None: a line gives way to the `//>` below it."""
    twin, at = list(lines), None
    for i, line in enumerate(lines):
        instead = re.match(r"\s*//>(.*)", line)
        if instead:
            twin[i] = ""
            twin[i if at is None else at] = instead.group(1)          # a second one in a row is a line more
            at = None
        elif re.match(r"\s*//(?!>)", line): twin[i] = ""
        elif line.strip():
            at = i
            twin[i] = re.sub(r"//\s*[EW]\d+.*", "", line)
    return twin if any(re.match(r"\s*//>", line) for line in lines) else None

def programs(folder, name):
    path, label = os.path.join(folder, name), os.path.basename(folder.rstrip("/")) + "/" + name[:-4]
    lines = open(path, encoding="utf-8", newline="").read().split("\n")
    heads = [i for i, line in enumerate(lines) if line.startswith("// === ")]
    if not heads:
        beside = re.sub(r"\.gdl$", ".expect", path)                  # of files whose lines can hold no comment
        yield Program(label, folder, path, lines, open(beside, encoding="utf-8").read() if os.path.exists(beside) else "")
    for i, to in zip(heads, heads[1:] + [len(lines)]):
        case = label + ": " + re.match(r"// === (\w+)", lines[i]).group(1)
        part = [""] * i + lines[i:to]
        wrong = ["" if re.match(r"\s*//>", line) else line for line in part]
        yield Program(case, folder, None, wrong)
        twin = twin_of(part)
        if twin: yield Program(case + ", twin", folder, None, twin)

def reports(text):
    found, certificate = [], None
    for line in text.splitlines():
        if line.startswith("{"):
            x = json.loads(line)
            if "severity" in x: found.append(x)
            elif "models" in x: certificate = x
    return found, certificate

def width(got, text):
    """In characters; columns count bytes."""
    line = text[got["line"] - 1].encode("utf-8")
    return max(len(line[got["column"] - 1:got["end_column"] - 1].decode("utf-8", "replace")), 1)

def same_place(want, got, path, text):
    if want["code"] != got["code"] or want["line"] != got.get("line"): return False
    if os.path.basename(got["file"]) != want.get("file", os.path.basename(path)): return False
    if "column" in want and want["column"] != got.get("column"): return False
    if "width" in want and got["end_line"] == got["line"] and want["width"] != width(got, text): return False
    said = " ".join(str(got.get(k, "")) for k in ("message", "label", "witness", "help"))
    return want.get("text", "") in said and all(want.get(k, "") in got.get(k, "") for k in ("witness", "help"))

def holds(fact, certificate):
    if certificate is None: return "no certificate"
    models = certificate["models"]
    if fact[0] == "parameters":
        n = sum(m["parameters"] for m in models)
        return None if n == int(fact[1]) else f"{n} parameters, not {fact[1]}"
    if fact[0] == "weight":
        for w in (w for m in models for w in m["weights"]):
            n = 1
            for d in w["shape"]: n *= d
            if w["name"] == fact[1]: return None if n == int(fact[2]) else f"{fact[1]} has {n} numbers, not {fact[2]}"
        return f"no weight {fact[1]}"
    if fact[0] == "left":
        for o in (o for m in models for o in m["outputs"]):
            if o["name"] == fact[1]: return None if o["residual"] == " ".join(fact[2:]) else f"{fact[1]} is left {o['residual']}"
        return f"no output {fact[1]}"
    return f"unknown fact {fact[0]}"

counts = {"refused": 0, "with a witness": 0, "computed anew": 0}
refused = set()

def verdict(gdlc, p, path):
    run = subprocess.run([gdlc, "check", "--error-format=json", path], capture_output=True, text=True, timeout=120)
    found, certificate = reports(run.stdout)
    errors = [w for w in p.want if w["code"].startswith("E")]
    if run.returncode != (1 if errors else 0):
        return f"exit code {run.returncode}: " + "; ".join(f"{g.get('line')} {g['code']} {g['message']}" for g in found) + run.stderr[-500:]
    left = list(found)
    for w in p.want:
        match = next((g for g in left if same_place(w, g, path, p.lines)), None)
        if match is None:
            return f"line {w['line']}: not as told {w}; found " + str([{k: g.get(k) for k in ("code", "line", "column", "end_column", "message", "witness", "help")} for g in left])
        if p.path is None and "witness" in match and "witness" not in w: return f"line {w['line']}: a witness that the case does not tell: {match['witness']}"
        left.remove(match)
    for g in left: return f"line {g.get('line')}: unexpected {g['code']}: {g['message']}"
    for f in p.facts:
        why = holds(f, certificate)
        if why: return why
    for g in found:
        refused.add(g["code"])
        counts["refused"] += g["severity"] == "error"
        if "witness" not in g: continue
        counts["with a witness"] += 1
        true = witness.recompute(g["code"], g["witness"], g["message"], "\n".join(p.lines))
        if true is False: return f"line {g['line']}: the witness is not true: {g['witness']}"
        counts["computed anew"] += true is True
    return None

def in_folder(p, do):
    """do(path of the program), where modules lie beside it."""
    with tempfile.TemporaryDirectory() as work:
        modules = os.path.join(p.folder, "modules")
        if os.path.isdir(modules): os.symlink(os.path.abspath(modules), os.path.join(work, "modules"))
        path = os.path.join(work, "case.gdl")
        with open(path, "w", encoding="utf-8", newline="") as f: f.write("\n".join(p.lines))
        return do(path)

def try_program(gdlc, p):
    try: return verdict(gdlc, p, p.path) if p.path else in_folder(p, lambda path: verdict(gdlc, p, path))
    except Exception as e: return repr(e)

def words_below(line, got):
    """What --write says below a line: columns and message, witness, help, within 120 columns."""
    def within(text): return text if len(text) <= 120 else text[:120].rsplit(" ", 1)[0]
    width = max(got["end_column"] - got["column"], 1) if got["end_line"] == got["line"] else len(line.split("//")[0].rstrip()) + 1 - got["column"]
    indent = line[:len(line) - len(line.lstrip())] + "//  "
    lead = indent.rstrip() if got["column"] > len(indent) - 2 else "//"
    if got["column"] > 2: yield within(lead.ljust(got["column"] - 1) + "^" * width + "  " + got["message"])
    for what in ("witness", "help"):
        if what in got: yield within(indent + what + ": " + got[what])

def write(gdlc, folder, name):
    """Each case with what its report says now."""
    out = []
    for p in programs(folder, name):
        if p.path: return
        if p.name.endswith(", twin"): continue
        found = []
        in_folder(p, lambda path: found.extend(reports(subprocess.run([gdlc, "check", "--error-format=json", path], capture_output=True, text=True).stdout)[0]))
        out.append((p, found))
    path = os.path.join(folder, name)
    lines = open(path, encoding="utf-8").read().split("\n")
    below = {}
    for p, found in out:
        for w in p.want:
            got = next((g for g in found if g["code"] == w["code"] and g["line"] == w["line"] and "file" not in w), None)
            if got: below[w["line"]] = list(words_below(lines[w["line"] - 1], got))
    with open(path, "w", encoding="utf-8") as f:
        inside, text = False, []
        for number, line in enumerate(lines, 1):
            if inside and re.match(r"\s*//\s*(\^|witness:|help:)", line): continue
            text += [line] + below.get(number, [])
            inside = number in below
        f.write("\n".join(text))

gdlc, folders = os.path.abspath(sys.argv[1]), [a for a in sys.argv[2:] if a != "--write"]
root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
if "--write" in sys.argv:
    for folder in folders:
        for name in sorted(os.listdir(folder)):
            if name.endswith(".gdl"): write(gdlc, folder, name)
    sys.exit()
cases = [p for folder in folders for name in sorted(os.listdir(folder)) if name.endswith(".gdl") for p in programs(folder, name)]
failed = 0
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for p, why in zip(cases, pool.map(lambda p: try_program(gdlc, p), cases)):
        print(f"fail {p.name}: {why}" if why else f"pass {p.name}")
        failed += bool(why)
docs = open(os.path.join(root, "docs/errors.md"), encoding="utf-8").read()
reached = {part[:part.index(":")] for part in re.split(r"^## ", docs, flags=re.M)[1:] if "```gdl" in part}
missing = sorted(reached - refused)
print(f"fail cases: no program for {' '.join(missing)}" if missing else f"pass cases: a program for each of {len(reached)} codes that this version says")
failed += bool(missing)
print(f"cases: {len(cases)} programs, {counts['refused']} errors, {counts['with a witness']} with a witness, of which {counts['computed anew']} computed anew", file=sys.stderr)
sys.exit(failed > 0)
