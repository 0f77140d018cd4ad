// The frames of open groups: soft shapes behind their boxes, with a name and a way to close them.

import { cutName, nameInside } from "./boxtext.js";
import { setAttributes, setText, svg } from "./elements.js";
import { PAD } from "./layout.js";
import { shortNumber } from "./routes.js";

const AROUND = { layer: 15, neuron: 7 }; // beside the columns; layers go around neurons
const CORNER = 9;

/** `{ group, level, path, bounds, handle: { x, y, w, h }, name }` of each run of columns in which
 *  an open group has boxes; the first run of a group has the handle, outer groups come first. */
export function enclosuresOf(graph, layout, measure) {
  const found = [];
  for (const level of ["layer", "neuron"]) {
    for (const [group, columns] of extents(layout, level)) {
      const outer = level === "neuron" ? columns[0].outer : -1;
      const name = cutName(nameInside(graph, group, outer));
      runsOf(columns).forEach((run, i) => {
        found.push(enclosure(graph, { group, level, name, run, isFirst: i === 0 }, measure));
      });
    }
  }
  return found;
}

/** Of each open group the columns where it has boxes, from left to right, with top and bottom. */
function extents({ columns, slots, middle, across }, level) {
  const groups = new Map();
  columns.forEach((column, at) => {
    for (const i of column) {
      const slot = slots[i];
      const group = slot[level];
      if (group < 0) continue;
      if (!groups.has(group)) groups.set(group, []);
      const list = groups.get(group);
      const inner = level === "layer" && slot.neuron >= 0;
      const top = middle[i] - slot.h / 2 - (inner ? PAD.top : 0) - PAD.top + 3;
      const bottom = middle[i] + slot.h / 2 + (inner ? PAD.bottom : 0) + PAD.bottom - 2;
      const last = list.at(-1);
      if (last?.at === at) {
        last.top = Math.min(last.top, top);
        last.bottom = Math.max(last.bottom, bottom);
      } else {
        const left = across.left[at] - AROUND[level];
        const right = across.left[at] + across.width[at] + AROUND[level];
        list.push({ at, left, right, top, bottom, outer: slot.layer });
      }
    }
  });
  return groups;
}

function runsOf(columns) {
  const runs = [];
  for (const column of columns) {
    if (runs.at(-1)?.at(-1).at === column.at - 1) runs.at(-1).push(column);
    else runs.push([column]);
  }
  return runs;
}

function enclosure(graph, { group, level, name, run, isFirst }, measure) {
  const bounds = [
    run[0].left,
    Math.min(...run.map((c) => c.top)),
    run.at(-1).right,
    Math.max(...run.map((c) => c.bottom)),
  ];
  const { left, top } = run[0];
  const handle = isFirst ? { x: left, y: top, w: measure(name, 600) + 36, h: PAD.top - 2 } : null;
  return { group, level, name, whole: graph.groups[group].name, bounds, handle, path: around(run) };
}

/** Around the columns of a run: level above and below each, in smooth steps between them. */
function around(run) {
  const first = run[0];
  const last = run.at(-1);
  const r = CORNER;
  let path = `M${point(first.left + r, first.top)}`;
  run.forEach((column, i) => {
    if (i > 0) path += stepBetween(run[i - 1].right, run[i - 1].top, column.left, column.top);
    path += `L${point(column.right - (column === last ? r : 0), column.top)}`;
  });
  path += `Q${point(last.right, last.top)} ${point(last.right, last.top + r)}`;
  path += `L${point(last.right, last.bottom - r)}`;
  path += `Q${point(last.right, last.bottom)} ${point(last.right - r, last.bottom)}`;
  [...run].reverse().forEach((column, i, back) => {
    const before = back[i - 1];
    if (i > 0) path += stepBetween(before.left, before.bottom, column.right, column.bottom);
    path += `L${point(column.left + (column === first ? r : 0), column.bottom)}`;
  });
  path += `Q${point(first.left, first.bottom)} ${point(first.left, first.bottom - r)}`;
  path += `L${point(first.left, first.top + r)}`;
  return `${path}Q${point(first.left, first.top)} ${point(first.left + r, first.top)}Z`;
}

function stepBetween(x, y, endX, endY) {
  const middle = (x + endX) / 2;
  return `C${point(middle, y)} ${point(middle, endY)} ${point(endX, endY)}`;
}

function point(x, y) {
  return `${shortNumber(x)} ${shortNumber(y)}`;
}

/** The elements of one frame. */
export function enclosureElement({ level, name, whole, path, handle }) {
  const shape = svg("path", { class: "shape", d: path });
  const element = svg("g", { class: `enclosure ${level}` }, shape);
  if (!handle) return element;
  const { x, y, w, h } = handle;
  const title = svg("title");
  setText(title, `close ${whole}`);
  const closer = svg("g", { class: "closer" }, title);
  closer.append(
    svg("rect", { class: "handle", x: x + 2, y: y + 2, width: w, height: h - 2, rx: 7 }),
    svg("circle", { cx: x + 15, cy: y + 13, r: 6.5 }),
    svg("path", { class: "minus", d: `M${x + 11.5} ${y + 13}h7` }),
    svg("text", { x: x + 27, y: y + 17.2 }, name),
  );
  setAttributes(closer, { "data-group": whole });
  element.append(closer);
  return element;
}
