// Where a run stops: at a node, at a nan, at a gradient above a bound, at a relu that is dead.

import { fill, icon, make, setAttributes, setText, textButton, toggle } from "./elements.js";
import { advance, frameAt, slopeName, startState } from "./frames.js";
import { operationOf } from "./graph.js";
import { numberText } from "./numbers.js";

const FIRST_BOUND = 10; // of |gradient|, until the user says another

/** The rules of a run before anyone has asked for a stop. */
export function noStops() {
  return { nodes: new Set(), nan: false, deadRelu: false, large: false, bound: FIRST_BOUND };
}

/** The frames at which a run stops, in order, each with its reason in words. O(nodes + edges). */
export function findStops(frames, rules) {
  const reasons = new Map();
  const state = startState(frames);
  for (let t = 0; t < frames.count; t++) {
    const { kind, node } = frameAt(frames, t);
    const parents = kind === "backward" ? frames.graph.parents[node] : [];
    const before = parents.map((parent) => state.grads[parent]);
    advance(frames, state, t);
    const reason =
      kind === "forward"
        ? forwardReason(frames.graph, node, rules)
        : backwardReason(frames, state, { node, parents, before }, rules);
    if (reason) reasons.set(t, reason);
  }
  return reasons;
}

function forwardReason(graph, node, rules) {
  const name = graph.names[node];
  if (rules.nan && isNanBorn(graph, node)) return `${name} becomes nan`;
  if (rules.deadRelu && isDeadRelu(graph, node)) {
    return `${name} is a dead relu: no gradient passes through it`;
  }
  return rules.nodes.has(node) ? `${name} gets its value` : "";
}

/** A nan among numbers: what is computed from a nan is no news. */
function isNanBorn(graph, node) {
  return isNaN(graph.data[node]) && !graph.parents[node].some((x) => isNaN(graph.data[x]));
}

function isDeadRelu(graph, node) {
  const isRelu = operationOf(graph, node)?.name === "relu";
  return isRelu && graph.data[node] === 0 && graph.localGrads[graph.edgeStart[node]] === 0;
}

function backwardReason(frames, state, { node, parents, before }, rules) {
  const { graph } = frames;
  for (const [k, parent] of parents.entries()) {
    const slope = slopeName(graph, graph.root, parent);
    const after = state.grads[parent];
    const fresh = isNaN(after) && !isNaN(before[k]) && !isNaN(state.grads[node]);
    if (rules.nan && fresh) return `${slope} becomes nan`;
    const crosses = Math.abs(after) > rules.bound && !(Math.abs(before[k]) > rules.bound);
    if (rules.large && crosses) {
      return `${slope} = ${numberText(after)} is larger than ${numberText(rules.bound)}`;
    }
    const isLeaf = graph.op[parent] < 0; // a leaf gives nothing on: it stops where it receives
    if (isLeaf && rules.nodes.has(parent)) return `${graph.names[parent]} receives a gradient`;
  }
  return rules.nodes.has(node) ? `${graph.names[node]} gives to its parents` : "";
}

/** The first stop after `from` up to `to`, or -1. */
export function nextStop(reasons, from, to) {
  for (const t of reasons.keys()) if (t > from && t <= to) return t;
  return -1;
}

/** The controls of the rules; `change()` is told of every new rule, `run()` of the button. */
export function createStops(graph, rules, { change, run }) {
  const set = (name) => (value) => {
    rules[name] = value;
    change();
  };
  const bound = make("input", { type: "number", class: "bound", min: 0, step: "any" });
  bound.setAttribute("aria-label", "Bound of the size of a gradient");
  bound.value = String(rules.bound);
  bound.addEventListener("input", () => {
    const isRight = bound.value !== "" && bound.valueAsNumber >= 0;
    setAttributes(bound, { "aria-invalid": String(!isRight) });
    if (isRight) set("bound")(bound.valueAsNumber);
  });
  bound.addEventListener("blur", () => {
    bound.value = String(rules.bound);
    setAttributes(bound, { "aria-invalid": "false" });
  });
  const large = toggle("|gradient| >", rules.large, set("large")).element;
  const nodes = make("span", { class: "stop-nodes" });
  const count = make("span", { class: "quiet stop-count" });
  const element = make(
    "div",
    { class: "stops", role: "group", "aria-label": "Breakpoints" },
    textButton([icon("run"), "Run to the next stop"], run, { class: "button run" }),
    make("span", { class: "quiet" }, "Stop at"),
    toggle("nan", rules.nan, set("nan")).element,
    toggle("dead relu", rules.deadRelu, set("deadRelu")).element,
    make("span", { class: "stop-rule" }, large, bound),
    nodes,
    count,
  );
  const drop = (node) => {
    rules.nodes.delete(node);
    change();
    element.closest(".stepgrad").focus({ preventScroll: true }); // its button is gone
  };
  return { element, update: (reasons) => showStops(graph, rules, { nodes, count, drop }, reasons) };
}

function showStops(graph, rules, { nodes, count, drop }, reasons) {
  const chips = [...rules.nodes].map((node) => {
    const label = `Remove the breakpoint at ${graph.names[node]}`;
    const attributes = { class: "button chip", "aria-label": label, title: label };
    return textButton([graph.names[node], icon("close")], () => drop(node), attributes);
  });
  fill(nodes, chips);
  const asked = rules.nodes.size > 0 || rules.nan || rules.deadRelu || rules.large;
  const found = reasons.size === 1 ? "1 stop" : `${reasons.size || "no"} stops`;
  setText(count, asked ? `${found} in this run` : "");
}
