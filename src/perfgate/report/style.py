"""The style sheet of the HTML report: light and dark by the reader's own setting, no font or picture from elsewhere."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b1f27; --soft: #5b6472; --rule: #e1e5eb; --shade: #eceff4;
  --pass: #1a7f37; --warn: #9a6700; --fail: #cf222e; --invalid: #8250df; --skipped: #6b7280;
  --blue: #1f6fd6; --amber: #c77700; --rose: #b83280; --teal: #0f8a7e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1116; --card: #171b22; --ink: #e6e9ef; --soft: #98a2b3; --rule: #2a313c; --shade: #222833;
    --pass: #3fb950; --warn: #d4a72c; --fail: #ff6b6b; --invalid: #b392f0; --skipped: #8b949e;
    --blue: #5aa2ff; --amber: #f0a93b; --rose: #f07ab8; --teal: #3fc9b8;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 24px 20px 48px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 6px; }
h2 { font-size: 20px; margin: 40px 0 10px; display: flex; align-items: center; gap: 10px; flex-wrap: wrap; }
h3 { font-size: 15px; margin: 22px 0 6px; }
p { margin: 6px 0; }
a { color: inherit; }
.banner { background: var(--card); border: 1px solid var(--rule); border-left: 8px solid var(--verdict);
  border-radius: 10px; padding: 18px 22px; }
.banner h1 { color: var(--verdict); }
.pass { --verdict: var(--pass); } .warn { --verdict: var(--warn); } .fail { --verdict: var(--fail); }
.invalid { --verdict: var(--invalid); } .skipped { --verdict: var(--skipped); }
.meta { color: var(--soft); font-size: 13px; display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 8px 0 0;
  padding: 0; }
.meta li { list-style: none; }
.badge { display: inline-block; padding: 1px 9px; border-radius: 999px; border: 1px solid var(--verdict);
  color: var(--verdict); font-size: 12px; font-weight: 600; text-transform: uppercase; letter-spacing: .03em; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--rule); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th, td { padding: 6px 12px; text-align: left; border-bottom: 1px solid var(--rule); vertical-align: top;
  overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; font-size: 12.5px; white-space: nowrap; overflow-wrap: normal; }
tbody tr:last-child > * { border-bottom: 0; }
tbody th { color: var(--ink); font-weight: 500; font-size: inherit; white-space: normal; overflow-wrap: anywhere;
  min-width: 11em; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; overflow-wrap: normal; }
th.number { text-align: right; }
.name, code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .94em; }
.broken { color: var(--verdict); font-weight: 650; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 10px; margin: 10px 0; }
.tile { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 8px 12px; }
.tile dt { color: var(--soft); font-size: 12px; }
.tile dd { margin: 0; font-size: 18px; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
dl.tiles { margin: 10px 0; }
.charts { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 12px; margin: 12px 0; }
figure.wide { grid-column: span 3; }
figure.small { grid-column: span 2; }
@media (max-width: 900px) { figure.wide, figure.small { grid-column: span 6; } }
figure { margin: 0; background: var(--card); border: 1px solid var(--rule); border-radius: 10px;
  padding: 10px 12px 4px; }
figcaption { font-size: 12.5px; display: flex; flex-wrap: wrap; gap: 2px 14px; align-items: baseline; }
figcaption .legend { color: var(--soft); white-space: nowrap; }
.note { color: var(--soft); font-size: 12px; }
.key { display: inline-block; width: 14px; height: 3px; border-radius: 2px; background: var(--line); margin-right: 5px;
  vertical-align: middle; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font: 11px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; }
svg .at { fill: var(--ink); font-size: 10.5px; paint-order: stroke; stroke: var(--card); stroke-width: 3px; }
.p50 { --line: var(--blue); } .p95 { --line: var(--amber); } .p99 { --line: var(--rose); }
.requests { --line: var(--blue); } .failed { --line: var(--fail); } .users { --line: var(--teal); }
.cpu { --line: var(--amber); } .memory { --line: var(--rose); }
.line { fill: none; stroke: var(--line); stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
.area { fill: var(--line); opacity: .13; stroke: none; }
.area.failed { opacity: .45; }
.band { fill: var(--shade); } .band.judged { fill: none; }
.edge, .grid { stroke: var(--rule); stroke-width: 1; }
.zero { stroke: var(--soft); stroke-width: 1; }
.limit { stroke: var(--line); stroke-width: 1.4; stroke-dasharray: 6 4; } .limit.warn { stroke-dasharray: 1.5 4; }
.plot { width: 200px; min-width: 130px; --mark: var(--skipped); }
.plot.worse { --mark: var(--fail); } .plot.better { --mark: var(--pass); } .plot.undecided { --mark: var(--invalid); }
.plot.accepted { --mark: var(--warn); }
.plot .nothing { stroke: var(--soft); stroke-width: 1; opacity: .55; }
.plot .tolerated { stroke: var(--ink); stroke-width: 1.3; stroke-dasharray: 3 3; opacity: .75; }
.plot .whisker { stroke: var(--mark); stroke-width: 2.4; stroke-linecap: round; } .plot .dot { fill: var(--mark); }
.whole, .badge { white-space: nowrap; overflow-wrap: normal; }
.tip { fill: transparent; } .tip:hover { fill: var(--soft); opacity: .18; }
ul.plain { margin: 6px 0; padding-left: 20px; }
details { margin: 10px 0; } summary { cursor: pointer; color: var(--soft); }
footer { color: var(--soft); font-size: 12.5px; margin-top: 40px; }
@media print { body { background: #fff; } .scroll, figure, .tile, .banner { break-inside: avoid; } }
"""
