// What the present step does, in large words with its numbers, and spoken.

import { fill, icon, make, setAttributes, setText } from "./elements.js";
import { formulaLine } from "./formulas.js";
import { frameAt, partsOf, textOf } from "./frames.js";

const MOST_LINES = 6; // of a step: a dot product gives to hundreds of parents
const SPOKEN_EVERY = 1500; // milliseconds between announcements while it plays

const DOES = {
  forward: (name) => `${name} gets its value`,
  seed: () => "the backward pass begins",
  backward: (name) => `${name} gives to what it was computed from`,
};

export function createStepText(graph, select) {
  const view = { graph, select, spokenAt: 0, timer: 0, words: "" };
  view.kind = make("span", { class: "kind" });
  view.does = make("span", { class: "does" });
  view.stopped = make("span", { class: "stopped" });
  view.lines = make("div", { class: "step-lines" });
  view.live = make("div", { class: "unseen", role: "status", "aria-live": "polite" });
  const head = make("div", { class: "step-head" }, view.kind, view.does, view.stopped);
  view.element = make("section", { class: "step", "aria-label": "Step" }, head, view.lines,
    view.live);
  return {
    element: view.element,
    update: (shown) => updateText(view, shown),
    drop: () => clearTimeout(view.timer),
  };
}

/** `shown` is { frames, t, reason, playing }. */
function updateText(view, { frames, t, reason, playing }) {
  const { kind, node } = frameAt(frames, t);
  setText(view.kind, kind);
  setAttributes(view.kind, { class: `kind ${kind}` });
  setText(view.does, DOES[kind](view.graph.names[node]));
  fill(view.stopped, reason && [icon("stop"), reason]);
  const parts = partsOf(frames, t);
  const lines = parts.slice(0, MOST_LINES).map((line) => formulaLine(line, view.select));
  const more = parts.length - MOST_LINES;
  view.lines.classList.toggle("many", parts.length > 2);
  fill(view.lines, lines, more > 0 && make("div", { class: "quiet" }, `and ${more} more parents`));
  const words = textOf(frames, t).slice(0, MOST_LINES).join("; ").replace(/ {2,}/g, " ");
  speak(view, reason ? `${reason}. ${words}` : words, !playing);
}

/** At once, or while it plays not more often than one can listen to. */
function speak(view, words, atOnce) {
  view.words = words;
  const wait = atOnce ? 0 : Math.max(0, view.spokenAt + SPOKEN_EVERY - performance.now());
  if (wait === 0) utter(view);
  else if (view.timer === 0) view.timer = setTimeout(() => utter(view), wait);
}

function utter(view) {
  clearTimeout(view.timer);
  view.timer = 0;
  view.spokenAt = performance.now();
  setText(view.live, view.words);
}
