#!/usr/bin/env bash
# onnxruntime 1.32.0 for Linux leaves a file `.ses` in the folder for temporary files as soon as it is imported.
#
# It belongs to the telemetry that the package for Python has on Linux, too: the library holds the address of the
# collector. `onnxruntime.disable_telemetry_events()` comes too late, since the file is written by the import;
# the variable ORT_DISABLE_TELEMETRY=1 keeps both away.
#
# Seen: `.ses` after an import, nothing with the variable. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet onnxruntime==1.32.0 2> /dev/null
mkdir "$folder/as-it-is" "$folder/disabled"
TMPDIR=$folder/as-it-is "$folder/venv/bin/python" -c 'import onnxruntime; onnxruntime.disable_telemetry_events()'
ORT_DISABLE_TELEMETRY=1 TMPDIR=$folder/disabled "$folder/venv/bin/python" -c 'import onnxruntime'
as_it_is=$(ls -A "$folder/as-it-is")
disabled=$(ls -A "$folder/disabled")
echo "imported: ${as_it_is:-nothing}; with ORT_DISABLE_TELEMETRY=1: ${disabled:-nothing}"
test "$as_it_is" = .ses && test -z "$disabled" || { echo "the behaviour has changed"; exit 1; }
