#!/usr/bin/env bash
# Runs the gate and sets the outputs. It ends with 0 whatever the verdict is, so that the artifact is uploaded; the last
# step fails the job. Inputs come as variables, never as text within a script: they may hold anything.
set +e -uo pipefail

out=.perfgate/action
for ((number = 2; ; number++)); do # the action may be used several times in a job
  [ -e "$out" ] || break
  out=".perfgate/action-$number"
done
log="${RUNNER_TEMP:-/tmp}/perfgate-${RANDOM}${RANDOM}"
mode="${PERFGATE_ACTION_MODE:-run}"
case "$mode" in run | compare) ;; *)
  echo "::error title=perfgate::the input mode is run or compare"
  printf 'exit-code=2\nverdict=\nresult=\nreport=\n' >>"$GITHUB_OUTPUT"
  exit 0
  ;;
esac

command=(perfgate "$mode")
if [ "$mode" = compare ] && [ -n "${PERFGATE_ACTION_BASE:-}" ]; then
  command+=("$PERFGATE_ACTION_BASE")
fi
command+=(--budgets "${PERFGATE_ACTION_BUDGETS:-budgets.toml}" --out "$out")
if [ "$mode" = run ] && [ "${PERFGATE_ACTION_STRICT:-false}" = true ]; then
  command+=(--strict)
fi
while IFS= read -r argument; do
  if [ -n "$argument" ]; then command+=("$argument"); fi
done <<<"${PERFGATE_ACTION_ARGUMENTS:-}"

{
  "${command[@]}" 2>&1 1>&3 | tee "$log" >&2
  code=${PIPESTATUS[0]}
} 3>&1

verdict=
if [ -f "$out/result.json" ]; then
  verdict=$(python -I -c 'import json, sys; print(json.load(open(sys.argv[1], encoding="utf-8"))["verdict"])' "$out/result.json") ||
    verdict=
fi
case "$verdict" in pass | warn | fail | invalid) ;; *) verdict= ;; esac
{
  echo "exit-code=$code"
  echo "verdict=$verdict"
  if [ -f "$out/result.json" ]; then echo "result=$out/result.json"; else echo "result="; fi
  if [ -f "$out/report.html" ]; then echo "report=$out/report.html"; else echo "report="; fi
} >>"$GITHUB_OUTPUT"

if [ "$code" -ne 0 ] && [ -z "$verdict" ]; then
  # Nothing was judged: the words of the error are all there is to tell.
  message=$(head -c 2000 "$log" | tr -d '\r' | sed -e 's/%/%25/g' | sed -e ':a' -e 'N' -e '$!ba' -e 's/\n/%0A/g')
  echo "::error title=perfgate::${message:-perfgate ended with $code}"
fi
exit 0
