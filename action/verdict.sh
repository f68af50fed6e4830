#!/usr/bin/env bash
# Fails the job by the verdict. No exit code is no pass: then the gate never ran.
set -euo pipefail

code="${PERFGATE_ACTION_EXIT_CODE:-}"
case "$code" in
0) echo "perfgate: ${PERFGATE_ACTION_VERDICT:-pass}" ;;
1) echo "perfgate: not fast enough; the job's summary says why" ;;
2) echo "perfgate: something cannot be used; nothing was driven" ;;
*) echo "perfgate: it could not be judged" ;;
esac
case "$code" in [0-9] | [1-9][0-9] | 1[0-9][0-9] | 2[0-5][0-9]) exit "$code" ;; *) exit 3 ;; esac
