"""witness.py: numbers that a witness states, computed anew.

A refusal shows a group element and small vectors for which a rule fails: `g = r, v = (1, 0): relu(g v) = (0.71, 0.71),
but g relu(v) = (0.71, 0)`. Here matrices come from the text of the program and the definitions of lang/spec.md, not
from the compiler. recompute gives True, False, or None for a witness that states nothing to compute."""
import math, re

def times(a, b): return [[sum(x * y for x, y in zip(row, column)) for column in zip(*b)] for row in a]
def act(m, v): return [sum(x * y for x, y in zip(row, v)) for row in m]
def near(a, b): return len(a) == len(b) and all(abs(x - y) <= 0.0051 for x, y in zip(a, b))

def numbers(text):
    """(1, 0), or 1"""
    return [float(x) for x in text.strip("()").split(",")]

def turn(k, n):
    c, s = math.cos(2 * math.pi * k / n), math.sin(2 * math.pi * k / n)
    return [[c, -s], [s, c]]

def matrices_of(text):
    """{r = [[0, -1], [1, 0]]; ...} as the language writes them: rationals and cosines."""
    found = {}
    for name, value in re.findall(r"(\w+)\s*=\s*(\[\[.*?\]\])", text, re.S):
        value = value.replace("^", "**")
        found[name] = [[float(x) for x in row] for row in eval(value, {"cos": math.cos, "sin": math.sin, "sqrt": math.sqrt, "pi": math.pi})]
    return found

def determinant(m):
    if len(m) == 1: return m[0][0]
    return sum((-1) ** j * m[0][j] * determinant([row[:j] + row[j + 1:] for row in m[1:]]) for j in range(len(m)))

def generators(source):
    """Each group of the program: the matrices of `vector`, and for C(n) and D(n) of irrep(k)."""
    for name, is_ in re.findall(r"^group\s+(\w+)\s*=\s*(C\(\d+\)|D\(\d+\)|O\(1\)|matrices\s*\{.*?\})", source, re.M | re.S):
        family = re.match(r"([CD])\((\d+)\)", is_)
        if family:
            n, mirrored = int(family.group(2)), family.group(1) == "D"
            def of(k, n=n, mirrored=mirrored):
                return {"r": turn(k, n), **({"m": [[1, 0], [0, -1]]} if mirrored else {})}
            yield is_, of(1), of
        elif is_ == "O(1)": yield is_, {"m": [[-1.0]]}, None
        else: yield name, matrices_of(is_), None

def matrix(source, kind, word, size):
    """The matrix of an element, r^2 m, in a kind of the language; None: not known here."""
    for _, vector, irrep in generators(source):
        of = None
        which = re.fullmatch(r"irrep\((\d+)\)", kind)
        if kind in ("vector", ""): of = vector
        elif kind == "scalar": of = {g: [[1.0 if i == j else 0.0 for j in range(size)] for i in range(size)] for g in vector}
        elif kind in ("sign", "pseudoscalar"): of = {g: [[determinant(m)]] for g, m in vector.items()}
        elif kind == "pseudovector": of = {g: [[determinant(m) * x for x in row] for row in m] for g, m in vector.items()}
        elif which and irrep:
            k, n = int(which.group(1)), len(vector)
            of = irrep(k)
            if size == 1: of = {g: [[m[0][0]]] for g, m in of.items()}
        if not of: continue
        product = [[float(i == j) for j in range(size)] for i in range(size)]
        for letter in word.split():
            name, _, power = letter.partition("^")
            if name not in of or len(of[name]) != size: return None
            for _ in range(int(power or 1)): product = times(product, of[name])
        return product
    return None

FUNCTIONS = {
    "relu": lambda t: max(t, 0), "abs": abs, "tanh": math.tanh, "exp": math.exp, "sigmoid": lambda t: 1 / (1 + math.exp(-t)),
    "gelu": lambda t: t * (1 + math.erf(t / math.sqrt(2))) / 2, "silu": lambda t: t / (1 + math.exp(-t)),
    "sin": math.sin, "cos": math.cos, "softplus": lambda t: math.log(1 + math.exp(t)),
}

def kind_in(message):
    found = re.findall(r"`(?:\d+ )?(vector|pseudovector|sign|pseudoscalar|irrep\(\d+\))`", message)
    return found[0] if found else ""

VECTOR = r"(\([^)]*\)|[-\d.e]+)"

def one_vector(text, message, source):
    m = re.match(rf"g = ([\w^ ]+), v = {VECTOR}: (.*) = {VECTOR}, but (.*) = {VECTOR}$", text)
    if not m or "w = " in text: return None
    word, v, moved, left, _, right = m.groups()
    v, left, right = numbers(v), numbers(left), numbers(right)
    name, power = re.match(r"(\w+)\(g v\)$", moved), re.match(r"\(g v\)\^([-\d.]+)$", moved)
    f = FUNCTIONS.get(name.group(1)) if name else (lambda t: t ** float(power.group(1))) if power else \
        (lambda t: 1 / t if t else math.inf) if moved == "1 / (g v)" else None
    g = matrix(source, kind_in(message), word, len(v))
    if f is None or g is None: return None
    gv, fv = act(g, v), [f(x) for x in v]
    if not all(map(math.isfinite, fv)): return None
    return near([f(x) for x in gv], left) and near(act(g, fv), right) and not near(left, right)

PAIRS = {"g v * g w": lambda a, b: a * b, "max(g v, g w)": max, "g v / g w": lambda a, b: a / b}

def two_vectors(text, message, source):
    m = re.match(rf"g = ([\w^ ]+), v = {VECTOR}, w = {VECTOR}: (.*) = {VECTOR}, but .* = {VECTOR}$", text)
    if not m: return None
    word, v, w, moved, left, right = m.groups()
    v, w, left, right = map(numbers, (v, w, left, right))
    g, f = matrix(source, kind_in(message), word, len(v)), PAIRS.get(moved)
    if g is None or f is None: return None
    def each(a, b): return [f(x, y) for x, y in zip(a, b)]
    try: return near(each(act(g, v), act(g, w)), left) and near(act(g, each(v, w)), right) and not near(left, right)
    except ZeroDivisionError: return None

def moved(text, message, source):
    m = re.match(rf"g = ([\w^ ]+) takes {VECTOR} to {VECTOR}(.*)$", text)
    if not m: return None
    word, v, gv, rest = m.groups()
    v, gv = numbers(v), numbers(gv)
    both = re.match(rf" as `([^`]*)`, to {VECTOR} as `([^`]*)`", rest)
    g = matrix(source, both.group(1) if both else kind_in(message), word, len(v))
    if g is None: return None
    if not near(act(g, v), gv): return False
    if both:
        other = matrix(source, both.group(3), word, len(v))
        return None if other is None else near(act(other, v), numbers(both.group(2))) and not near(numbers(both.group(2)), gv)
    length = re.match(r": the (sum of squares|largest) is ([-\d.]+) before, ([-\d.]+) after", rest)
    if length:
        f = (lambda x: sum(t * t for t in x)) if length.group(1) == "sum of squares" else max
        return near([f(v), f(act(g, v))], [float(length.group(2)), float(length.group(3))]) and length.group(2) != length.group(3)
    return not near(v, gv)

def remainder(text, message, source):
    m = re.search(r"\((\d+) \+ 2 \* (\d+) - (\d+)( - 1)?\) mod (\d+) = (\d+)$", text)
    if not m: return None
    n, pad, reach, one, stride, rest = int(m[1]), int(m[2]), int(m[3]), bool(m[4]), int(m[5]), int(m[6])
    if (n + 2 * pad - reach - one) % stride != rest or rest == 0: return False
    centred = re.match(r"windows are centred on (-?\d+), (-?\d+), ..., (-?\d+); the flip takes these to (-?\d+), (-?\d+), ..., (-?\d+)", text)
    read = re.match(r"windows read 0, ..., (\d+) of (\d+) elements: x = 1 at element (\d+) alone gives 0", text)
    if centred:
        a = [int(x) for x in centred.groups()]
        first = reach / 2 - pad
        count = (n + 2 * pad - reach - 1) // stride + 1
        places = [first, first + stride, first + (count - 1) * stride]
        return all(abs(x - y) < 1 for x, y in zip(a[:3], places)) and a[3:] == [n - 1 - x for x in a[:3]]
    if read:
        last = (n + 2 * pad - reach) // stride * stride - pad + reach - 1
        return [int(x) for x in read.groups()] == [last, n, n - 1]
    return None

def transposed(text, message, source):
    m = re.match(r"(\d+) -> (\d+), not (\d+): \((\d+) - 1\) \* (\d+) \+ (\d+) \* (\d+) \+ 1 - 2 \* (\d+)$", text)
    if not m: return None
    n, to, goal, same, s, d, k, p = map(int, m.groups())
    return n == same and (n - 1) * s + d * k + 1 - 2 * p == to != goal

def not_multiplied(text, message, source):
    """`m r = r^2 m in D(3), but of the images the left side is -1, the right side 1`"""
    m = re.match(r"(.*) = (.*) in .*, but of the images the left side is (.*), the right side (.*)$", text)
    rep = re.search(r"^rep\s+\w+\s*(?:of\s+\w+\s*)?=\s*matrices\s*\{(.*?)\}", source, re.M | re.S)
    if not m or not rep: return None
    image = matrices_of(rep.group(1))
    size = len(next(iter(image.values())))
    def value(word, of, n):
        product = [[float(i == j) for j in range(n)] for i in range(n)]
        for letter in word.split():
            name, _, power = letter.partition("^")
            if name == "1": continue
            for _ in range(int(power or 1)): product = times(product, of[name])
        return product
    def flat(x): return [t for row in x for t in row]
    def shown(x): return flat([[float(t) for t in row] for row in eval(x)]) if x.startswith("[") else [float(x)]
    left, right = flat(value(m[1], image, size)), flat(value(m[2], image, size))
    group = next(generators(source), None)
    if group:                                                    # the elements are equal indeed
        n = len(next(iter(group[1].values())))
        if not near(flat(value(m[1], group[1], n)), flat(value(m[2], group[1], n))): return False
    return near(left, shown(m[3])) and near(right, shown(m[4])) and not near(left, right)

def ones(text, message, source):
    """x = 1 everywhere, kernels of ones, through the convs of the program, without a stride."""
    m = re.match(r"x = 1 everywhere, kernels of ones: ([\d.]+) (?:in the corner|at distance (\d+) from the border), ([\d.]+) inside$", text)
    size = re.search(r"grid\((\d+), (\d+)\)", source)
    if not m or not size: return None
    rounds = int(re.search(r"repeat (\d+)", source)[1]) if "repeat" in source else 1
    n, line = int(size[1]), [1.0] * int(size[1])
    for kernel, pad in re.findall(r"conv\([^)]*kernel: (\d+)(?:, pad: (\d+))?\)", source) * rounds:
        k, p = int(kernel), int(pad or 0)
        line = [sum(line[i - p + j] for j in range(k) if 0 <= i - p + j < len(line)) for i in range(len(line) + 2 * p - k + 1)]
    inside = line[len(line) // 2]
    edge = line[0] ** 2 if m[2] is None else line[int(m[2])] * inside
    return near([edge, inside ** 2], [float(m[1]), float(m[3])])

def recurrence(text, message, source):
    m = re.match(r".* the elements 1, 3: h = h / 2 \+ x ends at ([\d.]+), and at ([\d.]+) after it$", text)
    return None if not m else near([1 / 2 + 3, 3 / 2 + 1], [float(m[1]), float(m[2])])

def shifted(text, message, source):
    m = re.match(r"shift x by 1: \w+ then reads x at (\d+), (\d+), ... in place of 0, (\d+), ..., not a shift of the result$", text)
    size = re.search(r"(?:torus|cycle)\((\d+)", source)
    if not m or not size: return None
    last, before, stride = map(int, m.groups())
    reads, wanted = {(k * stride - 1) % int(size[1]) for k in range(int(size[1]))}, {k * stride for k in range(-(-int(size[1]) // stride))}
    return last == int(size[1]) - 1 and before == stride - 1 and stride > 1 and len(wanted) < int(size[1]) and bool(reads)

def closure(generators_of):
    """All elements, each as the tuple of its matrices in several representations, from those of the generators."""
    def key(x): return tuple(round(t, 6) + 0.0 for m in x for row in m for t in row)
    one = tuple([[float(i == j) for j in range(len(m))] for i in range(len(m))] for m in generators_of[0])
    found, new = {key(one): one}, [one]
    while new and len(found) < 5000:
        x = new.pop()
        for g in generators_of:
            y = tuple(times(a, b) for a, b in zip(g, x))
            if key(y) not in found:
                found[key(y)] = y
                new.append(y)
    return list(found.values())

def images(source, kinds):
    """Of the first group of the program: each generator's matrices in `vector` and these kinds; None: not known here."""
    group = next(generators(source), None)
    if not group: return None
    size = len(next(iter(group[1].values())))
    def of(kind, g):
        which = re.fullmatch(r"irrep\((\d+)\)", kind)
        n = size if kind in ("vector", "pseudovector") else 2 if which else 1
        return matrix(source, kind, g, n)
    all_ = [(group[1][g], *(of(kind, g) for kind in kinds)) for g in group[1]]
    return None if any(m is None for x in all_ for m in x) else all_

def kinds_of_map(message):
    m = re.search(r"from `(?:\d+ )?([^`+]*)` to `(?:\d+ )?([^`+]*)`", message)
    return m and m.groups()

def average(text, message, source):
    if not re.match(r"the average over .* of any \d+ x \d+ matrix M, that is of g M g\^-1, is 0$", text): return None
    kinds = kinds_of_map(message)
    of = images(source, kinds) if kinds else None
    if not of: return None
    elements = closure(of)
    rows, columns = len(of[0][2]), len(of[0][1])
    for i in range(rows):
        for j in range(columns):                                 # M = 1 at (i, j); matrices are orthogonal
            unit = [[float((r, c) == (i, j)) for c in range(columns)] for r in range(rows)]
            sum_ = [[0.0] * columns for _ in range(rows)]
            for _, a, b in elements:
                part = times(times(b, unit), [list(x) for x in zip(*a)])
                sum_ = [[x + y for x, y in zip(p, q)] for p, q in zip(sum_, part)]
            if any(abs(x) > 1e-6 for row in sum_ for x in row): return False
    return True

def kernel(text, message, source):
    """K(x) = 1, 2, 3, ... of every offset and pair of components: the average of s(g) K(g^-1 x) r(g)^-1."""
    m = re.match(r"the kernel 1[^,]*(?:, .*)?, averaged over .*, is 0 everywhere$", text)
    size, kinds = re.search(r"kernel of size (\d+)", message), kinds_of_map(message)
    of = images(source, kinds) if m and size and kinds else None
    if not of: return None
    n, axes = int(size[1]), len(of[0][0])
    places = [[x] for x in range(n)] if axes == 1 else [[y, x] for y in range(n) for x in range(n)]
    rows, columns = len(of[0][2]), len(of[0][1])
    sums = {tuple(x): [[0.0] * columns for _ in range(rows)] for x in places}
    for g, a, b in closure(of):
        for k, x in enumerate(places):
            to = act(g, [2 * t - n + 1 for t in x])              # offsets from the centre, doubled
            to = tuple(round((t + n - 1) / 2) for t in to)
            value = [[float((k * rows + i) * columns + j + 1) for j in range(columns)] for i in range(rows)]
            part = times(times(b, value), [list(t) for t in zip(*a)])
            sums[to] = [[u + v for u, v in zip(p, q)] for p, q in zip(sums[to], part)]
    return all(abs(t) < 1e-6 for m in sums.values() for row in m for t in row)

def orbits(text, message, source):
    m = re.match(r"(\d+) pixels, (\d+) orbits?$", text)
    size, of = re.search(r"grid\((\d+), (\d+)\)", source), images(source, [])
    if not m or not size or not of: return None
    h, w = int(size[1]), int(size[2])
    elements, seen, count = [x[0] for x in closure(of)], set(), 0
    for y in range(h):
        for x in range(w):
            if (y, x) in seen: continue
            count += 1
            for g in elements:
                p, q = act(g, [2 * y - h + 1, 2 * x - w + 1])
                seen.add((round((p + h - 1) / 2), round((q + w - 1) / 2)))
    return [h * w, count] == [int(m[1]), int(m[2])]

def pixel(text, message, source):
    m = re.match(r"`([\w^ ]+)` takes the pixel \(1, 0\) beside the centre to \(([-\d.]+), ([-\d.]+)\)$", text)
    g = matrix(source, "vector", m[1], 2) if m else None
    if not g: return None
    to = act(g, [1, 0])
    return near(to, [float(m[2]), float(m[3])]) and any(abs(t - round(t)) > 1e-6 for t in to)

def exchanged(text, message, source):
    m = re.match(r"exchanging the axes makes (\d+) x (\d+) pixels of (\d+) x (\d+)$", text)
    return m and (m[1], m[2]) == (m[4], m[3]) and m[1] != m[2]

def recompute(code, text, message, source):
    for try_ in (two_vectors, one_vector, moved, remainder, transposed, not_multiplied, ones, recurrence, shifted, average,
                 kernel, orbits, pixel, exchanged):
        true = try_(text, message, source)
        if true is not None: return true
    return None
