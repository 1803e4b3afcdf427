# unit.sh BUILD SANITIZED: the unit tests of the compiler and of the runtime, in one Criterion program, each in its own process
# with a time limit, under the address, leak and undefined behaviour sanitizers. Run from the root: some read files of it.
out=$(mktemp) && trap 'rm -f "$out"' EXIT
"$2/unit" --jobs 2 --timeout 120 --verbose=1 >"$out" 2>&1
status=$?
sed -n 's/^\[PASS\] \([^ ]*\):.*/pass unit \1/p; s/^\[FAIL\] \([^ ]*\):.*/fail unit \1/p' "$out"
# a test that died in another way than by an assertion
sed -n 's/.*\(Crashed\|Timed out\).*/&/p' "$out" >&2
grep -q '^\[FAIL\]' "$out" || [ $status -eq 0 ] || echo "fail unit: status $status"
grep -q 'LeakSanitizer: detected' "$out" && ! grep -q '^\[FAIL\]' "$out" && echo "fail unit: memory leaks"
grep '^\[FAIL\]\|ERROR: \|SUMMARY: ' "$out" >/dev/null && grep -v '^\[PASS\]\|^\[RUN' "$out" | tail -n 40 >&2
true
