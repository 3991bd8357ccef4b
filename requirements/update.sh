#!/usr/bin/env bash
# Resolve what the project needs for every supported Python and pin it with hashes. Needs uv.
set -eu
cd "$(dirname "$0")/.."
pin() {
  out=$1; shift
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-header --no-annotate --excludes requirements/excluded.in --extra bot --upgrade "$@" -o "$out.new"
  { echo "# Made by requirements/update.sh; install with: pip install --no-deps --require-hashes -r $out"
    cat "$out.new"; } > "$out"
  rm "$out.new"
}
pin requirements/run.txt pyproject.toml requirements/build.in
pin requirements/test.txt pyproject.toml requirements/build.in requirements/test.in
