// The largest paths from the root to a leaf, where the document explains one.

import { make, setAttributes, setText, textButton } from "./elements.js";
import { signOf } from "./formulas.js";
import { framesOf, slopeName, stateAt } from "./frames.js";
import { edgesAlong } from "./graph.js";
import { decodeNumber, numberText } from "./numbers.js";

/** A list of paths with product and share; pointing at one lights it, a click keeps it lit.
 *
 * `light(i)` and `keep(i)` are told which, -1 is none; `update(kept, frames)` shows which is kept,
 * and the present products where a leaf has moved. Empty and hidden where nothing is explained. */
export function createPaths(graph, { light, keep }) {
  const element = make("div", { class: "section", hidden: graph.paths === null });
  if (graph.paths === null) return { element, update() {} };
  const list = { graph, start: graph.data.slice(), frames: null };
  list.rows = graph.paths.paths.map((path, i) => pathRow(graph, path, i, { light, keep }));
  list.summary = make("p", {});
  list.note = make("p", { class: "quiet" }, "A leaf has moved: these are the largest paths of the " +
    "start, with their products now; others may be larger by now.");
  const rows = list.rows.map((row) => row.element);
  const body = make("div", { class: "section-body" }, list.summary, list.note, rows);
  element.append(make("h3", {}, "Largest paths"), body);
  return { element, update: (kept, frames) => updatePaths(list, kept, frames) };
}

function pathRow(graph, path, i, { light, keep }) {
  const names = path.nodes.map((node) => graph.names[node]).join(" ← ");
  const product = make("span");
  const share = make("span", { class: "quiet" });
  const words = [make("span", { class: "path-names" }, names), product, share];
  const element = textButton(words, () => keep(i), { class: "button path" });
  element.addEventListener("pointerenter", () => light(i));
  element.addEventListener("pointerleave", () => light(-1));
  return { element, product, share };
}

function updatePaths(list, kept, frames) {
  list.rows.forEach(({ element }, i) =>
    setAttributes(element, { "aria-pressed": String(i === kept) }));
  if (list.frames === frames) return; // which are made anew whenever a number changes
  list.frames = frames;
  const { graph, start } = list;
  const { paths, text, leaf } = graph.paths;
  const isStart = graph.leaves.every((node) => Object.is(graph.data[node], start[node]));
  list.note.hidden = isStart || paths.length === 0;
  const slope = isStart || leaf < 0 ? NaN : rightGradient(frames, leaf);
  const isNew = !isStart && leaf >= 0;
  const summary = isNew ? `${slopeName(graph, graph.root, leaf)} = ${numberText(slope)}` : text;
  setText(list.summary, summary.split("\n")[0]);
  paths.forEach((path, i) => {
    const product = isStart ? decodeNumber(path.product) : productAlong(graph, path);
    const share = isStart ? decodeNumber(path.share) : shareOf(product, slope);
    setText(list.rows[i].product, numberText(product));
    setAttributes(list.rows[i].product, { class: signOf(product) });
    setText(list.rows[i].share, isFinite(share) ? percent(share) : "");
  });
}

/** At the end of a pass without the classic mistakes. */
function rightGradient(frames, leaf) {
  const right = frames.forgetZeroGrad || frames.overwrite ? framesOf(frames.graph) : frames;
  return stateAt(right, right.count - 1).grads[leaf];
}

/** Of the local gradients on the way: as large ones as small ones so far, for a product beyond
 *  floats on the way need not be beyond them in the end. */
function productAlong(graph, path) {
  const factors = [...edgesAlong(graph, path)].map((edge) => graph.localGrads[edge]);
  factors.sort((a, b) => Math.abs(a) - Math.abs(b));
  let product = 1;
  while (factors.length > 0) product *= Math.abs(product) < 1 ? factors.pop() : factors.shift();
  return product;
}

/** nan where the whole is no number to divide by. */
function shareOf(product, whole) {
  return whole !== 0 && isFinite(whole) ? product / whole : NaN;
}

function percent(share) {
  const whole = Math.round(100 * share);
  return whole === 0 && share !== 0 ? "≈ 0 %" : `${whole} %`;
}
