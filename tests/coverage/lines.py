"""lines.py FOLDER [--least PERCENT] [--missing FILE...]: which lines of compiler/ and runtime/ the tests ran.

Reads every .gcno and .gcda below FOLDER through gcov; a line that several objects hold (the runtime is compiled into
programs, into unit tests, and by tests/runtime) counts as run when one of them ran it. Prints a line a folder and one
for all; exit code 1 when all is below PERCENT. With --missing the lines of these files that nothing ran."""
import concurrent.futures, json, os, re, subprocess, sys, tempfile

root = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))

def counts(note):
    """(file, line) -> times, of one object."""
    found = {}
    with tempfile.TemporaryDirectory() as work:
        run = subprocess.run(["gcov", "--json-format", "--stdout", os.path.abspath(note)], cwd=work, capture_output=True)
        for text in run.stdout.splitlines():
            if not text.startswith(b"{"): continue
            unit = json.loads(text)
            for part in unit["files"]:
                path = os.path.relpath(os.path.join(unit["current_working_directory"], part["file"]), root)
                if not re.match(r"(compiler|runtime)/", path): continue
                for line in part["lines"]:
                    key = path, line["line_number"]
                    found[key] = max(found.get(key, 0), line["count"])
    return found

def main(folder, least, missing):
    notes = [os.path.join(where, f) for where, _, files in os.walk(folder) for f in files if f.endswith(".gcno")]
    times = {}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for found in pool.map(counts, sorted(notes)):
            for key, n in found.items(): times[key] = max(times.get(key, 0), n)
    if missing:
        for path, line in sorted(times):
            if path in missing and not times[path, line]:
                print(f"{path}:{line}: {open(os.path.join(root, path)).read().splitlines()[line - 1].strip()}")
        return 0
    by_folder, by_file = {}, {}
    for (path, _), n in times.items():
        for key, where in (os.path.dirname(path), by_folder), (path, by_file):
            run, all_ = where.get(key, (0, 0))
            where[key] = run + (n > 0), all_ + 1
    for name in sorted(by_folder): print(f"{name:20} {by_folder[name][0]:6} of {by_folder[name][1]:6} lines  {100 * by_folder[name][0] / by_folder[name][1]:5.1f}%")
    low = sorted((run / all_, path) for path, (run, all_) in by_file.items() if all_ - run >= 25)[:12]
    for part, path in low: print(f"  least: {path:32} {100 * part:5.1f}%, {by_file[path][1] - by_file[path][0]} lines not run")
    run, all_ = (sum(x[i] for x in by_folder.values()) for i in (0, 1))
    print(f"compiler and runtime: {run} of {all_} lines, {100 * run / all_:.1f}% (at least {least}%)")
    return 0 if 100 * run >= least * all_ else 1

arguments = sys.argv[1:]
missing = arguments[arguments.index("--missing") + 1:] if "--missing" in arguments else []
least = float(arguments[arguments.index("--least") + 1]) if "--least" in arguments else 0
sys.exit(main(arguments[0], least, missing))
