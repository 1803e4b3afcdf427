# run.sh BUILD FUZZERS RUNS SECONDS TARGET...: libFuzzer on each target, one after the other: RUNS inputs each, or SECONDS where
# RUNS is empty. Prints a line a target: how many inputs, how many findings, and where they are; ends with 1 if there are any.
# What was learned (FUZZERS/corpus) is where the next call starts.
#
# An input may take a second of the product's time. Sanitizers and coverage cost a factor of about five, and the machine may
# be busy: so what libFuzzer calls slow (2 s) or gives up on (20 s) is tried again by the driver without sanitizers, which
# counts processor time, and is a finding if that takes more than a second.
build=$(realpath "$1") fuzzers=$(realpath "$2") runs=$3 seconds=$4 here=$(cd "$(dirname "$0")" && pwd)
shift 4
rm -rf "$fuzzers/seeds"
sh "$here/prepare.sh" "$build/gdlc" "$fuzzers/seeds" || exit 1
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
FINDINGS_MOST=20                    # of one target; then it is time to look at them
all_runs=0 all_findings=0
for name in "$@"; do
  corpus=$fuzzers/corpus/$name found=$fuzzers/findings/$name log=$fuzzers/$name.log
  rm -rf "$found" && mkdir -p "$corpus" "$found/slow" && : >"$log"
  done=0 starts=0 end=$(($(date +%s) + seconds))
  while [ $starts -lt $FINDINGS_MOST ]; do
    starts=$((starts + 1))
    if [ -n "$runs" ]; then left="-runs=$((runs - done))"; else left="-max_total_time=$((end - $(date +%s)))"; fi
    (cd "$found" && "$fuzzers/fuzz/$name" $left -seed=$starts -timeout=20 -report_slow_units=2 -rss_limit_mb=2048 -max_len=32768 \
      -dict="$fuzzers/seeds/$name.dict" -print_final_stats=1 -verbosity=1 "$corpus" "$fuzzers/seeds/$name") </dev/null >"$log.one" 2>&1
    status=$?
    cat "$log.one" >>"$log"
    n=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log.one")
    done=$((done + ${n:-0}))
    if [ -n "$runs" ]; then [ $done -lt "$runs" ] || break; else [ "$(date +%s)" -lt $end ] || break; fi
    [ $status -ne 0 ] || break
  done
  for f in "$found"/slow-unit-* "$found"/timeout-*; do
    [ -f "$f" ] || continue
    (cd "$found/slow" && timeout 60 "$build/fuzz/$name" 0 "$fuzzers/seeds/$name.dict" "$f" | grep -q '^pass seeds') && rm "$f"
  done
  findings=$(find "$found" -maxdepth 1 -type f | wc -l)
  echo "$name: $done inputs, $findings findings$([ "$findings" -eq 0 ] || echo " in $found; what was said of them in $log")"
  all_runs=$((all_runs + done)) all_findings=$((all_findings + findings))
  rm -f "$log.one"
done
echo "$all_runs inputs, $all_findings findings"
[ $all_findings -eq 0 ]
