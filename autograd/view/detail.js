// Boxes and arrows as elements with text: made once, and afterwards changed only where they differ.

import { GROUP, NODE, countText } from "./boxtext.js";
import { setAttributes, setText, svg } from "./elements.js";
import { SIGNS } from "./looks.js";
import { numberText } from "./numbers.js";
import { pathText, shortNumber, withoutTip } from "./routes.js";

const MARGIN_X = 9;
const LOWEST_TINT = 0.12; // of a gradient that is not 0
const WIDEST = { few: 5, many: 2.4 }; // added to the width of an arrow by its contribution

// Boxes.

/** The elements of box i of the scene. */
export function boxRecord(graph, scene, i) {
  const { layout, titles } = scene;
  const box = scene.boxes[i];
  const [w, h] = [layout.w[i], layout.h[i]];
  const isGroup = box.group >= 0;
  const isRoot = box.nodes.includes(graph.root);
  const kind = isGroup ? "group" : graph.op[box.key] < 0 ? "leaf" : "operation";
  const place = `translate(${shortNumber(layout.x[i])} ${shortNumber(layout.y[i])})`;
  const element = svg("g", { transform: place, "data-box": titles[i].whole });
  const rect = (name, out, rx) =>
    svg("rect", { class: name, x: -out, y: -out, width: w + 2 * out, height: h + 2 * out, rx });
  const record = { element, base: `box ${kind}${isRoot ? " root" : ""}`, box };
  record.tint = rect("tint", 0, 7);
  const under = isGroup ? [sheet(w, h, 6), sheet(w, h, 3)] : [];
  element.append(tooltip(titles[i].whole), rect("halo", 5, 11), ...under, rect("paper", 0, 7),
    record.tint);
  if (isRoot) element.append(rect("inner", -3, 5));
  element.append(...titleElements(titles[i], w, isGroup));
  Object.assign(record, isGroup ? groupRows(box, w, h) : nodeRows(w));
  element.append(...record.rows, svg("circle", { class: "stop", cx: 0, cy: 0, r: 5.5 }));
  return record;
}

function tooltip(words) {
  const title = svg("title");
  setText(title, words);
  return title;
}

/** One more sheet of paper under a group. */
function sheet(w, h, out) {
  return svg("rect", { class: "sheet", x: out, y: out, width: w, height: h, rx: 7 });
}

function titleElements({ name, aside, isQuiet }, w, isGroup) {
  const y = isGroup ? 19 : 20;
  const right = w - MARGIN_X - (isGroup ? 20 : 0);
  const parts = [svg("text", { class: isQuiet ? "name quiet" : "name", x: MARGIN_X, y }, name)];
  if (aside) parts.push(svg("text", { class: isGroup ? "size" : "symbol", x: right, y }, aside));
  if (!isGroup) return parts;
  const [cx, cy] = [w - MARGIN_X - 6, 14.5];
  const plus = svg("path", { d: `M${cx - 3.5} ${cy}h7M${cx} ${cy - 3.5}v7` });
  return [...parts, svg("g", { class: "plus" }, svg("circle", { cx, cy, r: 6.5 }), plus)];
}

function nodeRows(w) {
  const row = (name, y) => [
    svg("text", { class: `label of-${name}`, x: MARGIN_X, y }, name),
    svg("text", { class: "number", x: w - MARGIN_X, y }),
  ];
  const [valueLabel, value] = row(NODE.words[0], NODE.h - 22.5);
  const [gradLabel, grad] = row(NODE.words[1], NODE.h - 7.5);
  return { value, grad, rows: [valueLabel, value, gradLabel, grad] };
}

function groupRows(box, w, h) {
  const y = GROUP.h - 11;
  const middle = w / 2;
  const names = box.outputs.length > 1 ? GROUP.several : GROUP.words;
  const value = svg("text", { class: "number", x: middle - 5, y });
  const grad = svg("text", { class: "number", x: w - MARGIN_X, y });
  const bar = (name) =>
    svg("rect", { class: `progress ${name}`, x: 0, y: h - 4.5, width: 0, height: 2.5, rx: 1.2 });
  const [knownBar, gradBar] = [bar("forward"), bar("backward")];
  const labels = [
    svg("text", { class: "label of-data", x: MARGIN_X, y }, names[0]),
    svg("text", { class: "label of-grad", x: middle + 5, y }, names[1]),
  ];
  const rows = [...labels, value, grad, knownBar, gradBar];
  return { value, grad, knownBar, gradBar, width: w, rows };
}

/** Write what has changed. */
export function patchBox(record, { looks }, i) {
  const classes = boxClasses(record, looks, i);
  if (classes !== record.classes) {
    record.classes = classes;
    record.element.setAttribute("class", classes);
  }
  const { box } = record;
  const value = box.outputs.length > 1 ? box.outputs.length : looks.value[i];
  write(record, "value", looks.known[i] ? value : null);
  write(record, "grad", looks.sign[i] ? looks.grad[i] : null);
  const isSigned = looks.sign[i] === 1 || looks.sign[i] === 2;
  const tint = isSigned ? LOWEST_TINT + (1 - LOWEST_TINT) * looks.strength[i] : looks.sign[i] === 4;
  if (record.shade !== tint) {
    record.shade = tint;
    setAttributes(record.tint, { "fill-opacity": Math.round(100 * tint) / 100 });
  }
  if (record.knownBar) patchProgress(record, looks, i);
}

function boxClasses(record, looks, i) {
  let classes = `${record.base} ${SIGNS[looks.sign[i]]}`;
  if (!looks.known[i]) classes += " dim";
  if (looks.sign[i] && looks.grad[i] !== null) classes += " given";
  if (looks.current === i) classes += " current";
  if (looks.selected === i) classes += " selected";
  if (looks.matches.has(i)) classes += " match";
  if (looks.stops.has(i)) classes += " stopping";
  if (looks.boxFaded[i]) classes += " faded";
  return classes;
}

function write(record, name, number) {
  const key = `${name}Shown`;
  if (record[key] !== undefined && Object.is(record[key], number)) return;
  record[key] = number;
  setText(record[name], number === null ? "" : numberText(number));
}

function patchProgress(record, looks, i) {
  const inside = record.width - 2 * MARGIN_X;
  const { length } = record.box.nodes;
  const isUnderWay = (n) => n > 0 && n < length; // what is complete needs no bar
  const widths = [looks.knownNodes[i], looks.gradNodes[i]].map((n) =>
    isUnderWay(n) ? shortNumber((inside * n) / length) : 0);
  if (record.progress === String(widths)) return;
  record.progress = String(widths);
  setAttributes(record.knownBar, { x: MARGIN_X, width: widths[0] });
  setAttributes(record.gradBar, { x: MARGIN_X, width: widths[1] });
}

// Arrows.

/** The elements of arrow i of the scene. */
export function arrowRecord(scene, i) {
  const { routes, layout, spots, isDense } = scene;
  const route = routes.points[i];
  const line = svg("path", { class: "line" });
  const record = { element: svg("g"), line, label: null, head: null };
  record.pathOf = (points) => pathText(points, layout.isBack[i], isDense && route.length === 4);
  record.route = route;
  record.widest = isDense ? WIDEST.many : WIDEST.few;
  record.element.append(record.line);
  if (isDense) record.line.setAttribute("d", record.pathOf(route));
  else record.element.append((record.head = svg("path", { class: "head" })));
  if (spots) {
    const [x, y] = spots[i].map(shortNumber);
    record.label = svg("text", { x, y: y + 3.5 }); // of a layer above all arrows
  }
  return record;
}

export function patchArrow(record, graph, scene, i) {
  const { looks } = scene;
  const isGiving = looks.isBackward && looks.lit.has(i);
  const classes = arrowClasses(looks, i);
  if (classes !== record.classes) {
    if (looks.lit.has(i)) raise(record);
    if (looks.path.has(i) && !record.under) addUnder(record);
    record.classes = classes;
    record.element.setAttribute("class", classes);
    record.label?.setAttribute("class", `partial ${classes}`);
  }
  const width = (record.widest < 3 ? 0.8 : 1.2) + record.widest * looks.arrowStrength[i];
  patchLine(record, shortNumber(width), isGiving);
  if (record.label && looks.arrowKnown[i]) patchLabel(record, graph, scene.arrows[i].edges);
}

/** Above all others. */
function raise(record) {
  record.element.parentNode.append(record.element);
  record.label?.parentNode.append(record.label);
}

/** The head is where the number goes: at the end, and while a gradient is given, at the start. */
function patchLine(record, width, isGiving) {
  if (record.width === width && record.isGiving === isGiving) return;
  record.line.setAttribute("stroke-width", width);
  if (record.head) {
    if (record.isGiving !== isGiving) {
      record.line.setAttribute("d", record.pathOf(withoutTip(record.route, isGiving)));
    }
    const tip = isGiving ? record.route.slice(0, 2) : record.route.slice(-2);
    record.head.setAttribute("d", headText(tip, isGiving ? -1 : 1, width));
  }
  Object.assign(record, { width, isGiving });
}

function headText([x, y], way, width) {
  const half = shortNumber(3 + 0.8 * width);
  return `M${shortNumber(x)} ${shortNumber(y)}l${-(7 + width) * way} ${-half}v${2 * half}z`;
}

/** The local gradient; several edges in one arrow are counted. */
function patchLabel(record, graph, edges) {
  const partial = edges.length === 1 ? graph.localGrads[edges[0]] : edges.length;
  if (Object.is(record.partial, partial)) return;
  record.partial = partial;
  setText(record.label, edges.length === 1 ? numberText(partial) : countText(partial, "edge"));
}

/** A wide band behind an arrow of the path that is explained. */
function addUnder(record) {
  record.under = svg("path", { class: "under", d: record.pathOf(record.route) });
  record.element.prepend(record.under);
}

function arrowClasses(looks, i) {
  let classes = `arrow ${SIGNS[looks.arrowSign[i]]}`;
  if (!looks.arrowKnown[i]) classes += " dim";
  if (looks.lit.has(i)) classes += " lit";
  if (looks.path.has(i)) classes += " explained";
  if (looks.arrowFaded[i]) classes += " faded";
  return classes;
}
