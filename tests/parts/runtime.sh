# runtime.sh BUILD SANITIZED: the runtime with a module written by hand: training, resuming, damaged files, the audit.
here=$(cd "$(dirname "$0")/.." && pwd)
sh "$here/runtime/run.sh" "$2/runtime-alone" || true
