#!/usr/bin/env bash
# Installs perfgate: what the input names, else this action's own commit, with the hashes of its lock.
set -euo pipefail

own="${GITHUB_ACTION_PATH:?}"
pip=(python -m pip install --quiet --disable-pip-version-check)

if [ -n "${PERFGATE_ACTION_PACKAGE:-}" ]; then
  "${pip[@]}" -- "$PERFGATE_ACTION_PACKAGE"
else
  "${pip[@]}" --require-hashes --requirement "$own/requirements.txt"
  "${pip[@]}" --no-deps --no-build-isolation -- "$own"
fi
if [ -n "${PERFGATE_ACTION_REQUIREMENTS:-}" ]; then
  "${pip[@]}" --requirement "$PERFGATE_ACTION_REQUIREMENTS"
fi
perfgate --version
