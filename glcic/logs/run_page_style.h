#pragma once

namespace kintsugi {

/// What a run's page has over kPageStyle.
inline constexpr const char* kRunPageStyle = R"css(
.stage { color: var(--soft); margin: 0; }
.stage b { font-weight: 500; color: var(--gold); }
.bar { height: 6px; border-radius: 3px; background: var(--hair); margin: 1.6rem 0 .4rem; }
.bar i { display: block; height: 100%; border-radius: 3px; background: var(--gold); }
.figures dd { font-variant-numeric: tabular-nums; }
.warnings, .silent { background: var(--wash); border-left: 3px solid var(--gold); margin: 1.6rem 0;
  padding: .7rem 1rem; border-radius: 0 6px 6px 0; font-size: .95rem; overflow-wrap: anywhere; }
.warnings p, .silent p { margin: .2rem 0; max-width: none; }
.strips { overflow-x: auto; margin: 1rem 0; }
.strip { display: grid; grid-template-columns: 6.4rem 1fr; gap: .55rem; align-items: center;
         margin-bottom: .55rem; min-width: 34rem; }
.strip span { font-size: .85rem; line-height: 1.3; color: var(--soft); position: sticky; left: 0;
              background: var(--paper); align-self: stretch; display: flex; flex-direction: column;
              justify-content: center; font-variant-numeric: tabular-nums; z-index: 1; }
.strip div { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: .35rem; }
.strip img { display: block; width: 100%; aspect-ratio: 1; border-radius: 3px;
             background: var(--wash); }
.strip.new span { color: var(--gold); }
.strip.source + .strip.new { margin-top: 1.2rem; }
h3 { font-size: 1rem; font-weight: 500; margin: 1.6rem 0 0; }
svg .fine { opacity: .3; stroke-width: 1; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 32rem) { .figures { gap: .4rem 1.6rem; } .figures dd { font-size: 1.5rem; }
  .strip { grid-template-columns: 4.6rem 1fr; } svg { overflow: visible; }
  svg text { font-size: 17px; } }
)css";

/// Loads the page anew while the run trains, where somebody looks at it, and comes back to the same
/// place in it. Says so where the run has been silent for three times as long as it should be.
inline constexpr const char* kRunPageScript = R"js(
const run = document.body.dataset, place = "scroll " + location.pathname;
const saved = sessionStorage.getItem(place);
if (saved !== null) { sessionStorage.removeItem(place); scrollTo(0, Number(saved)); }
const every = Number(run.every), opened = Date.now();
function span(seconds) {
  return seconds < 90 ? Math.round(seconds) + " seconds" :
         seconds < 5400 ? Math.round(seconds / 60) + " minutes" :
         seconds < 129600 ? Math.round(seconds / 3600) + " hours" :
         Math.round(seconds / 86400) + " days";
}
function look() {
  const age = Math.max(0, Date.now() / 1000 - Number(run.written));
  const silent = age > 3 * every + 60;
  document.getElementById("age").textContent = "written " + span(age) + " ago";
  if (run.stage !== "training") return;
  document.getElementById("silent").hidden = !silent;
  const wait = silent ? 60 : Math.min(60, Math.max(5, every / 4));
  if (document.hidden || Date.now() - opened < wait * 1000) return;
  sessionStorage.setItem(place, scrollY);
  location.reload();
}
look();
setInterval(look, 1000);
)js";

}  // namespace kintsugi
