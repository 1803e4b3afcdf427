# tour.sh BUILD SANITIZED: what docs/tour.md and README.md show is real.
case $1 in /*) build=$1;; *) build=$PWD/$1;; esac
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
export TESTS="$root/tests" PATH="$build:$PATH"
. "$root/tests/document.sh"
run_document "$root/docs/tour.md" tour
run_document "$root/README.md" README
