"""The style sheet of a report: light and dark, wide, narrow and on paper."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fcfcfb; --card: #ffffff; --ink: #1b1f24; --muted: #6b7280; --rule: #e5e7eb;
  --good: #1a7f37; --warn: #9a6700; --bad: #b42318; --plain: #44505c;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --card: #1a1e22; --ink: #e4e7ea; --muted: #97a1ac; --rule: #2d333a;
    --good: #4cc06b; --warn: #d9a83c; --bad: #f0776c; --plain: #a9b4bf;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main { max-width: 66rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .6rem; letter-spacing: -.01em; }
h2 { font-size: 1.15rem; margin: 2.6rem 0 .7rem; }
p, li { max-width: 46rem; }
p.summary { font-size: 1.06rem; }
.badge {
  display: inline-block; padding: .1rem .65rem; border-radius: 1rem; border: 1px solid;
  font-size: .85rem; font-weight: 600;
}
.good { color: var(--good); } .warn { color: var(--warn); }
.bad { color: var(--bad); } .plain { color: var(--plain); }
.figures {
  display: grid; gap: 1.1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr));
}
.small { grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); max-width: 54rem; }
.plateau { margin-top: 1.6rem; break-inside: avoid; }
.plateau h3 { margin: 0 0 .3rem; font-size: 1rem; }
.plateau p { margin: 0 0 .7rem; font-size: .92rem; }
figure {
  margin: 0; padding: .9rem 1rem 1rem; background: var(--card);
  border: 1px solid var(--rule); border-radius: .5rem; break-inside: avoid;
}
figure h3 { margin: 0 0 .5rem; font-size: 1rem; }
figure svg { display: block; width: 100%; height: auto; }
figure svg * { stroke-linejoin: round; stroke-linecap: butt; }
@media screen and (prefers-color-scheme: dark) { figure svg image { filter: brightness(.9); } }
figcaption { margin-top: .6rem; font-size: .86rem; line-height: 1.45; color: var(--muted); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td {
  text-align: left; vertical-align: top; padding: .32rem 1.2rem .32rem 0;
  border-bottom: 1px solid var(--rule);
}
thead th { font-weight: 600; color: var(--muted); }
tbody th { font-weight: 600; white-space: nowrap; }
td.number { text-align: right; white-space: nowrap; }
th.number { text-align: right; }
.whole { white-space: nowrap; }
table + table, .wide + .wide, .wide + .figures { margin-top: 1.2rem; }
ol { padding-left: 1.6rem; font-size: .95rem; }
li { margin-bottom: .3rem; }
.key { display: inline-block; width: 1.6em; height: .6em; margin-right: .45em; }
.key line { stroke-width: 3; }
pre {
  overflow-x: auto; padding: .8rem 1rem; background: var(--card); border: 1px solid var(--rule);
  border-radius: .5rem; font: .84rem/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, monospace;
}
footer { margin-top: 3rem; font-size: .85rem; color: var(--muted); }
@media (max-width: 30rem) {
  main { padding: 1.4rem .8rem 2.5rem; }
  figure { padding: .6rem .5rem .7rem; }
}
@media print {
  body { font-size: 10.5pt; background: none; }
  main { max-width: none; padding: 0; }
  .figures { grid-template-columns: 1fr 1fr; gap: .6rem; }
  pre { white-space: pre-wrap; }
  h2 { break-after: avoid; }
}
"""
