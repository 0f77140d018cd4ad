// The large picture: samples on what the model decides, or on what one unit responds.

import { fill, make, setAttributes, setText, svg } from "./elements.js";
import { numberText } from "./numbers.js";
import { CLASS_COUNT } from "./training_colors.js";
import { roundNumbers } from "./training_curves.js";
import { extentOf, paintClasses, paintField, zeroLine } from "./training_maps.js";
import { createPoints } from "./training_points.js";
import { rangeAround } from "./training_record.js";

const SIZE = 440; // of the picture, in units of its own
const EDGE_LEFT = 44;
const INNER = SIZE - EDGE_LEFT - 8;
const TICKS = 5;

/** The large picture of a training's samples. */
export function createPlane(document, model) {
  const ranges = rangesOf(document, model);
  const plane = { document, model, ranges, place: placeIn(ranges) };
  plane.canvas = make("canvas", { class: "map", "aria-hidden": "true" });
  plane.zero = svg("path", { class: "zero" });
  plane.curve = svg("g", { class: "lines" });
  plane.points = createPoints(document, model, plane.place);
  const view = { viewBox: `0 0 ${SIZE} ${SIZE}`, role: "img", "aria-label": "Samples" };
  plane.svg = svg("svg", view, axes(plane), plane.zero, plane.curve, plane.points.element);
  plane.title = make("h3", {});
  plane.legend = legendOf(document);
  plane.note = make("p", { class: "quiet note" });
  const frame = make("div", { class: "plane" }, plane.canvas, plane.svg);
  plane.element = make("section", { class: "panel" }, plane.title, plane.legend, frame, plane.note);
  const inside = { left: EDGE_LEFT, top: 8, width: INNER, height: INNER };
  for (const [name, x] of Object.entries(inside)) {
    plane.canvas.style[name] = `${(100 * x) / SIZE}%`;
  }
  return { element: plane.element, update: (content) => updatePlane(plane, content) };
}

/** The names of the classes beside their colours. */
function legendOf({ classes }) {
  if (!classes) return null;
  const entries = classes.map((name, i) => {
    const look = `class-${i % CLASS_COUNT}`;
    return make("li", { class: look }, make("span", { class: "name" }, name));
  });
  return make("ul", { class: "legend" }, entries);
}

function rangesOf({ picture, targets }, { columns, places }) {
  if (picture === "line") return [rangeAround(columns[0]), rangeAround(targets ?? [-1, 1])];
  return (places ?? columns).slice(0, 2).map(rangeAround);
}

function placeIn([[left, right], [bottom, top]]) {
  return (x, y) => [
    EDGE_LEFT + ((x - left) / (right - left)) * INNER,
    8 + ((top - y) / (top - bottom)) * INNER,
  ];
}

function axes({ document, ranges, place }) {
  const [[left, right], [bottom, top]] = ranges;
  const edge = { class: "edge", x: EDGE_LEFT, y: 8, width: INNER, height: INNER };
  const across = roundNumbers(left, right, TICKS).map((x) => {
    const spot = { x: place(x, bottom)[0], y: 8 + INNER + 15, "text-anchor": "middle" };
    return svg("text", spot, numberText(x));
  });
  const up = roundNumbers(bottom, top, TICKS).map((y) => {
    const spot = { x: EDGE_LEFT - 6, y: place(left, y)[1] + 4, "text-anchor": "end" };
    return svg("text", spot, numberText(y));
  });
  const [first, second] = document.axes;
  const below = { x: EDGE_LEFT + INNER / 2, y: SIZE - 6, "text-anchor": "middle" };
  const turned = `translate(11 ${8 + INNER / 2}) rotate(-90)`;
  const beside = { transform: turned, "text-anchor": "middle" };
  const names = [svg("text", below, first), svg("text", beside, second)];
  return [svg("rect", edge), ...across, ...up, ...names];
}

/** Show the outputs on the grid and on the samples; `unit` is the place of one, -1 for the last
 *  layer's, that is what the model decides. */
function updatePlane(plane, { grid, samples, unit, heading, colors }) {
  const { document } = plane;
  const { start, count } = document.layers.at(-1) ?? { start: 0, count: 0 };
  const shown = (columns) => (unit < 0 ? columns.slice(start, start + count) : [columns[unit]]);
  setText(plane.title, heading);
  plane.extent = null;
  if (grid) drawGround(plane, shown(grid), unit < 0, colors);
  const response = samples && (unit >= 0 || document.labels === null) ? shown(samples)[0] : null;
  const outputs = samples?.slice(start, start + count) ?? null;
  const wrong = plane.points.color({ outputs, response, colors });
  setText(plane.note, noteOf(plane, outputs, wrong));
}

function drawGround(plane, fields, isDecision, colors) {
  const { document, model } = plane;
  const { side, ranges } = model.grid;
  if (document.picture === "line") {
    drawCurves(plane, fields);
    return;
  }
  const isMany = isDecision && document.labels !== null && fields.length > 1;
  if (isMany) paintClasses(plane.canvas, fields, side, colors);
  else {
    const isOnTargets = isDecision && document.labels === null;
    plane.extent = isOnTargets ? plane.points.extent : extentOf(fields.slice(0, 1));
    paintField(plane.canvas, fields[0], side, plane.extent, colors);
  }
  const steps = ranges.map(([low, high]) => (high - low) / (side - 1));
  const place = (x, y) => plane.place(ranges[0][0] + x * steps[0], ranges[1][0] + y * steps[1]);
  const isLine = document.labels !== null && !isMany;
  setAttributes(plane.zero, { d: isLine ? zeroLine(fields[0], side, place) : "" });
}

/** The outputs over a single feature; a unit's are stretched to the height of the picture. */
function drawCurves(plane, fields) {
  const [xs] = plane.model.grid.columns;
  const [, [bottom, top]] = plane.ranges;
  const lines = fields.map((field, k) => {
    const points = Array.from(field, (y, i) => {
      return plane.place(xs[i], Math.min(Math.max(y, bottom), top)).map((z) => z.toFixed(1)).join();
    });
    const look = `class-${k < 2 ? 1 - k : k % CLASS_COUNT}`;
    return svg("polyline", { class: `line ${look}`, points: points.join(" ") });
  });
  fill(plane.curve, lines);
}

function noteOf({ document, extent }, outputs, wrong) {
  const { count, total, labels, picture } = document;
  const notes = [];
  if (count < total) notes.push(`Drawn: ${count} of ${total} samples, evenly chosen.`);
  if (labels && outputs) {
    const ringed = wrong > 0 ? ", ringed" : "";
    notes.push(`${wrong} of ${count} on the wrong side${ringed}.`);
    if (picture === "components") notes.push("The colours are the model's answers.");
  }
  if (extent) notes.push(`Colours from -${numberText(extent)} to ${numberText(extent)}.`);
  return notes.join(" ");
}
