# cases.sh BUILD SANITIZED: programs to accept, programs to refuse, programs that stretch the grammar and the generics.
here=$(cd "$(dirname "$0")/.." && pwd)
"$here/run_cases.sh" "$2/gdlc" "$here/accept" "$here/refuse" "$here/stress" "$here/wrong" || true
