#pragma once

namespace kintsugi {

/// What the gradient check's pages need on top of kPageStyle.
inline constexpr const char* kGradcheckStyle = R"css(
main { max-width: 62rem; }
h2 { border-top: 1px solid var(--hair); padding-top: 1.2rem; }
h3 { font-size: 1.12rem; font-weight: 600; margin: 2.4rem 0 .3rem; }
h3 a, .plain a { color: inherit; text-decoration: none; }
a { color: var(--slate); }
code, .code { font: .86em ui-monospace, "DejaVu Sans Mono", monospace; }
math { font-size: 1.08em; }
.formula { overflow-x: auto; overflow-y: hidden; padding: .15rem 0; line-height: 1.9; }
.formula b { font-weight: 400; color: var(--soft); font-size: .88rem; margin-right: .5rem; }
.wide { overflow-x: auto; }
.wide table { min-width: 30rem; }
td.text, th.text { text-align: left; }
td.where { text-align: left; font-size: .85rem; color: var(--soft); }
.ok { color: var(--slate); white-space: nowrap; }
.failed { color: #c2410c; font-weight: 600; white-space: nowrap; }
@media (prefers-color-scheme: dark) { .failed { color: #ff9a62; } }
.said { border-left: 3px solid #c2410c; padding-left: .7rem; font-size: .92rem;
        overflow-wrap: anywhere; }
.index { columns: 11rem; column-gap: 1.6rem; padding: 0; list-style: none; font-size: .9rem; }
.index a { min-width: 0; overflow-wrap: anywhere; }
.index li { break-inside: avoid; display: flex; justify-content: space-between; gap: .5rem; }
.index span { font-size: .8rem; color: var(--soft); white-space: nowrap; }
.pair { display: flex; flex-wrap: wrap; gap: 0 2rem; align-items: flex-start; }
.pair > * { flex: 1 1 20rem; min-width: 0; }
svg.v { max-width: 27rem; } svg.scale { max-width: 30rem; margin: .4rem 0 .6rem; }
svg .predicted { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 4 4; }
svg .predicted.gold { stroke: var(--gold); } svg .predicted.slate { stroke: var(--slate); }
svg .kink { stroke: #c2410c; stroke-dasharray: 1 3; }
svg circle.gold { fill: var(--gold); } svg circle.slate { fill: var(--slate); }
.maps { display: flex; flex-wrap: wrap; gap: .7rem 1.1rem; align-items: flex-end; margin: .6rem 0; }
.maps figure { margin: 0; max-width: 100%; }
.maps figcaption { font-size: .74rem; line-height: 1.35; max-width: 11rem; }
.wrong { display: flex; flex-wrap: wrap; gap: .7rem; outline: 2px solid #c2410c; outline-offset: 4px;
         max-width: 100%; }
.cells { display: block; image-rendering: pixelated; max-width: 100%; height: auto; }
details { margin: .3rem 0; } summary { cursor: pointer; font-size: .92rem; color: var(--slate); }
.key { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 .8em; }
.grid td, .grid th { text-align: center; padding: .25rem .3rem; font-size: .8rem; }
.grid td:first-child { text-align: left; }
pre { font-size: 12px; }
.cases { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem 1.4rem; }
.cases > div { border-top: 1px solid var(--hair); padding-top: .4rem; font-size: .9rem; min-width: 0; }
.cases p { margin: .25rem 0; font-size: .84rem; overflow-wrap: anywhere; }
@media (max-width: 32rem) { .index { columns: 8.5rem; } h3 { margin-top: 2rem; } }
)css";

}  // namespace kintsugi
