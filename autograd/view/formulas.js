// Formulas as elements: parts in the colours of the picture, the chain rule of a node among them.

import { make } from "./elements.js";
import { counted, named, plain, slopeName } from "./frames.js";
import { numberText } from "./numbers.js";

const MOST_TERMS = 6; // of a sum that are written out: of more, all but the last so many

/** One line of parts; a click on a part that names a node tells `pick(node)`. */
export function formulaLine(parts, pick, look = "") {
  const pieces = parts.map((part) => pieceOf(part, pick));
  return make("div", { class: `formula ${look}`.trim() }, pieces);
}

function pieceOf(part, pick) {
  if (part.lost) return make("del", { class: "lost" }, part.text);
  if (part.role === "") return part.text;
  const attributes = { class: `part ${part.role} ${colourOf(part)}`.trim() };
  if (part.node >= 0 && pick) {
    attributes.class += " link";
    attributes.onclick = () => pick(part.node);
  }
  return make("span", attributes, part.text);
}

/** The colour of a gradient's number: blue above 0, orange below, yellow behind a nan. */
function colourOf({ role, number }) {
  if (number === null || role === "local") return "";
  if (isNaN(number)) return "nan";
  return role === "value" ? "" : signOf(number);
}

export function signOf(number) {
  return number > 0 ? "positive" : number < 0 ? "negative" : "";
}

/** What each use of a node gives to its gradient, in the order of giving.
 *
 * A use is an edge to a consumer: ∂L/∂consumer · ∂consumer/∂node. */
function usesOf(frames, state, node) {
  const { graph } = frames;
  const edges = graph.uses[node].slice();
  edges.sort((a, b) => graph.edgeTo[b] - graph.edgeTo[a] || a - b);
  return edges.map((edge) => ({
    consumer: graph.edgeTo[edge],
    given: state.given[edge] === 1,
    upstream: state.grads[graph.edgeTo[edge]],
    local: graph.localGrads[edge],
    contribution: state.contributions[edge],
  }));
}

/** The chain rule of a node with names, with numbers, and what it comes to: lines of parts.
 *
 * With `overwrite` a part that is lost has `lost`: of all terms only the last one counts. */
export function chainRule(frames, state, node) {
  const { graph } = frames;
  const uses = usesOf(frames, state, node);
  const slope = named(slopeName(graph, graph.root, node), "gradient", node);
  if (node === graph.root) return [[slope, plain(" = 1, which starts the pass")]];
  const start = frames.start[node];
  const left = start === 0 || frames.overwrite ? [] : [[counted(start, "contribution", node)]];
  const names = uses.map((use) => [
    named(slopeName(graph, graph.root, use.consumer), "upstream", use.consumer),
    plain(" · "),
    named(slopeName(graph, use.consumer, node), "local", use.consumer),
  ]);
  const written = frames.overwrite ? lastOf : sum;
  const lines = [[slope, plain(" = "), ...written(names)]];
  const given = uses.filter((use) => use.given);
  if (given.length === 0) return lines;
  lines.push([plain("= "), ...written([...left, ...given.map(product)])]);
  const numbers = given.map((use) => [counted(use.contribution, "contribution", node)]);
  const isSum = left.length + numbers.length > 1 && !frames.overwrite;
  if (isSum) lines.push([plain("= "), ...sum([...left, ...numbers])]);
  const total = counted(state.grads[node], "gradient", node);
  const more = toCome(uses.length - given.length, frames.overwrite);
  lines.push([plain("= "), total, ...(more ? [plain(more)] : [])]);
  return lines;
}

function toCome(missing, overwrite) {
  if (missing === 0) return "";
  return overwrite ? `, but ${missing} to come in its place` : `, and ${missing} to come`;
}

function product(use) {
  return [
    counted(use.upstream, "upstream", use.consumer),
    plain(" × "),
    counted(use.local, "local", use.consumer),
  ];
}

function sum(terms) {
  const cut = terms.length > MOST_TERMS ? terms.length - MOST_TERMS + 1 : 0;
  const shown = cut ? [...terms.slice(0, MOST_TERMS - 1), [plain(`… (${cut} more)`)]] : terms;
  return shown.flatMap((term, i) => (i > 0 ? [plain(" + "), ...term] : term));
}

/** The last of the terms, after those in whose place it is. */
function lastOf(terms) {
  const cut = terms.length > MOST_TERMS ? terms.length - MOST_TERMS + 1 : 0;
  const before = terms.slice(cut, -1).flatMap((term) => [...term, plain(" + ")]);
  const lost = cut ? [plain(`… (${cut} more) + `), ...before] : before;
  return [...lost.map((part) => ({ ...part, lost: true })), ...terms.at(-1)];
}

/** What the two mistakes make of the chain rule at a node, "" where nothing. */
export function mistakeAt(frames, node) {
  const { graph, forgetZeroGrad, overwrite } = frames;
  const uses = graph.uses[node].length;
  if (overwrite && uses > 1) return `Overwritten: only the last of ${uses} contributions counts.`;
  if (forgetZeroGrad && !overwrite && graph.op[node] < 0) {
    return `It began with ${numberText(frames.start[node])}, left by the pass before.`;
  }
  return "";
}
