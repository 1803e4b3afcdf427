"""editors.py GRAMMAR SYNTAX: the grammars of lang/editors know the words of the language, and colour a sample as they should.

Words come from lang/*.def and from the checker's tables. The TextMate grammar is applied to the sample by its own rules: at each place
the pattern that matches first, earlier in the list before later; `begin` and `end` around what they hold. Python's regular expressions
agree with those of editors in all that the grammar uses."""
import json
import re
import sys

grammar_path, vim_path = sys.argv[1:]
grammar, vim = json.load(open(grammar_path)), open(vim_path).read()


def report(name, problem):
    print(f"fail tools: {name}: {problem}" if problem else f"pass tools: {name}")


# --- words ---------------------------------------------------------------------------------------------------
def rows(path, pattern):
    return re.findall(pattern, open(path).read(), re.M)


def table(path, name):
    text = open(path).read()
    at = text.index(name)
    return re.findall(r'\{ "(\w+)",', text[at:text.index("};", at)])


tokens = rows("lang/tokens.def", r'^TOKEN\((\w+),\s*"`?([^"`]*)`?",\s*\w+,\s*(\w+)\)')
known = {
    "statements": [w for _, w, listed in tokens if listed == "STATEMENT"] + ["on", "of"],
    "declarations": [w for _, w, listed in tokens if listed == "DECLARATION"],
    "generators": [w for name, w, _ in tokens if name in ("MATRICES", "PERMUTATIONS", "ALGEBRA", "COMPONENTS")],
    "words": rows("lang/words.def", r'^WORD\((\w+),\s*"[^"]') + [w for w in rows("lang/words.def", r"LATER\((\w+)\)") if w != "name"],
    "functions": rows("lang/functions.def", r"^FN\((\w+),"),
    "names": table("compiler/front/known.c", "BUILTINS[] ="),
    "kinds": table("compiler/front/bind.c", "KINDS[] ="),
    "settings": table("compiler/front/train.c", "SETTINGS[] ="),
    "words of train": table("compiler/front/train.c", "WORDS_OF_TRAIN[] ="),
}


def strings(x):
    if isinstance(x, str):
        yield x
    for y in x.values() if isinstance(x, dict) else x if isinstance(x, list) else ():
        yield from strings(y)


def words_of(texts):
    return {w for text in texts for w in re.findall(r"[A-Za-z_]\w*", text)}


in_grammar = words_of(s for s in strings(grammar["repository"]) if "|" in s or s.startswith("^("))
in_vim = words_of(line for line in vim.split("\n") if line.startswith("syn"))
for group, words in known.items():
    assert len(words) > 2, group
    report(f"the TextMate grammar knows the {group}", " ".join(w for w in words if w not in in_grammar))
    report(f"the Vim syntax knows the {group}", " ".join(w for w in words if w not in in_vim))
every = {w for words in known.values() for w in words} | {"label", "graph"}
listed = [w for scope in ("keyword.control.gdl", "support.type.gdl", "support.function.gdl", "storage.type.gdl")
          for p in grammar["repository"]["expression"]["patterns"] if p["name"] == scope for w in re.findall(r"[a-zA-Z]\w+", p["match"][p["match"].index("\\b(") + 2:])]
report("the TextMate grammar knows no other words", " ".join(w for w in listed if w not in every))
keywords = [w for line in re.findall(r"^syn keyword gdl(?!Todo)\w+ (.*)", vim, re.M) for w in line.split()]
report("the Vim syntax knows no other words", " ".join(w for w in keywords if w not in every | {"contained", "containedin=gdlTrain"}))


# --- the sample -----------------------------------------------------------------------------------------------
def flatten(patterns):
    for p in patterns:
        if "include" in p:
            inner = grammar["repository"][p["include"][1:]]
            yield from flatten(inner["patterns"]) if "begin" not in inner and "match" not in inner else [inner]
        else:
            yield p


def captured(m, p, key):
    for number, capture in p.get(key, {}).items():
        if m.group(int(number)) is not None:
            yield m.start(int(number)), m.end(int(number)), capture["name"]


def scopes(text):
    """(line, word) to scope, for what a pattern took."""
    out, stack = [], [(None, grammar["patterns"])]
    for number, line in enumerate(text.split("\n"), 1):
        at = 0
        while at <= len(line):
            end, patterns = stack[-1]
            best, how = None, None
            if end:
                best = re.compile(end["end"]).search(line, at)
            for p in flatten(patterns):
                m = re.compile(p.get("match") or p["begin"]).search(line, at)
                if m and (best is None or m.start() < best.start()):
                    best, how = m, p
            if best is None:
                break
            if how is None:
                stack.pop()
            elif "begin" in how:
                stack.append((how, how["patterns"]))
            if how and "match" in how and "name" in how:
                out.append((number, best.group(), how["name"]))
            if how:
                out += [(number, line[a:b], s) for a, b, s in captured(best, how, "captures" if "match" in how else "beginCaptures")]
            at = best.end() if best.end() > at or how is None else at + 1
            if how is None and best.end() == best.start() == len(line):
                break
    report("every region of the sample is closed", "" if len(stack) == 1 else stack[-1][0]["begin"])
    return out


sample = """// a comment with let and "text"
use nn
group  G = D(4)
rep s of Q = matrices { i = [[0, -1]] }
layer f[R, D](x: R on D, out: rep, by: int = 2) -> out on D {
  let group = conv(x, 8 regular, kernel: 3)  // group is a name here
  let data = x |> relu |> nn.gate |> f(2 * pi, 1e-3, _)
  repeat 3 { param w: 16x0e = "a \\" b" }
}
train m(class: label(10)) {
  data      = npy(image: "x.npy")
  optimizer = adam(rate: cosine(4e-3, to: 0, over: 5))
}
let data = 3
"""
got = scopes(sample)
for want in [(1, '// a comment with let and "text"', "comment.line.double-slash.gdl"), (2, "use", "keyword.declaration.gdl"),
             (3, "group", "keyword.declaration.gdl"), (3, "G", "entity.name.type.gdl"), (3, "D", "support.type.gdl"), (3, "4", "constant.numeric.gdl"),
             (4, "matrices", "keyword.declaration.gdl"), (4, "of", "keyword.control.gdl"), (5, "layer", "keyword.declaration.gdl"),
             (5, "f", "entity.name.function.gdl"), (5, "x", "variable.parameter.gdl"), (5, "on", "keyword.control.gdl"), (5, "rep", "storage.type.gdl"),
             (5, "->", "keyword.operator.gdl"), (6, "let", "keyword.control.gdl"), (6, "conv", "support.function.gdl"), (6, "regular", "support.type.gdl"),
             (6, "kernel", "variable.parameter.gdl"), (6, "// group is a name here", "comment.line.double-slash.gdl"), (7, "|>", "keyword.operator.pipe.gdl"),
             (7, "relu", "support.function.gdl"), (7, "f", "entity.name.function.call.gdl"), (7, "pi", "constant.language.gdl"), (7, "1e-3", "constant.numeric.gdl"),
             (7, "_", "variable.language.gdl"), (8, "repeat", "keyword.control.gdl"), (8, "16x0e", "constant.numeric.irrep.gdl"),
             (8, '\\"', "constant.character.escape.gdl"), (10, "train", "keyword.declaration.gdl"), (10, "m", "entity.name.function.gdl"),
             (11, "npy", "support.function.train.gdl"), (11, "image", "variable.parameter.gdl"), (12, "adam", "support.function.train.gdl"),
             (12, "cosine", "support.function.train.gdl"), (14, "data", "entity.name.type.gdl")]:
    report(f"`{want[1][:20]}` in line {want[0]} of the sample is {want[2]}", "" if want in got else str([g for g in got if g[0] == want[0]])[:300])
settings = [(n, w.strip()) for n, w, s in got if s == "support.variable.setting.gdl"]
report("settings are coloured in a train block alone", "" if settings == [(11, "data"), (12, "optimizer")] else str(settings))
report("`group` is a name inside of a layer", "" if not any(n == 6 and w == "group" for n, w, s in got) else "coloured")
