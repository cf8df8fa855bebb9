#!/usr/bin/env bash
# Test: ./run builds, hands arguments, output and exit code through, and without a display plays the demo session.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
unset DISPLAY WAYLAND_DISPLAY

wrong() { echo "run_script.sh: $1" >&2; exit 1; }

program=$(./run --build | tail -n 1)
[ -x "$program" ] || wrong "the last line of ./run --build is '$program', not the program"
[ "$(./run --version 2>/dev/null)" = "$("$program" --version)" ] || wrong "./run --version says more than the program does"

code=0
./run complete /nonexistent/file 2>/dev/null || code=$?
[ "$code" -eq 2 ] || wrong "./run complete on a missing file ended with $code, not with the program's 2"

rm -rf build/demo
./run </dev/null || wrong "./run without a display ended with $?"
for file in window.png metrics.csv completions.jsonl; do
  [ -s "build/demo/$file" ] || wrong "./run without a display left no build/demo/$file"
done
