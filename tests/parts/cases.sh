# cases.sh BUILD SANITIZED: programs to accept, programs to refuse, programs that stretch the grammar and the generics.
here=$(cd "$(dirname "$0")/.." && pwd)
PYTHONDONTWRITEBYTECODE=1 python3 "$here/cases.py" "$2/gdlc" "$here/accept" "$here/refuse" "$here/stress" "$here/wrong" || true
