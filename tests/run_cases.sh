#!/bin/sh
# run_cases.sh GDLC FOLDER...: programs that are data. Prints `pass NAME` or `fail NAME: why` for each .gdl file.
#
#   // E0203                   behind a line: this error, and no other, stands on it; likewise W5 ... W9
#   //  ^^^^^^^   some text     below it: its column, and a text that its message, label or witness holds
#   NAME.expect                beside NAME.gdl, for lines that hold no comment: `3:9 E0001`, one a line
#   // fact: parameters 321     of an accepted program: trained numbers in all; fact: weight NAME COUNT; fact: left OUTPUT GROUP
gdlc=$1
shift
python3 - "$gdlc" "$@" <<'P'
import json, os, re, subprocess, sys

def expected(path):
    want, facts, last = [], [], None
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        fact = re.match(r"\s*//\s*fact:\s*(.*\S)", line)
        if fact:
            facts.append(fact.group(1).split())
            continue
        caret = re.match(r"\s*//\s*(\^+)\s*(.*?)\s*$", line)
        if caret and last:
            last.update(column=line.index("^") + 1, text=caret.group(2))
            continue
        code = re.search(r"//\s*((?:[EW]\d+)(?:\s*,\s*[EW]\d+)*)\b(?!\d)", line)
        for one in re.split(r"\s*,\s*", code.group(1)) if code else []:
            last = {"line": number, "code": one}
            want.append(last)
    beside = re.sub(r"\.gdl$", ".expect", path)                       # of files whose lines can hold no comment
    for place in re.findall(r"(\d+)(?::(\d+))?:? +([EW]\d+)", open(beside, encoding="utf-8").read()) if os.path.exists(beside) else []:
        want.append({"line": int(place[0]), "code": place[2], **({"column": int(place[1])} if place[1] else {})})
    return want, facts

def reports(text):
    found, certificate = [], None
    for line in text.splitlines():
        if line.startswith("{"):
            x = json.loads(line)
            if "severity" in x: found.append(x)
            elif "models" in x: certificate = x
    return found, certificate

def same_place(want, got):
    if want["code"] != got["code"] or want["line"] != got.get("line"): return False
    if "column" in want and want["column"] != got.get("column"): return False
    said = " ".join(str(got.get(k, "")) for k in ("message", "label", "witness", "help"))
    return want.get("text", "") in said

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

def try_file(gdlc, path):
    want, facts = expected(path)
    run = subprocess.run([gdlc, "check", "--error-format=json", path], capture_output=True, text=True, timeout=120)
    found, certificate = reports(run.stdout)
    errors = any(w["code"].startswith("E") for w in want)
    if run.returncode != (1 if errors else 0):
        return f"exit code {run.returncode}: " + "; ".join(f"{g.get('line')} {g['code']} {g['message']}" for g in found) + run.stderr[-500:]
    for w in want:
        match = next((g for g in found if same_place(w, g)), None)
        if match is None: return f"line {w['line']}: no {w['code']} {w.get('column', '')} {w.get('text', '')}; found " + str([(g.get("line"), g.get("column"), g["code"], g["message"]) for g in found])
        found.remove(match)
    for g in found: return f"line {g.get('line')}: unexpected {g['code']}: {g['message']}"
    for f in facts:
        why = holds(f, certificate)
        if why: return why
    return None

failed = 0
for folder in sys.argv[2:]:
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".gdl"): continue
        path = os.path.join(folder, name)
        try: why = try_file(sys.argv[1], path)
        except Exception as e: why = repr(e)
        label = os.path.basename(folder.rstrip("/")) + "/" + name[:-4]
        print(f"fail {label}: {why}" if why else f"pass {label}")
        failed += bool(why)
sys.exit(failed > 0)
P
