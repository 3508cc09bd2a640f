/** The report's style sheet: system fonts, light and dark by the reader's setting, from 360 px up, and for paper. */
export const style = `
:root { color-scheme: light dark;
  --page: #fafaf8; --card: #ffffff; --text: #1d2329; --muted: #5a6570; --line: #e1e4e6; --soft: #f1f3f3;
  --accent: #1a5c9e; --good: #0b6b52; --bad: #a5331f; --note: #fdf6e3; --noteline: #e3d3a3;
  --a0: #6d747c; --a1: #2868ac; --a2: #ad5a08; --a3: #0b7a62; --a4: #7a4ba0; --a5: #a03a63; --a6: #66661a; --a7: #3d6a76; }
@media (prefers-color-scheme: dark) { :root {
  --page: #14171a; --card: #1b1f23; --text: #e4e7ea; --muted: #9ba5af; --line: #2f363c; --soft: #22272c;
  --accent: #7ab3ee; --good: #5ecaa9; --bad: #f09a86; --note: #2a2619; --noteline: #57502f;
  --a0: #a0a8b0; --a1: #71aeee; --a2: #e6a052; --a3: #52c5a7; --a4: #bb99dd; --a5: #e28fae; --a6: #c2c26e; --a7: #86bccb; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif; }
main, header, footer { max-width: 76rem; margin: 0 auto; padding: 0 clamp(1rem, 3vw, 2.5rem); }
header { padding-top: 1.75rem; }
.subject { margin: 0 0 1.5rem; max-width: none; padding: .6rem .9rem; background: var(--note); border: 1px solid var(--noteline); border-radius: .5rem; font-size: .95rem; }
h1 { margin: 0 0 .75rem; font-size: clamp(1.6rem, 1.1rem + 2.2vw, 2.4rem); line-height: 1.15; letter-spacing: -.015em; font-weight: 650; text-wrap: balance; }
h2 { margin: 3.25rem 0 1rem; font-size: 1.35rem; line-height: 1.25; letter-spacing: -.01em; font-weight: 640; }
h3 { margin: 1.6rem 0 .35rem; font-size: 1rem; font-weight: 640; }
p { margin: 0 0 .8rem; max-width: 72ch; }
.lead { font-size: 1.12rem; line-height: 1.5; }
.muted, small { color: var(--muted); }
small { font-size: .82rem; }
a { color: var(--accent); text-underline-offset: .15em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -999rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .4rem .8rem; z-index: 2; }
nav { margin: 1.25rem 0 0; padding: .55rem 0; border-block: 1px solid var(--line); display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .92rem; }
nav a { text-decoration: none; } nav a:hover { text-decoration: underline; }
.grid2, .reasons { columns: 27rem auto; column-gap: 1rem; }
.grid2 > .card, .reasons > .card { break-inside: avoid; margin-bottom: 1rem; }
.grid2 dl { grid-template-columns: minmax(6rem, 10.5rem) 1fr; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .65rem; padding: 1rem 1.1rem; }
.card > :first-child { margin-top: 0; } .card > :last-child { margin-bottom: 0; }
.reasons { margin-top: 1.5rem; font-size: .95rem; } .reasons p { max-width: none; }
.plots { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18.5rem), 1fr)); }
.plot { margin: 0; padding: .85rem .95rem .6rem; background: var(--card); border: 1px solid var(--line); border-radius: .65rem; break-inside: avoid; }
.plot figcaption { font-size: .88rem; margin-bottom: .5rem; line-height: 1.35; }
.plot svg { display: block; width: 100%; max-width: 30rem; height: auto; overflow: visible; font-size: 12px; fill: var(--text); }
.plot .grid { stroke: var(--line); } .plot .zero { stroke: var(--muted); } .plot .tick { fill: var(--muted); font-size: 11px; }
.plot .value { font-variant-numeric: tabular-nums; } .plot .whisker { stroke: var(--arm); stroke-width: 2.5; opacity: .5; stroke-linecap: round; }
.plot .path { fill: none; stroke: var(--arm); stroke-width: 1.5; opacity: .6; } .plot .mark { fill: var(--arm); stroke: var(--card); stroke-width: 1.2; } .plot .hollow { fill: var(--card); stroke: var(--arm); stroke-width: 2; }
.plot .halo { paint-order: stroke; stroke: var(--card); stroke-width: 3.5px; font-weight: 600; fill: var(--arm); }
.legend { margin: .4rem 0 .2rem; font-size: .8rem; display: flex; flex-wrap: wrap; gap: .1rem .9rem; } .legend span { color: var(--arm); font-weight: 600; }
.arm0 { --arm: var(--a0); } .arm1 { --arm: var(--a1); } .arm2 { --arm: var(--a2); } .arm3 { --arm: var(--a3); }
.arm4 { --arm: var(--a4); } .arm5 { --arm: var(--a5); } .arm6 { --arm: var(--a6); } .arm7 { --arm: var(--a7); }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .65rem; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
.about { margin: 0 0 .5rem; color: var(--muted); font-size: .88rem; max-width: none; }
th, td { padding: .45rem .8rem; text-align: right; vertical-align: baseline; border-top: 1px solid var(--line); white-space: nowrap; font-weight: 400; }
thead th { font-weight: 640; border-top: 0; vertical-align: bottom; }
th:first-child, td:first-child, .words { text-align: left; }
tbody th { white-space: normal; min-width: 10.5rem; } td.words { white-space: normal; min-width: 14rem; }
.pin th:first-child { position: sticky; left: 0; background: var(--card); z-index: 1; }
tr.family th { color: var(--muted); font-size: .8rem; padding-top: 1rem; border-top: 0; background: var(--card); }
thead .armname { border-bottom: 3px solid var(--arm); padding-bottom: .15rem; }
.yardstick { font-style: italic; }
td small { display: block; font-style: normal; } td.best { font-weight: 680; } td.best small { font-weight: 400; }
abbr { text-decoration: none; cursor: help; border-bottom: 1px dotted var(--muted); }
details > summary { cursor: pointer; } details.fold { margin: .75rem 0; } details.fold > summary { padding: .35rem 0; font-weight: 600; }
dl { display: grid; grid-template-columns: minmax(8rem, 12rem) 1fr; gap: .3rem 1.2rem; margin: .4rem 0 1rem; font-size: .92rem; }
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
code, pre, .mono { font: .84em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre { margin: .4rem 0; padding: .7rem .8rem; background: var(--soft); border-radius: .4rem; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
.filters { display: flex; flex-wrap: wrap; gap: .6rem .9rem; align-items: end; margin: 0 0 1rem; font-size: .88rem; }
.filters[hidden] { display: none; }
.filters label { display: grid; gap: .15rem; color: var(--muted); }
select, input, button { font: inherit; color: var(--text); background: var(--card); border: 1px solid var(--line); border-radius: .4rem; padding: .35rem .55rem; min-height: 2.3rem; max-width: 100%; }
button { cursor: pointer; }
.case { background: var(--card); border: 1px solid var(--line); border-radius: .55rem; margin: 0 0 .45rem; content-visibility: auto; contain-intrinsic-size: auto 3.2rem; }
.case[hidden] { display: none; }
.case > summary { display: grid; grid-template-columns: 1fr auto; gap: .25rem 1rem; align-items: baseline; padding: .6rem .9rem; list-style-position: outside; }
.case > summary::-webkit-details-marker { display: none; } .case > summary { list-style: none; }
.case > summary .q { font-weight: 550; overflow-wrap: anywhere; unicode-bidi: isolate; } .case > summary .q small { font-weight: 400; margin-left: .4rem; }
.case > summary .q::before { content: '▸'; display: inline-block; width: 1.1em; color: var(--muted); } .case[open] > summary .q::before { content: '▾'; }
.inside h3 { margin-top: 0; } .inside > section > dl { margin-bottom: .4rem; }
.case[open] > summary { border-bottom: 1px solid var(--line); }
.marks { display: flex; flex-wrap: wrap; gap: .15rem .7rem; font-size: .82rem; }
.tick0, .tick1 { white-space: nowrap; } .tick1 { color: var(--good); } .tick0 { color: var(--muted); } .tick0 b { color: var(--bad); }
.case .inside { padding: .9rem; display: grid; gap: .9rem; }
.answers { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 16rem), 1fr)); }
.answer { border: 1px solid var(--line); border-top: 3px solid var(--arm, var(--line)); border-radius: .4rem; padding: .6rem .75rem .7rem; min-width: 0; }
.answer h4 { margin: 0 0 .35rem; font-size: .88rem; display: flex; justify-content: space-between; gap: .5rem; }
.said { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; font-size: .93rem; margin: 0 0 .45rem; }
.answer dl { grid-template-columns: auto 1fr; gap: .05rem .7rem; font-size: .82rem; margin: .3rem 0; }
.answer details { font-size: .84rem; }
.wrong { color: var(--bad); } .rightly { color: var(--good); }
del { text-decoration: line-through; color: var(--bad); } ins { text-decoration: underline; text-underline-offset: .2em; color: var(--accent); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.passages { margin: 0; padding-left: 0; list-style: none; font-size: .88rem; display: grid; gap: .6rem; }
.passages li { padding-left: .8rem; border-left: 3px solid var(--line); overflow-wrap: anywhere; unicode-bidi: isolate; } .passages li.holds { border-color: var(--good); }
.passages li:target, li:target { background: var(--note); }
.tag { display: inline-block; padding: 0 .45rem; border: 1px solid var(--line); border-radius: 1rem; font-size: .76rem; color: var(--muted); }
footer { margin-top: 4rem; padding-block: 1.2rem 2.5rem; border-top: 1px solid var(--line); font-size: .86rem; color: var(--muted); }
@media (max-width: 40rem) { dl, .grid2 dl { grid-template-columns: 1fr; gap: 0 0; } dd { margin-bottom: .45rem; } .answer dl { grid-template-columns: auto 1fr; } .answer dd { margin: 0; }
  .case > summary { grid-template-columns: 1fr; } th, td { padding-inline: .6rem; } tbody th { min-width: 8.5rem; } }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media print { :root { --page: #fff; --soft: #f5f5f5; } body { font-size: 10.5pt; } nav, .filters, .skip { display: none; }
  h2 { break-after: avoid; margin-top: 1.6rem; } .case, .card, tr { break-inside: avoid; } .scroll { overflow: visible; } table { font-size: 8.5pt; } th, td { padding: .25rem .4rem; } a { color: inherit; } }
`;
