// The order of the boxes in a column, by which few arrows cross and open groups stay together.

import { linksAt } from "./columns.js";

const COUNTED = 1500; // slots: up to so many, crossings are counted and the best order is kept
const SWEEPS = { few: 24, many: 4 };

/** Slots are boxes and the bends of long arrows: `{ column, layer, neuron, … }`; links join slots
 *  of different columns, from left to right. Gives the slots of each column, from top to bottom. */
export function orderedColumns(slots, links) {
  const columns = firstOrder(slots, links);
  const net = {
    slots,
    links,
    into: linksAt(slots.length, links, "to"),
    out: linksAt(slots.length, links, "from"),
    place: new Float64Array(slots.length), // from 0 to 1, how far down in its column
    wish: new Float64Array(slots.length),
    isGrouped: slots.some((slot) => slot.layer >= 0 || slot.neuron >= 0),
  };
  columns.forEach((column) => settle(net, column));
  if (net.isGrouped) sweep(net, columns, "neither"); // which only brings groups together
  const counts = slots.length <= COUNTED;
  let best = { crossings: Infinity, columns };
  for (let i = 0; i < (counts ? SWEEPS.few : SWEEPS.many); i++) {
    if (counts) {
      const crossings = crossingsOf(net, columns);
      if (crossings < best.crossings) best = { crossings, columns: columns.map((c) => [...c]) };
      if (crossings === 0) break;
    }
    sweep(net, columns, i % 2 === 0 ? "into" : "out");
  }
  return counts ? best.columns : columns;
}

/** As a reader of the formula meets them: from the result back, first operands first. */
function firstOrder(slots, links) {
  const into = linksAt(slots.length, links, "to");
  const columns = Array.from({ length: 1 + Math.max(...slots.map((s) => s.column)) }, () => []);
  const seen = new Uint8Array(slots.length);
  const visit = (start) => {
    const waiting = [start];
    while (waiting.length > 0) {
      const slot = waiting.pop();
      if (seen[slot]) continue;
      seen[slot] = 1;
      columns[slots[slot].column].push(slot);
      for (let i = into.start[slot + 1] - 1; i >= into.start[slot]; i--) {
        waiting.push(links[into.list[i]].from);
      }
    }
  };
  const fromRight = slots.map((_, i) => i).sort((a, b) => slots[b].column - slots[a].column);
  fromRight.forEach(visit);
  return columns;
}

function settle(net, column) {
  column.forEach((slot, i) => (net.place[slot] = (i + 0.5) / column.length));
}

/** Each slot to the mean place of its neighbours, column by column; groups by their own mean. */
function sweep(net, columns, side) {
  const means = net.isGrouped ? groupMeans(net, columns) : null;
  const sorted = side === "out" ? [...columns].reverse() : columns;
  for (const column of sorted) {
    for (const slot of column) net.wish[slot] = wishOf(net, slot, side);
    column.sort(means ? byGroup(net, means) : (a, b) => net.wish[a] - net.wish[b]);
    settle(net, column);
  }
}

function wishOf(net, slot, side) {
  let total = 0;
  let count = 0;
  for (const [which, end] of [["into", "from"], ["out", "to"]]) {
    if (side !== which) continue;
    const { start, list } = net[which];
    for (let i = start[slot]; i < start[slot + 1]; i++) total += net.place[net.links[list[i]][end]];
    count += start[slot + 1] - start[slot];
  }
  return count > 0 ? total / count : net.place[slot];
}

/** The mean place of each open group, over all columns: groups do not change sides on the way.
 *  A place counts for more in a column of many. */
function groupMeans(net, columns) {
  const sums = new Map();
  net.slots.forEach((slot, i) => {
    for (const group of [slot.layer, slot.neuron]) {
      if (group < 0) continue;
      const sum = sums.get(group) ?? { total: 0, count: 0 };
      const { length } = columns[slot.column];
      sum.total += net.place[i] * length;
      sum.count += length;
      sums.set(group, sum);
    }
  });
  return new Map([...sums].map(([group, { total, count }]) => [group, total / count]));
}

/** By layer, in a layer by neuron, in a neuron by wish; what is in no group stands among groups. */
function byGroup(net, means) {
  const keys = (i) => {
    const { layer, neuron } = net.slots[i];
    const own = net.wish[i];
    const inner = neuron >= 0 ? means.get(neuron) : own;
    return [layer >= 0 ? means.get(layer) : inner, layer, inner, neuron, own];
  };
  const known = new Map();
  const keysOf = (i) => known.get(i) ?? known.set(i, keys(i)).get(i);
  return (a, b) => {
    const [x, y] = [keysOf(a), keysOf(b)];
    for (let k = 0; k < x.length; k++) if (x[k] !== y[k]) return x[k] - y[k];
    return 0;
  };
}

/** How many pairs of links between the same two columns cross. O(links · log slots). */
function crossingsOf(net, columns) {
  let crossings = 0;
  const place = new Int32Array(net.slots.length);
  for (const column of columns) column.forEach((slot, i) => (place[slot] = i));
  for (const column of columns) {
    const ends = new Map(); // by the column where they end: where links end, from top to bottom
    for (const slot of column) {
      const targets = [];
      for (let i = net.out.start[slot]; i < net.out.start[slot + 1]; i++) {
        targets.push(net.links[net.out.list[i]].to);
      }
      targets.sort((a, b) => place[a] - place[b]);
      for (const target of targets) {
        const to = net.slots[target].column;
        if (!ends.has(to)) ends.set(to, []);
        ends.get(to).push(place[target]);
      }
    }
    for (const [to, places] of ends) crossings += inversions(places, columns[to].length);
  }
  return crossings;
}

/** Pairs in the wrong order, by a binary indexed tree (Fenwick 1994). */
function inversions(places, size) {
  const tree = new Int32Array(size + 1);
  let count = 0;
  places.forEach((place, i) => {
    count += i;
    for (let k = place + 1; k > 0; k -= k & -k) count -= tree[k];
    for (let k = place + 1; k <= size; k += k & -k) tree[k]++;
  });
  return count;
}
