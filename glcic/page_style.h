#pragma once

namespace kintsugi {

/// The demo page's style sheet: one column, light or dark as the reader's system is.
inline constexpr const char* kPageStyle = R"css(
:root { --paper: #fbfaf7; --ink: #23211d; --soft: #6f6a60; --hair: #e4dfd4; --gold: #a97a12;
        --slate: #4f6d8c; --wash: #f3efe5; color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #191816; --ink: #ece7dc; --soft: #a29b8d; --hair: #37342e; --gold: #dbb04e;
          --slate: #8fb0d1; --wash: #22201d; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
       font: 17px/1.6 Charter, "Bitstream Charter", "Iowan Old Style", Georgia, serif; }
main { max-width: 46rem; margin: 0 auto; padding: 3.5rem 1.25rem 5rem; }
h1 { font-size: 2.3rem; font-weight: 500; line-height: 1.15; margin: 0 0 .6rem; }
h1::after { content: ""; display: block; width: 4.5rem; height: 3px; margin-top: 1rem;
            background: var(--gold); border-radius: 2px; }
h2 { font-size: 1.3rem; font-weight: 500; margin: 3.2rem 0 .4rem; }
p { margin: .5rem 0 1rem; max-width: 38rem; }
small, .note, figcaption, th, .head span { color: var(--soft); }
.note { font-size: .88rem; }
.figures { display: flex; flex-wrap: wrap; gap: .4rem 2.6rem; margin: 1.8rem 0 0; padding: 0; }
.figures div { display: flex; flex-direction: column; }
.figures dt { order: 2; font-size: .88rem; color: var(--soft); }
.figures dd { order: 1; margin: 0; font-size: 1.9rem; line-height: 1.3; }
.figures .gain dd { color: var(--gold); }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; font-size: .95rem; }
th, td { text-align: right; padding: .4rem .2rem; border-bottom: 1px solid var(--hair);
         font-variant-numeric: tabular-nums; }
th { font-weight: 400; font-size: .85rem; }
th:first-child, td:first-child { text-align: left; }
tr.best td { color: var(--gold); }
.faces { display: grid; grid-template-columns: repeat(4, 1fr); gap: .55rem; margin: 1rem 0; }
.faces span { font-size: .85rem; }
.faces figure { margin: 0; }
.faces img { display: block; width: 100%; border-radius: 4px; background: var(--wash); }
.faces figcaption { font-size: .8rem; line-height: 1.5; min-height: 1.2rem; text-align: center;
                    font-variant-numeric: tabular-nums; }
.faces .won { color: var(--gold); }
svg { display: block; width: 100%; height: auto; margin: .6rem 0 1.6rem; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); }
svg .grid { stroke: var(--hair); } svg .axis { stroke: var(--soft); }
svg .mark { stroke: var(--soft); stroke-dasharray: 2 4; }
svg .curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
svg .curve.gold { stroke: var(--gold); } svg .curve.slate { stroke: var(--slate); }
svg tspan.gold { fill: var(--gold); } svg tspan.slate { fill: var(--slate); }
pre { background: var(--wash); padding: .9rem 1rem; border-radius: 6px; overflow-x: auto;
      font: 13px/1.6 ui-monospace, "DejaVu Sans Mono", monospace; }
@media (max-width: 32rem) { body { font-size: 16px; } main { padding-top: 2rem; }
  h1 { font-size: 1.8rem; } .faces { gap: .3rem; } .faces span, .faces figcaption { font-size: .7rem; } }
)css";

}  // namespace kintsugi
