// The leaves: a slider for each, its gradient, and a check of that by finite differences.

import { isPath } from "./boxtext.js";
import { differenceAt, judged, valueOf } from "./differences.js";
import { fill, icon, iconButton, make, setAttributes, setText, textButton } from "./elements.js";
import { slopeName } from "./frames.js";
import { allowPress } from "./keys.js";
import { numberText, significantText } from "./numbers.js";
import { missingOperations, prepare } from "./program.js";

const MOST_SLIDERS = 12; // leaves that all have a slider; of more, those that are asked for
const REACH = 100; // positions of a slider on each side of the original value
const DIGITS = 6; // of a number that is not being typed: as many as its field has room for
const CHECK_DELAY = 30; // milliseconds, in which many moves become one check

/** Why the leaves cannot be moved, "" if they can. */
function whyStill(graph) {
  if (graph.program === null) return graph.whyNotLive || "this graph has no program";
  const missing = missingOperations(graph.program);
  return missing.length > 0 ? `no script computes ${missing.join(", ")}` : "";
}

/** A function that writes the data and local gradients of the whole graph from its leaves. */
export function liveGraph(graph) {
  const evaluate = prepare(graph.program);
  return (leaves) => {
    const outputs = evaluate(leaves);
    graph.data.set(outputs.slice(0, graph.n));
    graph.localGrads.set(outputs.slice(graph.n));
  };
}

/** `move(values)` is told of new numbers for all leaves, `select(node)` of a click on a name. */
export function createLeaves(graph, { move, select }) {
  const why = whyStill(graph);
  const view = {
    graph, move, select, why,
    original: graph.leaves.map((leaf) => graph.data[leaf]),
    values: graph.leaves.map((leaf) => graph.data[leaf]),
    value: why ? null : valueOf(graph.program, graph.root),
    rows: new Map(),
    pinned: new Set(),
    shown: null,
    timer: 0,
  };
  buildLeaves(view);
  return {
    element: view.element,
    why,
    update: (shown) => updateLeaves(view, shown),
    setValues: (values) => (view.values = values.slice()),
    values: () => view.values.slice(),
    drop: () => clearTimeout(view.timer),
  };
}

function buildLeaves(view) {
  const many = view.graph.leaves.length > MOST_SLIDERS;
  const count = view.graph.leaves.length.toLocaleString("en");
  const label = `Find one of ${count} leaves`;
  view.filter = make("input", { type: "search", placeholder: label, "aria-label": label });
  view.filter.addEventListener("input", () => updateLeaves(view, view.shown));
  view.filter.hidden = !many;
  view.hint = make("p", { class: "quiet" });
  view.list = make("div", { class: "leaf-rows" });
  const note = view.why
    ? make("p", { class: "why-still" }, `The sliders are off: ${view.why}.`)
    : make("p", { class: "quiet note" }, "Move a leaf and both passes are computed again. What " +
        "Python chose when it built the graph (if, where, take) stays chosen. ✓ compares each " +
        "gradient with central differences of the values alone.");
  const reset = textButton([icon("reset"), "Reset all"], () => resetAll(view));
  reset.hidden = view.why !== "";
  view.element = make(
    "section",
    { class: "leaves", "aria-label": "Leaves" },
    make("header", { class: "leaves-head" }, make("h3", {}, "Leaves"), view.filter, reset),
    note, view.list, view.hint,
  );
}

function resetAll(view) {
  view.values = view.original.slice();
  view.move(view.values.slice());
}

/** `shown` is { selected, frames, grads }: grads are those at the end of the backward pass. */
function updateLeaves(view, shown) {
  view.shown = shown;
  const places = placesShown(view);
  const rows = places.map((place) => rowAt(view, place));
  const elements = rows.map((row) => row.element);
  const same = elements.length === view.list.childElementCount &&
    elements.every((element, i) => element === view.list.children[i]);
  if (!same) fill(view.list, elements);
  const hidden = view.graph.leaves.length - places.length;
  setText(view.hint, hidden > 0 ? hintFor(view, hidden, places.length) : "");
  rows.forEach((row, i) => showLeaf(view, row, places[i]));
  if (view.why) return;
  clearTimeout(view.timer);
  view.timer = setTimeout(() => rows.forEach((row, i) => check(view, row, places[i])), CHECK_DELAY);
}

function hintFor(view, hidden, there) {
  const others = `${hidden.toLocaleString("en")} ${there > 0 ? "more " : ""}leaves`;
  return `${others}: select one in the picture, or find it by its name. A pin keeps it here.`;
}

/** Positions among the leaves: all of a few, else the selected one, pinned ones and found ones. */
function placesShown(view) {
  const { graph, shown, pinned } = view;
  const all = Array.from(graph.leaves.keys());
  if (all.length <= MOST_SLIDERS) return all;
  const words = view.filter.value.trim().toLowerCase();
  const found = words === ""
    ? []
    : all.filter((i) => graph.fullNames[graph.leaves[i]].toLowerCase().includes(words));
  const chosen = new Set([...pinned, ...found.slice(0, MOST_SLIDERS)]);
  const selected = graph.leaves.indexOf(shown.selected);
  return selected < 0 ? [...chosen] : [...chosen.add(selected)];
}

// One leaf.

function rowAt(view, place) {
  if (!view.rows.has(place)) view.rows.set(place, leafRow(view, place));
  return view.rows.get(place);
}

function leafRow(view, place) {
  const { graph } = view;
  const leaf = graph.leaves[place];
  const name = graph.names[leaf];
  const row = {
    name: nameButton(name, () => view.select(leaf)),
    slider: make("input", { type: "range", min: -REACH, max: REACH, step: 1, "aria-label": name }),
    number: make("input", { type: "number", step: "any", "aria-label": `${name}, as a number` }),
    reset: iconButton("reset", `Reset ${name}`, () => moveTo(view, place, view.original[place])),
    pin: iconButton("pin", `Pin ${name}`, () => pin(view, place)),
    gradient: make("span", { class: "leaf-gradient" }),
    check: make("span", { class: "check" }),
  };
  row.pin.hidden = graph.leaves.length <= MOST_SLIDERS;
  setAttributes(row.name, { title: graph.fullNames[leaf] });
  row.slider.addEventListener("input", () => {
    moveTo(view, place, atPosition(view.original[place], Number(row.slider.value)));
  });
  listenToNumber(view, row.number, place);
  const off = view.why !== "";
  row.slider.disabled = off || !isFinite(view.original[place]);
  row.number.disabled = row.reset.disabled = off;
  row.element = make("div", { class: "leaf-card" },
    make("div", { class: "leaf-top" }, row.name, row.number, row.reset, row.pin), row.slider,
    make("div", { class: "leaf-check" }, row.gradient, row.check));
  return row;
}

/** Where there is no room for all of it, the end of a path is what tells it from others. */
function nameButton(name, press) {
  const look = isPath(name) ? "leaf-name by-end" : "leaf-name";
  return textButton(make("bdi", {}, name), press, { class: look });
}

/** What is typed moves the leaf; what is no number is marked while the last one still counts. */
function listenToNumber(view, field, place) {
  const write = () => writeNumber(field, view.values[place]);
  field.addEventListener("focus", () => {
    const before = field.value;
    write();
    if (field.value !== before) field.select(); // as what was there is when Tab leads to it
  });
  field.addEventListener("blur", () => {
    setAttributes(field, { "aria-invalid": "false" });
    write();
  });
  field.addEventListener("input", () => {
    const isWrong = isNaN(field.valueAsNumber);
    setAttributes(field, { "aria-invalid": String(isWrong) });
    if (!isWrong) moveTo(view, place, field.valueAsNumber);
  });
}

/** All digits where it is being typed, and else in the tooltip. */
function writeNumber(field, x) {
  const isTyped = field.matches(":focus");
  const isLeft = isTyped && field.getAttribute("aria-invalid") === "true";
  const text = isTyped ? String(x) : significantText(x, DIGITS);
  const isThere = isTyped ? Object.is(field.valueAsNumber, x) : field.value === text;
  if (!isLeft && !isThere) field.value = isFinite(x) ? text : "";
  setAttributes(field, { title: String(x), placeholder: isFinite(x) ? "" : text });
}

/** As far as the value is from 0, and at least 1, to both sides. */
function reachOf(original) {
  return Math.max(1, Math.abs(original));
}

function atPosition(original, position) {
  if (position === 0) return original; // to the last bit
  return Number((original + (reachOf(original) * position) / REACH).toPrecision(6));
}

function moveTo(view, place, x) {
  if (Object.is(view.values[place], x)) return;
  view.values[place] = x;
  view.move(view.values.slice());
}

function pin(view, place) {
  if (!view.pinned.delete(place)) view.pinned.add(place);
  updateLeaves(view, view.shown);
}

function showLeaf(view, row, place) {
  const { graph, shown } = view;
  const leaf = graph.leaves[place];
  const x = view.values[place];
  const original = view.original[place];
  const position = Math.round(((x - original) / reachOf(original)) * REACH);
  if (Number(row.slider.value) !== position) row.slider.value = String(position || 0);
  setAttributes(row.slider, { "aria-valuetext": `${graph.names[leaf]} = ${numberText(x)}` });
  writeNumber(row.number, x);
  allowPress(row.reset, view.why === "" && !Object.is(x, original));
  setAttributes(row.pin, { "aria-pressed": String(view.pinned.has(place)) });
  row.element.classList.toggle("selected", shown.selected === leaf);
  const slope = slopeName(graph, graph.root, leaf);
  setText(row.gradient, `${slope} = ${numberText(shown.grads[leaf])}`);
}

/** ✓ or ✗ with the central difference, or why there is none to compare with. */
function check(view, row, place) {
  const { graph, shown } = view;
  const gradient = shown.grads[graph.leaves[place]];
  const difference = differenceAt(view.value, view.values, place);
  const verdict = judged(gradient, difference);
  const central = significantText(difference.central, 8);
  const sides = `${numberText(difference.left)} | ${numberText(difference.right)}`;
  const words = {
    agrees: `✓ differences: ${central}`,
    differs: `✗ differences: ${central}`,
    kink: `a kink: the slopes beside it are ${sides}`,
    none: "no difference here: f is not finite beside x",
  };
  setText(row.check, words[verdict]);
  setAttributes(row.check, { class: `check ${verdict}` });
}
