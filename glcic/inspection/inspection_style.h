#pragma once

namespace kintsugi {

/// What the page has over kPageStyle.
inline constexpr const char* kInspectionStyle = R"css(
figure { margin: 0; }
figure img { display: block; width: 100%; border-radius: 4px; background: var(--wash);
             image-rendering: pixelated; }
figcaption { font-size: .82rem; line-height: 1.45; margin-top: .3rem; overflow-wrap: anywhere; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1.1rem; margin: 1rem 0; }
.pair > figure:only-child { grid-column: 1 / -1; max-width: 26rem; }
.four { display: grid; grid-template-columns: repeat(4, 1fr); gap: .6rem; margin: 1.6rem 0; }
.filters { display: grid; grid-template-columns: minmax(0, 16rem) 4.2rem; gap: 1.1rem;
           margin: .8rem 0; }
h3 { font-size: 1.05rem; font-weight: 500; margin: 2.4rem 0 .1rem; }
h3 span { color: var(--soft); font-size: .9rem; }
.layer .note { margin: 0 0 .4rem; }
details { margin: .6rem 0; } summary { cursor: pointer; color: var(--soft); font-size: .95rem; }
svg.defs { position: absolute; width: 0; height: 0; margin: 0; }
.walk svg { margin: .3rem 0 0; border-radius: 4px; background: var(--wash); }
.walk figcaption b { font-weight: 500; }
.walk.gold figcaption b { color: var(--gold); } .walk.slate figcaption b { color: var(--slate); }
.walk .said { font-size: .88rem; line-height: 1.45; margin: .4rem 0 0; min-height: 2.6em;
              font-variant-numeric: tabular-nums; }
.walk rect { fill: none; vector-effect: non-scaling-stroke; }
.walk .field { stroke-width: 2.5; } .walk .taps circle { r: 1.1%; stroke: #0008;
              vector-effect: non-scaling-stroke; }
.walk.gold .field { stroke: #f0b429; } .walk.gold .taps { fill: #f0b429; }
.walk.slate .field { stroke: #7cb7f2; } .walk.slate .taps { fill: #7cb7f2; }
.walk .hole { stroke: #fff; stroke-width: 1.5; stroke-dasharray: 5 4; }
.walk use { filter: brightness(.7) saturate(.6); }
.walk .heat { mix-blend-mode: screen; opacity: .9; }
.walk .veil { fill: #0b0b0f; opacity: .55; }
.walk .field, .walk .veil { transition: all .35s; }
.stepper { margin: 1.2rem 0 2rem; }
.controls { display: flex; align-items: center; gap: .5rem; margin: .9rem 0 .2rem; }
.controls[hidden] { display: none; }
.controls input { flex: 1; min-width: 0; accent-color: var(--gold); }
.controls button { font: inherit; font-size: .95rem; color: var(--ink); background: var(--wash);
                   border: 1px solid var(--hair); border-radius: 6px; padding: .45rem .8rem;
                   min-width: 2.75rem; min-height: 2.75rem; cursor: pointer; }
.at { margin: .2rem 0 0; font-size: .95rem; min-height: 3.2em; }
.wide { overflow-x: auto; } .wide td { white-space: nowrap; }
.wide td:last-child, .wide th:last-child { text-align: left; padding-left: 1.4rem; }
td.first { color: var(--gold); font-weight: 600; }
svg .curve.soft { stroke: var(--soft); stroke-dasharray: 5 4; stroke-width: 1.2; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 32rem) { .pair { gap: .6rem; } .four { grid-template-columns: 1fr 1fr; }
  .layer .pair { grid-template-columns: 1fr; } .walk .said { font-size: .8rem; min-height: 4.4em; }
  svg { overflow: visible; } svg text { font-size: 17px; } .walk svg { overflow: hidden; } }
@media (prefers-reduced-motion: reduce) { .walk .field, .walk .veil { transition: none; } }
)css";

/// Walks through the steps of #walk: moves each figure's field, veil, dots and light.
inline constexpr const char* kInspectionScript = R"js(
const walk = JSON.parse(document.getElementById("walk").textContent);
const figures = [...document.querySelectorAll("#stepper .walk")];
const slider = document.getElementById("layer"), play = document.getElementById("play");
const box = ([x, y, w, h]) => `M${x} ${y}h${w}v${h}h${-w}z`;
let timer = null;
function show(n) {
  slider.value = n;
  const step = walk.steps[n];
  figures.forEach((figure, i) => {
    const { field, taps, text } = step.networks[i];
    const rect = figure.querySelector(".field");
    ["x", "y", "width", "height"].forEach((name, k) => rect.setAttribute(name, field[k]));
    figure.querySelector(".veil").setAttribute("d", box(walk.view) + box(field));
    figure.querySelectorAll(".heat").forEach((heat, k) => {
      if (k === n) heat.removeAttribute("display"); else heat.setAttribute("display", "none");
    });
    figure.querySelector(".taps").innerHTML =
        taps.map(([x, y]) => `<circle cx="${x}" cy="${y}"/>`).join("");
    figure.querySelector(".said").textContent = text;
  });
  const other = step.networks[1];
  document.getElementById("at").textContent = `${step.name}: ${step.kind}` +
      (other && other.kind !== step.kind ? ` (on the right: ${other.kind})` : "");
}
function stop() { clearInterval(timer); timer = null; play.textContent = "play"; }
function move(by) { stop(); show(Math.min(walk.steps.length - 1, Math.max(0, +slider.value + by))); }
play.onclick = () => {
  if (timer) return stop();
  if (+slider.value === walk.steps.length - 1) show(0);
  play.textContent = "pause";
  timer = setInterval(() => {
    show(+slider.value + 1);
    if (+slider.value === walk.steps.length - 1) stop();
  }, 1100);
};
document.getElementById("back").onclick = () => move(-1);
document.getElementById("next").onclick = () => move(1);
slider.oninput = () => { stop(); show(+slider.value); };
document.querySelector("#stepper .controls").hidden = false;
const asked = /^#layer(\d+)$/.exec(location.hash);
show(asked ? Math.min(walk.steps.length, Math.max(1, +asked[1])) - 1 : walk.steps.length - 1);
)js";

}  // namespace kintsugi
