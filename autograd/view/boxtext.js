// What is written in a box, and how much room that takes.

import { constants } from "./constants.js";
import { operationOf } from "./graph.js";
import { numberText } from "./numbers.js";

const NAME = 18; // characters of a name, or of an operation, in a box
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
const MARGIN = 9;
const WIDEST_NUMBER = "-1.234e-214"; // of four digits
const WORD_GAP = 5; // between a number and the word before it, at least
export const NODE = { w: 110, h: 58, words: ["data", "grad"] };
export const GROUP = { w: 200, h: 46, words: ["data", "grad"], several: ["outputs", "|grad| ≤"] };

/** The operation with its plain numbers: `• × 2`, `clip(•, 0, 1)`; a leaf has "". */
function operationText(graph, node) {
  const row = operationOf(graph, node);
  const operands = graph.operands[node];
  if (row === null) return "";
  const isPlain = operands.length === graph.parents[node].length;
  if (isPlain || operands.length > constants.OPERANDS || row.name === "dot") return row.symbol;
  const shown = operands.map((x) => (Array.isArray(x) ? numberText(x[0]) : "•"));
  if (row.infix && shown.length === 2) return `${shown[0]} ${row.symbol} ${shown[1]}`;
  return `${row.name}(${shown.join(", ")})`;
}

/** The title of a box: name, operation (of a group: its size), and the whole name. */
export function titleOf(graph, box) {
  if (box.group < 0) {
    const [node] = box.nodes;
    const name = cutName(nodeInside(graph, node, box.neuron >= 0 ? box.neuron : box.layer));
    const isQuiet = !graph.labelled[node] && graph.op[node] >= 0;
    return { name, whole: graph.fullNames[node], aside: cut(operationText(graph, node)), isQuiet };
  }
  const whole = graph.groups[box.group].name;
  const name = cutName(nameInside(graph, box.group, box.layer));
  return { name, whole, aside: countText(box.nodes.length, "node"), isQuiet: false };
}

/** The name of a group as it is called inside another: `neurons.3` in `layers.0`. */
export function nameInside(graph, group, outer) {
  return withoutOuter(graph, graph.groups[group].name, outer);
}

/** `weights.1` in its neuron; the neuron's result keeps the end of its own name. */
function nodeInside(graph, node, outer) {
  const name = withoutOuter(graph, graph.fullNames[node], outer);
  const isResult = outer >= 0 && name === graph.groups[outer].name;
  return isResult ? name.split(".").slice(-2).join(".") : name;
}

function withoutOuter(graph, name, outer) {
  const prefix = outer < 0 ? "" : `${graph.groups[outer].name}.`;
  return prefix && name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

export function countText(count, one) {
  return `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
}

function cut(text, shorten = (characters) => `${characters.slice(0, NAME - 1).join("")}…`) {
  const characters = text.length > NAME ? Array.from(text) : [];
  return characters.length > NAME ? shorten(characters) : text;
}

export function isPath(name) {
  return /^[\w.]+\.\w+$/.test(name);
}

/** A path is known by its end: `….neurons.12`. */
export function cutName(name) {
  const end = (characters) => `…${characters.slice(1 - NAME).join("")}`;
  return isPath(name) ? cut(name, end) : cut(name);
}

/** Width and height of each box; any number has room beside the word before it. */
export function sizesOf(boxes, titles, measure) {
  const room = ([, grad]) => MARGIN + measure(grad, 400, 10) + WORD_GAP + measure(WIDEST_NUMBER, 400);
  const least = {
    node: Math.max(NODE.w, room(NODE.words) + MARGIN),
    group: Math.max(GROUP.w, 2 * (room(GROUP.words) + WORD_GAP)),
    several: Math.max(GROUP.w, 2 * (room(GROUP.several) + WORD_GAP)),
  };
  const w = Float64Array.from(boxes, (box, i) => {
    const { name, aside } = titles[i];
    const words = measure(name, 600) + (aside ? measure(aside, 400) + 12 : 0) + 2 * MARGIN;
    if (box.group < 0) return Math.ceil(Math.max(least.node, words));
    return Math.ceil(Math.max(box.outputs.length > 1 ? least.several : least.group, words + 26));
  });
  const h = Float64Array.from(boxes, (box) => (box.group < 0 ? NODE.h : GROUP.h));
  return { w, h };
}

/** A function that gives the width of words in CSS pixels. */
export function ruler() {
  const context = document.createElement("canvas").getContext("2d");
  const known = new Map();
  return (words, weight, size = 12) => {
    const key = `${weight} ${size} ${words}`;
    if (!known.has(key)) {
      context.font = `${weight} ${size}px ${FONT}`;
      known.set(key, context.measureText(words).width);
    }
    return known.get(key);
  };
}
