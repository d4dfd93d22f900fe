/**
 * The style sheet of the HTML report. It stands in the page by its hash, so it must not depend on the
 * report; sizes that do are SVG attributes.
 */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f7f6f3; --card: #ffffff; --sunken: #f4f3ef; --line: #e2dfd8; --text: #1c2126; --muted: #5a646e;
  --error: #b3261e; --warning: #8a5300; --info: #1b5e9e; --ok: #17693f;
  --error-soft: #fbeae8; --warning-soft: #fbf1df; --info-soft: #e8f1fa; --ok-soft: #e5f4ec;
  --mode-8: #c5372c; --mode-7: #d9622b; --mode-6: #dd7f28; --mode-5: #d9a026; --mode-4: #3f83ab; --mode-0: #9aa5ae;
  --mono: ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #121518; --card: #1a1e22; --sunken: #14181b; --line: #2d333a; --text: #e4e7ea; --muted: #98a3ae;
    --error: #ff8d80; --warning: #f2b861; --info: #82baff; --ok: #70d39c;
    --error-soft: #3a1d1b; --warning-soft: #35290f; --info-soft: #172c44; --ok-soft: #12301f;
    --mode-8: #ff7264; --mode-7: #ff915c; --mode-6: #f7a455; --mode-5: #e6c04f; --mode-4: #63a9d3; --mode-0: #6f7a84;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif;
  overflow-wrap: anywhere;
}
.page { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1, h2, h3, p, ul, ol, dl, dd, figure { margin: 0; }
ul, ol { padding: 0; list-style: none; }
a { color: var(--info); text-underline-offset: 0.15em; text-decoration-thickness: 0.06em; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--info); outline-offset: 2px; border-radius: 3px; }
code, pre { font-family: var(--mono); font-size: 0.875em; }
pre code { font-size: inherit; }
code { font-variant-ligatures: none; }
.muted { color: var(--muted); }
.small { font-size: 0.875rem; }

.tool { color: var(--muted); font-size: 0.875rem; }
h1 { font-size: clamp(1.6rem, 1.2rem + 2vw, 2.25rem); line-height: 1.2; letter-spacing: -0.015em; margin: 0.35rem 0 0.5rem; }
.failed h1 { color: var(--error); }
.passed h1 { color: var(--ok); }

.overview { margin-top: 1.75rem; border-top: 1px solid var(--line); }
.overview li { border-bottom: 1px solid var(--line); }
.overview a { display: grid; grid-template-columns: 5.5rem 1fr; gap: 0.25rem 0.75rem; padding: 0.55rem 0; color: inherit; text-decoration: none; }
.overview a:hover .what { text-decoration: underline; }
.overview .where { grid-column: 2; color: var(--muted); font-size: 0.8125rem; }
.severity { font-weight: 650; font-size: 0.875rem; line-height: 1.7; }
.error .severity { color: var(--error); }
.warning .severity { color: var(--warning); }
.info .severity { color: var(--info); }
.allowed .severity { color: var(--muted); }

section { margin-top: 3rem; }
h2 { font-size: 1.125rem; line-height: 1.35; letter-spacing: -0.005em; }
h2 code { font-size: 0.95em; font-weight: 650; }
.file > .muted { margin-top: 0.15rem; font-size: 0.875rem; }

.finding {
  margin-top: 1rem; padding: 1.1rem 1.25rem 1.25rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 10px; border-top: 3px solid var(--muted);
}
.finding.error { border-top-color: var(--error); }
.finding.warning { border-top-color: var(--warning); }
.finding.info { border-top-color: var(--info); }
.finding.allowed { background: transparent; border-style: dashed; border-top-width: 1px; }
.finding:target { outline: 2px solid var(--info); outline-offset: 3px; }
h3 { font-size: 1.0625rem; line-height: 1.4; font-weight: 650; }
.allowed h3 { font-weight: 500; color: var(--muted); }
.wait { margin-top: 0.2rem; font-size: 0.9375rem; }
.place { margin-top: 0.2rem; font-size: 0.875rem; color: var(--muted); }
h4 { margin: 0; font-size: 0.8125rem; font-weight: 650; color: var(--muted); }
.why { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 0.6rem; margin: 1rem 0 0.35rem; }
.remedy { margin-top: 1rem; }
.receipt { padding-left: 1.1rem; list-style: disc; font-size: 0.9375rem; }
.receipt li::marker { color: var(--muted); font-size: 0.7em; }
.note { margin-top: 0.35rem; font-size: 0.9375rem; color: var(--muted); }
.evidence {
  display: inline-block; padding: 0.05rem 0.55rem; border-radius: 99px;
  background: var(--sunken); border: 1px solid var(--line); font-size: 0.8125rem; color: var(--muted);
}
.evidence.measured { background: var(--ok-soft); color: var(--ok); border-color: transparent; }

pre { margin: 0.8rem 0 0; padding: 0.7rem 0.85rem; background: var(--sunken); border: 1px solid var(--line); border-radius: 7px; overflow-x: auto; line-height: 1.5; tab-size: 2; }
pre:focus-visible { outline: 2px solid var(--info); }
pre .n { display: inline-block; min-width: 2.2em; padding-right: 0.9em; text-align: right; color: var(--muted); user-select: none; }
pre .at .n { color: var(--error); font-weight: 700; }
.warning pre .at .n { color: var(--warning); }
.info pre .at .n { color: var(--info); }
pre mark { background: var(--error-soft); color: inherit; border-bottom: 2px solid var(--error); }
.remedy pre { margin-top: 0.35rem; background: var(--info-soft); border-color: transparent; user-select: all; }
.remedy .proof { font-size: 0.875rem; color: var(--muted); }
.remedy .step { margin-top: 0.6rem; font-size: 0.8125rem; color: var(--muted); }

.locks { margin-top: 1.5rem; padding: 1.1rem 1.25rem 1.2rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.locks figcaption { font-weight: 650; font-size: 0.9375rem; }
.locks table { width: 100%; margin-top: 0.7rem; border-collapse: collapse; table-layout: fixed; }
.locks th, .locks td { padding: 0; text-align: left; font-weight: 400; vertical-align: middle; }
.locks td { position: relative; height: 2.75rem; }
.locks thead td { height: 2.1rem; }
.locks th { width: 17rem; padding: 0.5rem 1rem 0.5rem 0; font-size: 0.8125rem; line-height: 1.4; }
.locks th code { font-size: 0.875rem; font-weight: 650; }
.locks tbody tr { border-top: 1px solid var(--line); }
.locks thead th { color: var(--muted); }
.locks .held { display: block; color: var(--muted); }
.locks .dot { display: inline-block; width: 0.6rem; height: 0.6rem; margin-right: 0.35rem; border-radius: 2px; }
.locks svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.locks p { margin-top: 0.7rem; }
.tick { fill: var(--muted); font: 0.75rem var(--mono); }
.tick.error { fill: var(--error); font-weight: 700; }
.tick.warning { fill: var(--warning); font-weight: 700; }
.grid { stroke: var(--line); }
.commit { stroke: var(--muted); stroke-dasharray: 2 3; opacity: 0.75; }
.span { stroke: var(--muted); }
.AccessExclusiveLock { fill: var(--mode-8); background: var(--mode-8); }
.ExclusiveLock { fill: var(--mode-7); background: var(--mode-7); }
.ShareRowExclusiveLock { fill: var(--mode-6); background: var(--mode-6); }
.ShareLock { fill: var(--mode-5); background: var(--mode-5); }
.ShareUpdateExclusiveLock { fill: var(--mode-4); background: var(--mode-4); }
.RowExclusiveLock, .RowShareLock, .AccessShareLock { fill: var(--mode-0); background: var(--mode-0); }
.bar { stroke: var(--card); stroke-width: 2; }

details { margin-top: 1rem; }
summary { cursor: pointer; font-size: 0.9375rem; color: var(--muted); width: fit-content; }
summary:hover { color: var(--text); }
.statements { margin-top: 0.75rem; border-top: 1px solid var(--line); font-size: 0.875rem; }
.statements > li { display: grid; grid-template-columns: 5.5rem 1fr; gap: 0 0.75rem; padding: 0.6rem 0; border-bottom: 1px solid var(--line); }
.statements .receipt { grid-column: 2; font-size: 0.875rem; margin-top: 0.2rem; }
.statements .evidence { grid-column: 2; justify-self: start; margin-top: 0.35rem; }
.statements .note { grid-column: 2; font-size: 0.875rem; }

.lines { margin-top: 0.75rem; }
.lines li { padding: 0.5rem 0; border-top: 1px solid var(--line); }
.lines li:last-child { border-bottom: 1px solid var(--line); }
.not-checked { padding: 1.1rem 1.25rem; border-radius: 10px; background: var(--warning-soft); }
.not-checked .lines li { border-color: color-mix(in srgb, var(--warning) 22%, transparent); }
.not-checked .lines li:last-child { border-bottom: 0; padding-bottom: 0; }
footer { margin-top: 3rem; color: var(--muted); font-size: 0.8125rem; }

@media (max-width: 44rem) {
  .page { padding: 1.5rem 1rem 3rem; }
  .finding, .locks, .not-checked { padding-left: 0.9rem; padding-right: 0.9rem; }
  .overview a, .statements > li { grid-template-columns: 1fr; }
  .overview .where, .statements .receipt, .statements .evidence, .statements .note { grid-column: 1; }
  .locks table, .locks thead, .locks tbody, .locks tr, .locks th, .locks td { display: block; width: 100%; }
  .locks thead { margin-bottom: 0.3rem; }
  .locks tbody tr { padding-bottom: 0.5rem; }
}
@media print {
  body { background: #fff; }
  .finding, .locks { break-inside: avoid; }
}
`
