// The panel of one node: its numbers, its formula, the chain rule, and what to do with it.

import { fill, icon, make, setAttributes, setText, textButton } from "./elements.js";
import { chainRule, formulaLine, mistakeAt, signOf } from "./formulas.js";
import { counted, forwardParts, named, plain, slopeName } from "./frames.js";
import { ancestorsOf, descendantsOf, operationOf } from "./graph.js";
import { numberText } from "./numbers.js";
import { createPaths } from "./pathlist.js";

const MOST_PARTIALS = 8; // local gradients that are listed; a dot product may have hundreds
const MOST_CHIPS = 8; // consumers that are listed

/** `act` has select(node), runTo(node), toggleStop(node), light("ancestors" or "descendants"),
 *  lightPath(i) and keepPath(i), of an explained path or -1. */
export function createPanel(graph, act) {
  const view = { graph, act, node: -1 };
  Object.assign(view, headOf(), numbersOf(), sectionsOf(), actionsOf(view));
  view.paths = createPaths(graph, { light: act.lightPath, keep: act.keepPath });
  view.element = make(
    "section",
    { class: "panel", "aria-label": "Node" },
    make("header", { class: "panel-head" }, view.title, view.operation, view.following),
    make("div", { class: "numbers" }, view.value.element, view.gradient.element),
    make("div", { class: "actions" }, view.runHere, view.breakHere),
    view.paths.element,
    ...[view.formula, view.chain, view.locals, view.lineage].map((part) => part.element),
  );
  return { element: view.element, update: (shown) => updatePanel(view, shown) };
}

function headOf() {
  return {
    title: make("h2", { class: "panel-title" }),
    operation: make("span", { class: "badge" }),
    following: make("span", { class: "quiet panel-following" }),
  };
}

function numbersOf() {
  return { value: figure("value"), gradient: figure("gradient") };
}

function figure(name) {
  const label = make("span", { class: "quiet" }, name);
  const number = make("span", { class: "figure-number" });
  return { element: make("div", { class: `figure ${name}` }, label, number), label, number };
}

function section(title) {
  const body = make("div", { class: "section-body" });
  const heading = make("h3", {}, title);
  return { element: make("div", { class: "section" }, heading, body), heading, body };
}

function sectionsOf() {
  return {
    formula: section("Formula"),
    chain: section("Chain rule"),
    locals: section("Local gradients"),
    lineage: section("Connections"),
  };
}

function actionsOf(view) {
  const { act } = view;
  const lit = (kind) =>
    textButton("", () => act.light(kind), { class: "button chip", title: `Light all ${kind}` });
  return {
    runHere: textButton([icon("run"), "Run to here"], () => act.runTo(view.node)),
    breakHere: textButton([icon("stop"), "Break here"], () => act.toggleStop(view.node)),
    ancestors: lit("ancestors"),
    descendants: lit("descendants"),
  };
}

/** `shown` is { node, selected, frames, state, stops, lit, kept }: kept is a path's place. */
function updatePanel(view, shown) {
  const { graph } = view;
  const { node, state } = shown;
  if (view.node !== node) {
    view.node = node;
    showIdentity(view);
  }
  const known = state.known[node] === 1;
  const has = state.hasGrad[node] === 1;
  setText(view.following, shown.selected < 0 ? "follows the steps" : "selected");
  showFigure(view.value, known ? graph.data[node] : null, "");
  showFigure(view.gradient, has ? state.grads[node] : null, signOf(state.grads[node]));
  const stops = shown.stops.has(node);
  setAttributes(view.breakHere, { "aria-pressed": stops ? "true" : "false" });
  setAttributes(view.ancestors, { "aria-pressed": String(shown.lit === "ancestors") });
  setAttributes(view.descendants, { "aria-pressed": String(shown.lit === "descendants") });
  view.paths.update(shown.kept, shown.frames);
  showFormula(view, known);
  showChain(view, shown);
  showLocals(view, known);
}

function showIdentity(view) {
  const { graph, node, act } = view;
  const row = operationOf(graph, node);
  setText(view.title, graph.names[node]);
  setAttributes(view.title, { title: graph.fullNames[node] });
  setText(view.operation, row ? row.name : "leaf");
  setText(view.gradient.label, slopeName(graph, graph.root, node));
  setAttributes(view.value.label, { title: "the node's number" });
  setText(view.ancestors, counting(ancestorsOf(graph, node).size, "ancestor"));
  setText(view.descendants, counting(descendantsOf(graph, node).size, "descendant"));
  const consumers = graph.consumers[node];
  const chips = consumers.slice(0, MOST_CHIPS).map((consumer) => {
    const label = `Select ${graph.names[consumer]}`;
    return textButton(graph.names[consumer], () => act.select(consumer), {
      class: "button chip",
      "aria-label": label,
    });
  });
  const more = consumers.length - MOST_CHIPS;
  const uses = graph.uses[node].length;
  fill(
    view.lineage.body,
    make("div", { class: "chips" }, view.ancestors, view.descendants),
    uses > 0 && make("div", { class: "chips" }, make("span", { class: "quiet" }, "used by"), chips,
      more > 0 && make("span", { class: "quiet" }, `and ${more} more`)),
    graph.source[node] && make("div", { class: "source quiet" }, `made at ${graph.source[node]}`),
  );
}

function counting(count, what) {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

function showFigure({ element, number }, x, sign) {
  setText(number, x === null ? "–" : numberText(x));
  const look = x !== null && isNaN(x) ? "nan" : sign;
  setAttributes(number, { class: `figure-number ${look}`.trim(), title: x === null ? "" : `${x}` });
  setAttributes(element, { class: x === null ? "figure to-come" : "figure" });
}

function showFormula(view, known) {
  const { graph, node, act } = view;
  const row = operationOf(graph, node);
  const lines = linesAtEquals(forwardParts(graph, node), known);
  fill(
    view.formula.body,
    lines.map((parts, i) => formulaLine(parts, act.select, i > 0 ? "continued" : "")),
    row && row.text && make("div", { class: "quiet rule" }, `${row.name}: ${row.text}`),
  );
}

/** A line up to each ` = ` after the first; only the first where the numbers are not there yet. */
function linesAtEquals(parts, known) {
  const lines = [[]];
  let seen = 0;
  for (const part of parts) {
    if (part.text === " = " && part.role === "" && ++seen > 1) lines.push([plain("= ")]);
    else lines.at(-1).push(part);
  }
  return known || lines.length === 1 ? lines : lines.slice(0, 1);
}

function showChain(view, { node, frames, state }) {
  const lines = chainRule(frames, state, node);
  const mistake = mistakeAt(frames, node);
  fill(
    view.chain.body,
    lines.map((parts, i) => formulaLine(parts, view.act.select, i > 0 ? "continued" : "")),
    mistake && make("div", { class: "mistake" }, icon("warning"), mistake),
  );
}

/** A row's formula, with the node's own operands for its a, b, c and its own name for y. */
function inOwnNames(graph, node, formula) {
  const nameOf = (x) => (typeof x === "number" ? graph.names[x] : numberText(x[0]));
  const written = { y: graph.names[node] };
  graph.operands[node].forEach((x, i) => (written["abcdefgh"[i]] = nameOf(x)));
  return formula.replace(/\b[a-hy]\b/g, (letter) => written[letter] ?? letter);
}

function showLocals(view, known) {
  const { graph, node } = view;
  const parents = graph.parents[node];
  view.locals.element.hidden = parents.length === 0;
  const row = operationOf(graph, node);
  const places = graph.operands[node].flatMap((x, i) => (typeof x === "number" ? [i] : []));
  const rows = parents.slice(0, MOST_PARTIALS).map((parent, k) => {
    const number = counted(graph.localGrads[graph.edgeStart[node] + k], "local", parent);
    const formula = row.partials[places[k]];
    const parts = [
      named(slopeName(graph, node, parent), "local", parent),
      ...(formula ? [plain(" = "), named(inOwnNames(graph, node, formula), "partial", -1)] : []),
      ...(known ? [plain(" = "), number] : []),
    ];
    return formulaLine(parts, view.act.select);
  });
  const more = parents.length - MOST_PARTIALS;
  fill(view.locals.body, rows, more > 0 && make("div", { class: "quiet" }, `and ${more} more`));
}
