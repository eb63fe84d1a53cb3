#include "reports/report_style.h"

namespace seedbed {

std::string_view report_style() noexcept {
  return R"(
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #5b6672; --line: #d5dae0; --panel: #f5f7f9;
  --good: #1a7f37; --bad: #c4231c; --open: #8a5a00; --none: #5b6672; --link: #0b5cad;
  --p0: #bcd6f2; --p1: #c6e8c9; --p2: #f3dcae; --p3: #e3cdf2; --p4: #f2c9d4; --p5: #c5e6e6; --on-phase: #14181c; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181c; --ink: #e6e9ec; --soft: #a3adb8; --line: #38414b;
  --panel: #1d2329; --good: #4cc26a; --bad: #ff7a70; --open: #e3b341; --none: #a3adb8; --link: #79b8ff;
  --p0: #2c5078; --p1: #2a5a34; --p2: #6b5217; --p3: #553a70; --p4: #70384a; --p5: #285a5a; --on-phase: #f2f4f6; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 76rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
a { color: var(--link); } p { margin: .3rem 0; }
code, pre, .mono { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace; font-size: .87em; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: .5rem .7rem; margin: .3rem 0;
  white-space: pre-wrap; } pre code { font-size: inherit; }
.note, .small { color: var(--soft); font-size: .87em; }
.banner { border-left: 6px solid; padding: .6rem .9rem; background: var(--panel); font-size: 1.1rem; font-weight: 600; }
.banner .small { display: block; font-weight: 400; }
.good { color: var(--good); } .bad { color: var(--bad); } .open { color: var(--open); } .none { color: var(--none); }
.banner.good, .banner.bad, .banner.open { border-color: currentColor; }
.totals { display: flex; flex-wrap: wrap; gap: .6rem; margin: .8rem 0; padding: 0; list-style: none; }
.totals li { flex: 1 1 8rem; border: 1px solid var(--line); border-radius: 4px; padding: .3rem .7rem; }
.totals b { display: block; font-size: 1.5rem; line-height: 1.3; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .15rem 1rem; margin: .5rem 0; }
dt { color: var(--soft); } dd { margin: 0; min-width: 0; }
table { border-collapse: collapse; width: 100%; margin: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); font-size: .87em; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.scenarios td:first-child { min-width: 15rem; } .scenarios code { white-space: nowrap; }
.verdict { font-weight: 600; white-space: nowrap; }
details { border: 1px solid var(--line); border-radius: 4px; margin: .5rem 0; }
details > summary { cursor: pointer; padding: .5rem .8rem; background: var(--panel); }
details > .inside { padding: .3rem .9rem .9rem; scroll-margin-top: 3.5rem; }
details details { margin: .8rem 0 0; }
ul.findings { margin: .2rem 0; padding-left: 1.2rem; }
.scroll { overflow-x: auto; }
svg.timeline { display: block; width: 100%; min-width: 46rem; height: auto; }
svg text { font: 12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--ink); }
svg .tick { text-anchor: middle; fill: var(--soft); font-size: 11px; } svg .lane { font-weight: 600; }
svg .phase { font-size: 11.5px; fill: var(--on-phase); }
svg .grid { stroke: var(--line); stroke-dasharray: 2 4; } svg .rule { stroke: var(--line); }
svg .cut { stroke: var(--bad); stroke-dasharray: 5 4; stroke-width: 1.2; }
.p0 { fill: var(--p0); } .p1 { fill: var(--p1); } .p2 { fill: var(--p2); }
.p3 { fill: var(--p3); } .p4 { fill: var(--p4); } .p5 { fill: var(--p5); }
.s0 { background: var(--p0); } .s1 { background: var(--p1); } .s2 { background: var(--p2); }
.s3 { background: var(--p3); } .s4 { background: var(--p4); } .s5 { background: var(--p5); }
svg .life { stroke: var(--good); stroke-width: 1.5; }
svg .boot { fill: var(--good); } svg .end { fill: var(--ink); } svg .promise { fill: none; stroke: var(--link); stroke-width: 2.5; }
svg .fault { fill: none; stroke: var(--bad); stroke-width: 3; } svg .flush { stroke: var(--soft); stroke-width: 2; }
svg .checkpoint { fill: var(--link); } svg .other { fill: var(--soft); }
.keys { font-size: .87em; color: var(--soft); } .key { white-space: nowrap; margin-right: .9rem; display: inline-block; }
.swatch { display: inline-block; width: 1rem; height: .8rem; margin-right: .35rem; border: 1px solid var(--line); vertical-align: -1px; }
svg.mark { width: 15px; height: 15px; margin-right: .25rem; vertical-align: -3px; }
@media screen and (max-width: 48rem) {
  body { padding: .7rem; }
  dl { grid-template-columns: 6.5rem 1fr; }
  .scenarios thead, .parts thead { display: none; }
  .scenarios tr, .parts tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  .scenarios td, .parts td { display: flex; gap: .7rem; border: 0; padding: .1rem 0; text-align: left; white-space: normal; }
  .scenarios td[data-label]::before, .parts td[data-label]::before { content: attr(data-label); color: var(--soft);
    flex: 0 0 7.5rem; font-size: .87em; }
  .scenarios td { display: inline-flex; gap: .4rem; margin-right: 1.1rem; }
  .scenarios td[data-label]::before { flex: none; }
  .scenarios td:first-child, .scenarios td:nth-child(2) { display: flex; margin: 0; }
  .key { white-space: normal; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --panel: #f5f7f9; --good: #1a7f37;
    --bad: #b00; --open: #8a5a00; --none: #444; --link: #0b5cad; --on-phase: #000; --p0: #bcd6f2; --p1: #c6e8c9;
    --p2: #f3dcae; --p3: #e3cdf2; --p4: #f2c9d4; --p5: #c5e6e6; }
  body { max-width: none; padding: 0; font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .scenarios { font-size: 7.5pt; } .scenarios th, .scenarios td { padding: .2rem .35rem; } .scenarios td:first-child { min-width: 8rem; }
  svg.timeline { min-width: 0; } tr, svg, .banner { break-inside: avoid; } summary, h2, h3 { break-after: avoid; }
  details::details-content { content-visibility: visible; display: block; }
}
)";
}

}  // namespace seedbed
