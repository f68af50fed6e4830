#!/usr/bin/env bash
# Installs perfgate: what the input names, else this action's own commit with exactly what its lock names.
# Nothing is resolved (--no-deps): pip would else look for newer releases that satisfy an extra, and refuse them for
# want of a hash. Whether the lock is whole is what `pip check` says afterwards.
set -euo pipefail

own="${GITHUB_ACTION_PATH:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}"
pip=(python -m pip --disable-pip-version-check)
install=("${pip[@]}" install --quiet)

if [ -n "${PERFGATE_ACTION_PACKAGE:-}" ]; then
  "${install[@]}" -- "$PERFGATE_ACTION_PACKAGE"
else
  # An environment that is there already may hold conflicts of its own, which are not ours to judge.
  before=$("${pip[@]}" check || true)
  "${install[@]}" --no-deps --require-hashes --requirement "$own/requirements.txt"
  "${install[@]}" --no-deps --no-build-isolation -- "$own"
  after=$("${pip[@]}" check || true)
  new=$(comm -13 <(sort <<<"$before") <(sort <<<"$after") | grep -vx 'No broken requirements found.' || true)
  if [ -n "$new" ]; then
    printf 'perfgate: what is installed does not fit together:\n%s\n' "$new" >&2
    exit 2
  fi
fi
if [ -n "${PERFGATE_ACTION_REQUIREMENTS:-}" ]; then
  "${install[@]}" --requirement "$PERFGATE_ACTION_REQUIREMENTS"
fi
perfgate --version
