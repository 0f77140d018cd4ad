// Where each box stands: columns from left to right, and in each the boxes near what they join.

import { columnsOf, linksAt } from "./columns.js";
import { orderedColumns } from "./crossings.js";

const MOST_BENDS = 2; // a box; with more, long arrows run behind the boxes: led around, they would
const FEW_BENDS = 100; // fill the picture, but so few never do
const GAP = { columns: 48, labels: 18, boxes: 16, bends: 9 };
const STEEPEST = 0.22; // width of the space between two columns, by the rise of an arrow there
const WIDEST_GAP = { least: 230, most: 900, part: 0.05 }; // of the height of all
const BEND = 8; // height that a passing arrow is given
export const PAD = { top: 27, bottom: 10 }; // between the frame of an open group and what is in it
const SETTLED = 1500; // slots: up to so many, there is time for more rounds

/** `x`, `y` (top left), `w`, `h` of each box; `bends` of each arrow: the places where it passes a
 *  column, as x, width and y; the slots and columns they come from. Sizes have `w` and `h`.
 *
 * O((boxes + arrows) · log boxes); 5,000 boxes take a tenth of a second. */
export function layoutOf({ boxes, arrows }, sizes, hasLabels) {
  const { column, isBack } = columnsOf(boxes, arrows);
  const net = slotsOf(boxes, arrows, sizes, column, isBack);
  const columns = orderedColumns(net.slots, net.links);
  const middle = middlesOf(net, columns);
  const across = columnsAcross(net, columns, middle, hasLabels);
  const layout = { column, isBack, columns, slots: net.slots, middle, across, h: sizes.h };
  layout.w = Float64Array.from(sizes.w, (w, i) => widened(w, across.width[column[i]]));
  layout.x = layout.w.map((w, i) => across.left[column[i]] + (across.width[column[i]] - w) / 2);
  layout.y = layout.h.map((h, i) => middle[i] - h / 2);
  layout.bends = net.bends.map((slots) =>
    slots.map((slot) => {
      const at = net.slots[slot].column;
      return { x: across.left[at], width: across.width[at], y: middle[slot] };
    }));
  return layout;
}

/** Boxes of almost one width are made equal: it looks calmer. */
function widened(width, whole) {
  return whole < 1.45 * width ? whole : width;
}

/** A slot for each box, and one in each column that an arrow passes; links between neighbours. */
function slotsOf(boxes, arrows, sizes, column, isBack) {
  const slots = boxes.map(({ layer, neuron }, i) => ({
    column: column[i], layer, neuron, w: sizes.w[i], h: sizes.h[i], isBend: false,
  }));
  const spans = arrows.map(({ from, to }, i) => (isBack[i] ? 0 : column[to] - column[from] - 1));
  const bent = spans.reduce((a, b) => a + b, 0) <= FEW_BENDS + MOST_BENDS * boxes.length;
  const links = [];
  const bends = arrows.map(({ from, to }, i) => {
    const passed = [];
    let before = from;
    for (let k = 1; bent && k <= spans[i]; k++) {
      const bend = newBend(slots[from], slots[to], column[from] + k);
      const slot = slots.push(bend) - 1;
      links.push({ from: before, to: slot });
      passed.push(slot);
      before = slot;
    }
    if (!isBack[i]) links.push({ from: before, to });
    return passed;
  });
  return { slots, links, bends };
}

function newBend(a, b, column) {
  const layer = a.layer === b.layer ? a.layer : -1;
  const neuron = a.neuron === b.neuron ? a.neuron : -1;
  return { column, layer, neuron, w: 0, h: BEND, isBend: true };
}

/** Left edge and width of each column; the space between two is wide for steep arrows. */
function columnsAcross({ slots, links }, columns, middle, hasLabels) {
  const width = columns.map((column) => Math.max(...column.map((slot) => slots[slot].w)));
  const gap = new Float64Array(columns.length).fill(GAP.columns + (hasLabels ? GAP.labels : 0));
  for (const { from, to } of links) {
    const wish = STEEPEST * Math.abs(middle[from] - middle[to]);
    const before = slots[to].column - 1;
    if (before === slots[from].column) gap[before] = Math.max(gap[before], wish);
  }
  const tall = WIDEST_GAP.part * middle.reduce((a, b) => Math.max(a, b), 0);
  const widest = Math.max(WIDEST_GAP.least, Math.min(WIDEST_GAP.most, tall));
  const left = new Float64Array(columns.length);
  for (let i = 1; i < columns.length; i++) {
    left[i] = left[i - 1] + width[i - 1] + Math.min(widest, gap[i - 1]);
  }
  return { left, width };
}

// The middles of the slots, from top to bottom: near their neighbours, in order, without overlap.

function middlesOf(net, columns) {
  const middle = new Float64Array(net.slots.length);
  const into = linksAt(net.slots.length, net.links, "to");
  const out = linksAt(net.slots.length, net.links, "from");
  const apart = columns.map((column) => distances(net.slots, column));
  columns.forEach((column, i) => stack(column, apart[i], middle));
  const wanted = new Float64Array(net.slots.length);
  const weight = new Float64Array(net.slots.length);
  const state = { net, into, out, middle, wanted, weight };
  const rounds = net.slots.length <= SETTLED ? 14 : 3;
  for (let round = 0; round < rounds; round++) {
    const both = round >= rounds / 2;
    columns.forEach((column, i) => place(state, column, apart[i], both ? "both" : "into"));
    for (let i = columns.length - 1; i >= 0; i--) {
      place(state, columns[i], apart[i], both ? "both" : "out");
    }
  }
  straighten(net, columns, apart, middle);
  shiftToZero(net.slots, middle);
  return middle;
}

/** Arrows that pass several columns stay level as long as their neighbours leave them room. */
function straighten({ slots, bends }, columns, apart, middle) {
  const row = new Int32Array(slots.length);
  for (const column of columns) column.forEach((slot, i) => (row[slot] = i));
  const room = (slot) => {
    const { column: at } = slots[slot];
    const [column, down, i] = [columns[at], apart[at], row[slot]];
    const low = i > 0 ? middle[column[i - 1]] + down[i] - down[i - 1] : -Infinity;
    const isLast = i + 1 === column.length;
    return [low, isLast ? Infinity : middle[column[i + 1]] - down[i + 1] + down[i]];
  };
  for (const passed of bends) {
    let [low, high, run] = [-Infinity, Infinity, []];
    const level = () => {
      const mean = run.reduce((sum, slot) => sum + middle[slot], 0) / run.length;
      for (const slot of run) middle[slot] = Math.min(high, Math.max(low, mean));
    };
    for (const slot of passed) {
      const [top, bottom] = room(slot);
      if (Math.max(low, top) > Math.min(high, bottom)) {
        level();
        [low, high, run] = [-Infinity, Infinity, []];
      }
      [low, high] = [Math.max(low, top), Math.min(high, bottom)];
      run.push(slot);
    }
    if (run.length > 0) level();
  }
}

/** How far below the first slot of a column the middle of each must be at least. */
function distances(slots, column) {
  const down = new Float64Array(column.length);
  for (let i = 1; i < column.length; i++) {
    const [a, b] = [slots[column[i - 1]], slots[column[i]]];
    const gap = a.isBend || b.isBend ? GAP.bends : GAP.boxes;
    down[i] = down[i - 1] + a.h / 2 + b.h / 2 + gap + padBetween(a, b);
  }
  return down;
}

/** The frames of open groups that end below one slot and begin above the next. */
function padBetween(a, b) {
  let pad = 0;
  for (const level of ["layer", "neuron"]) {
    if (a[level] === b[level]) continue;
    if (a[level] >= 0) pad += PAD.bottom;
    if (b[level] >= 0) pad += PAD.top;
  }
  return pad;
}

function stack(column, down, middle) {
  const half = down.at(-1) / 2;
  column.forEach((slot, i) => (middle[slot] = down[i] - half));
}

/** The column nearest to where its slots want to be, by least squares: pooled adjacent violators
 *  (Ayer et al. 1955), after which middles differ by at least `down`. */
function place(state, column, down, side) {
  const { middle } = state;
  column.forEach((slot) => wish(state, slot, side));
  const pools = []; // of slots that touch: mean of what they want, total weight, how many
  column.forEach((slot, i) => {
    let pool = { mean: state.wanted[slot] - down[i], weight: state.weight[slot], count: 1 };
    while (pools.length > 0 && pools.at(-1).mean >= pool.mean) pool = joined(pools.pop(), pool);
    pools.push(pool);
  });
  let i = 0;
  for (const { mean, count } of pools) {
    for (const end = i + count; i < end; i++) middle[column[i]] = mean + down[i];
  }
}

function joined(a, b) {
  const weight = a.weight + b.weight;
  const mean = (a.mean * a.weight + b.mean * b.weight) / weight;
  return { mean, weight, count: a.count + b.count };
}

/** Where a slot wants to be: at the mean of its neighbours; arrows that pass want to be level. */
function wish({ net, into, out, middle, wanted, weight }, slot, side) {
  let total = 0;
  let sum = 0;
  const add = ({ start, list }, end) => {
    for (let i = start[slot]; i < start[slot + 1]; i++) {
      const other = net.links[list[i]][end];
      const bends = Number(net.slots[slot].isBend) + Number(net.slots[other].isBend);
      const pull = bends === 2 ? 8 : 1 + bends;
      total += pull;
      sum += pull * middle[other];
    }
  };
  if (side !== "out") add(into, "from");
  if (side !== "into") add(out, "to");
  wanted[slot] = total > 0 ? sum / total : middle[slot];
  weight[slot] = total > 0 ? total : 0.1;
}

function shiftToZero(slots, middle) {
  let top = Infinity;
  slots.forEach((slot, i) => (top = Math.min(top, middle[i] - slot.h / 2)));
  for (let i = 0; i < middle.length; i++) middle[i] -= top;
}
