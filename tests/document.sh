# document.sh: to be sourced. run_document FILE NAME runs what a document shows, in the folder $work/NAME.
#
# A ```gdl FILE block is a file. A ```console block is commands (`$ `), each with what it prints: a line `...` stands for any
# lines, `...` within a line for any text; all other lines are compared, in order and without a gap. Commands see
# gdlc on their PATH and the tests as $TESTS.
run_document() { # FILE NAME
  mkdir -p "$work/$2" && cd "$work/$2" || exit 1
  awk -v steps=".step" '
    /^```/ && inside  { inside = 0; if (file != "") close(file); file = ""; next }
    /^```gdl [^ ]+$/  { inside = 1; file = $2; printf "" >file; next }
    /^```console/     { inside = 1; file = ""; next }
    /^```/            { inside = 2; next }
    inside == 1 && file != "" { print >file; next }
    inside == 1 && /^\$ /     { n++; print substr($0, 3) >(steps n ".sh"); printf "" >(steps n ".want"); next }
    inside == 1       { print >(steps n ".want") }' "$1"
  i=1
  while [ -f .step$i.sh ]; do
    sh .step$i.sh >.step$i.out 2>&1 </dev/null
    awk -v out=.step$i.out '
      function literal(s) { gsub(/[][\\.^$*+?(){}|\/]/, "\\\\&", s); return s }
      function expression(s,   e, k) {                # all of it literal, but for ...
        e = ""
        while ((k = index(s, "...")) > 0) { e = e literal(substr(s, 1, k - 1)) ".*"; s = substr(s, k + 3) }
        return "^" e literal(s) "$"
      }
      function stands_at(from, to, p,   k) {          # lines `from` to `to` of the block, at line p of the output
        if (p + to - from > n) return 0
        for (k = from; k <= to; k++) if (got[p + k - from] !~ want[k]) return 0
        return 1
      }
      { text[++m] = $0; want[m] = $0 == "..." ? "" : expression($0) }
      END {
        while ((getline line < out) > 0) got[++n] = line
        p = 1                                         # the first line of the output that is not yet accounted for
        for (i = 1; i <= m; i = j) {
          free = text[i] == "..."
          if (free && ++i > m) exit 0
          for (j = i; j <= m && text[j] != "..."; j++) {}
          if (free && j > m && n - (m - i) > p) p = n - (m - i)
          while (!stands_at(i, j - 1, p)) if (!free || ++p > n) { print "not in the output: " text[i]; exit 1 }
          p += j - i
        }
        if (p <= n) { print "the output goes on: " got[p]; exit 1 }
      }' .step$i.want >.step$i.why
    if [ $? -eq 0 ]; then echo "pass $2: $(head -n 1 .step$i.sh)"
    else echo "fail $2: $(head -n 1 .step$i.sh): $(head -n 1 .step$i.why)"; head -n 40 .step$i.out >&2; fi
    i=$((i + 1))
  done
  [ $i -gt 1 ] || echo "fail $2: no command"
}
