"""finite.py: NaN and infinity, in data and in the loss. The training stops with the step, the sample's number and the
last good checkpoint as it was, from which it goes on."""
import math, os, random, struct
from world import Counter, execute, figure, read, tensors, write
import make_data

SOURCE = """model logs(x: 4 scalar) -> (y: scalar) { y = x |> log |> linear(scalar) }
train logs(z: scalar) {
  data = npy(x: "x.npy", z: "z.npy")
  loss = mse(y, z)
  optimizer = sgd(rate: 1e-2)
  batch = 8
  epochs = 2
}
"""
SAMPLES = 64

def write_data(w, value=None, sample=0, element=0, descr="<f4", form="f"):
    r, place = random.Random(1), w.folder()
    x, z = [r.uniform(0.5, 2) for _ in range(4 * SAMPLES)], [r.gauss(0, 1) for _ in range(SAMPLES)]
    if value is not None: x[4 * sample + element] = value
    os.makedirs(place)
    write(place + "/x.npy", make_data.npy(descr, (SAMPLES, 4), struct.pack("<%d%s" % (len(x), form), *x)))
    write(place + "/z.npy", make_data.npy("<f8", (SAMPLES, 1), struct.pack("<%dd" % SAMPLES, *z)))
    return place

def run(w):
    counter = Counter()
    program = w.work + "/logs"
    write(w.work + "/logs.gdl", SOURCE.encode())
    w.compile(w.work + "/logs.gdl", program, "--no-audit")
    good = write_data(w)
    train = lambda out, data, *more: execute(w.train(out, *more, program=program, data=data))

    def refused(what, code, err, *words):
        counter.add("cases")
        if code != 1 or err.count("\n") != 1 or [x for x in words if x not in err]:
            counter.bad("losses", "%s: exit code %d: %s" % (what, code, err))

    for name, value, descr, form, word in (("NaN", math.nan, "<f4", "f", "is not a number"),
        ("infinity", math.inf, "<f4", "f", "is infinite"), ("-infinity", -math.inf, "<f8", "d", "is infinite"),
                                           ("1e300", 1e300, "<f8", "d", "more than f32 can hold")):
        for sample, element in ((0, 0), (37, 2), (SAMPLES - 1, 3)):
            out = w.folder()
            code, _, err = train(out, write_data(w, value, sample, element, descr, form))
            refused(name, code, err, "x.npy", "sample %d, element %d" % (sample, element), word)
            if os.path.exists(out + "/last.safetensors"): counter.bad("losses", name + ": a checkpoint was written")

    whole = w.folder()
    train(whole, good, "--epochs", "4")
    # one sample whose loss is not finite; after it has been put right, the training goes on
    for sample in (0, 37, SAMPLES - 1):
        out, bad = w.folder(), write_data(w, -1.0, sample, 1)
        code, _, err = train(out, bad, "--set", "checkpoint=1")
        refused("log of -1", code, err, "step ", "sample %d of the training data" % sample, "not finite")
    # steps that are too large: the checkpoint before them stays, and is gone on from
    for rate, more in (("1e38", ()), ("1e15", ()), ("1e30", ("--set", "checkpoint=1")),
        ("1e38", ("--set", "checkpoint=3"))):
        out = w.folder()
        train(out, good)
        kept = read(out + "/last.safetensors"), read(out + "/best.safetensors")
        code, _, err = train(out, good, "--resume", "--epochs", "4", "--set", "optimizer.rate=" + rate, *more)
        refused("rate " + rate, code, err, "step ", "not finite", out + "/last.safetensors")
        if rate != "1e15" and (read(out + "/last.safetensors"),
            read(out + "/best.safetensors")) != kept: counter.bad("losses", "rate %s: the checkpoints were replaced"
                % rate)
        if rate == "1e15": continue                   # it may have taken finite steps, and kept them
        code, _, err = train(out, good, "--resume", "--epochs", "4")
        if code or tensors(out + "/last.safetensors") != tensors(whole + "/last.safetensors"):
            counter.bad("losses", "rate %s: going on: %d %s" % (rate, code, err))
    figure("%d kinds of NaN and infinity in data and in the loss: %d losses"
        % (counter.get("cases"), counter.get("losses")))
    counter.check("NaN and infinity stop a training with the place, and no good checkpoint is lost")
