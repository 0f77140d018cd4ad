// The frames of a forward and a backward pass, the state after each, and what each does in words.

import { constants } from "./constants.js";
import { operationOf } from "./graph.js";
import { numberText } from "./numbers.js";

const KEPT_STATES = 4; // of the last steps that were asked for: the next one goes on from there

/** One forward frame a node, the seed, one backward frame for each node with parents, in reverse.
 *
 * The two classic mistakes: `forgetZeroGrad` starts the leaves with the gradients that a pass
 * before this one left there; `overwrite` writes a contribution where it should be added. */
export function framesOf(graph, { forgetZeroGrad = false, overwrite = false } = {}) {
  const giving = [];
  for (let node = graph.root; node >= 0; node--) {
    if (graph.parents[node].length > 0) giving.push(node);
  }
  const count = graph.n + 1 + giving.length;
  const start = new Float64Array(graph.n);
  if (forgetZeroGrad) {
    const before = framesOf(graph, { overwrite });
    const { grads } = stateAt(before, count - 1);
    for (const leaf of graph.leaves) start[leaf] = grads[leaf];
  }
  return { graph, giving, count, forgetZeroGrad, overwrite, start, kept: new Map() };
}

export function frameAt(frames, t) {
  const { n, root } = frames.graph;
  if (t < n) return { index: t, kind: "forward", node: t };
  if (t === n) return { index: t, kind: "seed", node: root };
  return { index: t, kind: "backward", node: frames.giving[t - n - 1] };
}

/** The state before the first frame. */
export function startState(frames) {
  const { graph } = frames;
  const state = {
    frame: { index: -1, kind: "forward", node: -1 },
    known: new Uint8Array(graph.n),
    grads: frames.start.slice(),
    hasGrad: new Uint8Array(graph.n),
    contributions: new Float64Array(graph.edges),
    given: new Uint8Array(graph.edges),
  };
  if (frames.forgetZeroGrad) for (const leaf of graph.leaves) state.hasGrad[leaf] = 1;
  return state;
}

/** The state after frame t, of the caller's own: from the nearest one before it that is kept. */
export function stateAt(frames, t) {
  const { kept } = frames;
  let from = -1;
  for (const i of kept.keys()) if (i <= t && i > from) from = i;
  const state = from < 0 ? startState(frames) : copyOf(kept.get(from));
  for (let i = from + 1; i <= t; i++) advance(frames, state, i);
  kept.delete(t);
  kept.set(t, copyOf(state));
  if (kept.size > KEPT_STATES) kept.delete(kept.keys().next().value);
  return state;
}

function copyOf(state) {
  const copy = { ...state };
  for (const name of ["known", "grads", "hasGrad", "contributions", "given"]) {
    copy[name] = state[name].slice();
  }
  return copy;
}

/** Apply frame t to the state after the frame before it. */
export function advance(frames, state, t) {
  const frame = frameAt(frames, t);
  const { node } = frame;
  state.frame = frame;
  if (frame.kind === "forward") state.known[node] = 1;
  else if (frame.kind === "seed") setGradient(state, node, 1);
  else give(frames, state, node);
}

function setGradient(state, node, gradient) {
  state.grads[node] = gradient;
  state.hasGrad[node] = 1;
}

/** A sum starts from its first term, not from 0, as in Python: the sign of a zero is kept. */
function receive(frames, state, node, contribution) {
  const isSum = state.hasGrad[node] === 1 && !frames.overwrite;
  setGradient(state, node, isSum ? state.grads[node] + contribution : contribution);
}

function give(frames, state, node) {
  const { graph } = frames;
  for (let edge = graph.edgeStart[node]; edge < graph.edgeStart[node + 1]; edge++) {
    const contribution = state.grads[node] * graph.localGrads[edge];
    state.contributions[edge] = contribution;
    state.given[edge] = 1;
    receive(frames, state, graph.edgeFrom[edge], contribution);
  }
}

/** ∂L/∂a, by the names of the two. */
export function slopeName(graph, of, by) {
  return `∂${graph.names[of]}/∂${graph.names[by]}`;
}

/** What frame t does, a line for each thing: parts of `{ text, role, node, number }`.
 *
 * Roles, by which they are coloured: name, value, upstream, local, contribution, gradient, and ""
 * for what stands between; `number` is null where the part is no number of a node or an edge. */
export function partsOf(frames, t) {
  const { graph } = frames;
  const { kind, node } = frameAt(frames, t);
  if (kind === "forward") return [forwardParts(graph, node)];
  if (kind === "seed") {
    return [[named(slopeName(graph, node, node), "gradient", node), plain(" = 1")]];
  }
  const state = stateAt(frames, t - 1);
  return graph.parents[node].map((parent, k) => backwardParts(frames, state, node, parent, k));
}

function backwardParts(frames, state, node, parent, k) {
  const { graph, overwrite } = frames;
  const local = graph.localGrads[graph.edgeStart[node] + k];
  const before = state.grads[parent];
  const contribution = state.grads[node] * local;
  receive(frames, state, parent, contribution);
  return [
    named(slopeName(graph, graph.root, parent), "gradient", parent),
    plain(overwrite ? " = " : " += "),
    named(slopeName(graph, graph.root, node), "upstream", node),
    plain(" · "),
    named(slopeName(graph, node, parent), "local", node),
    plain(" = "),
    counted(state.grads[node], "upstream", node),
    plain(" × "),
    counted(local, "local", node),
    plain(" = "),
    counted(contribution, "contribution", node),
    plain(` (${numberText(before)} → `),
    counted(state.grads[parent], "gradient", parent),
    plain(")"),
  ];
}

/** The node's formula, as `v3 = x × w = 2 × -3 = -6`, in parts. */
export function forwardParts(graph, node) {
  const head = [named(graph.names[node], "name", node), plain(" = ")];
  const value = counted(graph.data[node], "value", node);
  const row = operationOf(graph, node);
  if (row === null) return [...head, value];
  const operands = graph.operands[node];
  const names = applied(row, operands.map((x) => operandName(graph, x)));
  const numbers = applied(row, operands.map((x) => operandValue(graph, x)));
  return [...head, ...names, plain(" = "), ...numbers, plain(" = "), value];
}

function operandName(graph, operand) {
  if (typeof operand === "number") return named(graph.names[operand], "name", operand);
  return plain(numberText(operand[0]));
}

function operandValue(graph, operand) {
  if (typeof operand === "number") return counted(graph.data[operand], "value", operand);
  return plain(numberText(operand[0]));
}

/** `a × b`, `−a`, `tanh(a)` or `dot(a, b, …, z)`. */
function applied(row, operands) {
  const [first, second] = operands;
  if (row.infix && operands.length === 2) {
    const base = row.name === "pow" ? enclosed(first) : [first]; // -3 ^ 2 would read as -(3 ^ 2)
    return [...base, plain(` ${row.symbol} `), second];
  }
  if (row.name === "negative") return [plain("−"), ...enclosed(first)];
  const isLong = operands.length > constants.OPERANDS;
  const shown = isLong ? [first, second, plain("…"), operands.at(-1)] : operands;
  const parts = [plain(`${row.name}(`)];
  shown.forEach((operand, i) => parts.push(...(i > 0 ? [plain(", ")] : []), operand));
  return [...parts, plain(")")];
}

/** In parentheses where it begins with a sign. */
function enclosed(operand) {
  return operand.text.startsWith("-") ? [plain("("), operand, plain(")")] : [operand];
}

export function named(text, role, node) {
  return { text, role, node, number: null };
}

export function counted(number, role, node) {
  return { text: numberText(number), role, node, number };
}

export function plain(text) {
  return { text, role: "", node: -1, number: null };
}

/** The lines of frame t as a terminal prints them: `backward  ∂L/∂a += …`. */
export function textOf(frames, t) {
  const kind = frameAt(frames, t).kind.padEnd(10);
  return partsOf(frames, t).map((parts) => kind + parts.map((part) => part.text).join(""));
}
