// Each unit by itself: a small map of what it responds to, in rows by layer.

import { make, setAttributes } from "./elements.js";
import { colorOf, extentOf, paintField } from "./training_maps.js";
import { rangeAround } from "./training_record.js";

const PIXELS = 72; // of a small picture that is not a map, along a side
const DOT = 1.7;
const MOST_DOTS = 30000; // in all small pictures together: more take longer than a frame may

/** The units of all layers but a single output; `onSelect(unit)` gets which was pressed. */
export function createUnits(document, model, onSelect) {
  const layers = document.layers
    .filter(({ count }, i) => i + 1 < document.layers.length || count > 1)
    .map((layer) => createLayer(layer, onSelect));
  const element = make("section", { class: "panel units", hidden: layers.length === 0 });
  element.append(make("h3", {}, "What each unit responds to"), ...layers.map((x) => x.element));
  const units = layers.flatMap((layer) => layer.units);
  const ranges = (model.places ?? model.columns).slice(0, 2).map(rangeAround);
  const update = (content) => {
    const stride = Math.ceil((units.length * document.count) / MOST_DOTS); // of the dots
    for (const layer of layers) showLayer(document, model, ranges, stride, layer, content);
    for (const { unit, button } of units) {
      setAttributes(button, { "aria-pressed": unit === content.unit ? "true" : "false" });
    }
  };
  return { element, update, nameOf: (unit) => units.find((x) => x.unit === unit).name };
}

function createLayer({ name, summary, start, count }, onSelect) {
  const units = Array.from({ length: count }, (_, i) => {
    const canvas = make("canvas", { "aria-hidden": "true" });
    const label = `${name}, unit ${i}`;
    const press = () => onSelect(start + i);
    const attributes = { type: "button", class: "unit", title: label, "aria-label": label };
    const number = make("span", {}, `${i}`);
    const button = make("button", { ...attributes, onclick: press }, canvas, number);
    return { unit: start + i, name: label, canvas, button };
  });
  const heading = make("h4", {}, name, make("span", { class: "quiet" }, ` ${summary}`));
  const rows = make("div", { class: "unit-row" }, units.map(({ button }) => button));
  return { units, element: make("div", { class: "layer" }, heading, rows) };
}

/** The units of a layer in one scale of colours. */
function showLayer(document, model, ranges, stride, { units }, { grid, samples, colors }) {
  const columns = units.map(({ unit }) => (grid ?? samples)[unit]);
  const extent = extentOf(columns);
  const { picture } = document;
  units.forEach(({ canvas }, i) => {
    const column = columns[i];
    if (picture === "plane") paintField(canvas, column, model.grid.side, extent, colors);
    else if (picture === "line") sketchCurve(canvas, column, extent, colors);
    else sketchPoints(canvas, model.places, ranges, stride, column, extent, colors);
  });
}

function cleared(canvas) {
  canvas.width = canvas.height = PIXELS * 2; // which clears it; twice as fine as it is shown
  const context = canvas.getContext("2d");
  context.scale(2, 2);
  return context;
}

function sketchCurve(canvas, column, extent, colors) {
  const context = cleared(canvas);
  const height = (y) => (PIXELS / 2) * (1 - 0.9 * Math.min(Math.max(y / extent, -1.1), 1.1));
  context.strokeStyle = colors.css.line;
  context.beginPath();
  context.moveTo(0, PIXELS / 2);
  context.lineTo(PIXELS, PIXELS / 2);
  context.stroke();
  context.strokeStyle = colors.css.classes[1];
  context.lineWidth = 2;
  context.beginPath();
  column.forEach((y, i) => context.lineTo((PIXELS * i) / (column.length - 1), height(y)));
  context.stroke();
}

function sketchPoints(canvas, [xs, ys], ranges, stride, column, extent, colors) {
  const context = cleared(canvas);
  const [[left, right], [bottom, top]] = ranges;
  for (let i = 0; i < column.length; i += stride) {
    const x = (PIXELS * (xs[i] - left)) / (right - left);
    const y = (PIXELS * (top - ys[i])) / (top - bottom);
    context.fillStyle = colorOf(column[i], extent, colors);
    context.beginPath();
    context.arc(x, y, DOT, 0, 2 * Math.PI);
    context.fill();
  }
}
