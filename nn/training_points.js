// The samples as points: in the colours of their classes, ringed where the model is wrong.

import { setText, svg } from "./elements.js";
import { numberText } from "./numbers.js";
import { colorOf, extentOf } from "./training_maps.js";
import { decided } from "./training_record.js";

const RADIUS = 4.2;
const RING = 7.5;

/** The points; `place(x, y)` says where in the picture one is. */
export function createPoints(document, model, place) {
  const [xs, ys] = model.places ?? model.columns;
  const points = { document, wrong: new Set(), colors: [], outputs: null };
  const circles = (look, r) =>
    Array.from({ length: document.count }, (_, i) => {
      const [cx, cy] = place(xs[i], document.picture === "line" ? targetOf(document, i) : ys[i]);
      return svg("circle", { class: look, cx, cy, r });
    });
  points.dots = circles("point", RADIUS);
  points.rings = circles("ring", RING);
  for (const ring of points.rings) ring.style.display = "none";
  const look = document.labels ? "points" : "points targets";
  points.element = svg("g", { class: look }, points.dots, points.rings);
  points.targets = document.targets ? extentOf([Float64Array.from(document.targets)]) : 1;
  points.dots.forEach((dot, i) => {
    dot.append(svg("title", {}));
    dot.addEventListener("pointerenter", () => setText(dot.firstChild, pointWords(points, i)));
  });
  return {
    element: points.element,
    extent: points.targets,
    color: (shown) => colorPoints(points, shown),
  };
}

function targetOf({ labels, targets }, i) {
  return targets ? targets[i] : labels[i];
}

/** Colour the points, ring the wrong ones, and give how many these are.
 *
 * `outputs` are the model's, `response` the numbers that the points are to show, or null. */
function colorPoints(points, { outputs, response, colors }) {
  const { document, dots, rings, wrong } = points;
  points.outputs = outputs;
  const extent = response ? extentOf([response]) : 1;
  const shown = { ...document, response, colors, extent, targetExtent: points.targets };
  dots.forEach((dot, i) => {
    const said = outputs && document.labels ? decided(outputs, i) : null;
    const color = colorAt(shown, i, said);
    if (points.colors[i] !== color) dot.style.fill = points.colors[i] = color;
    const isWrong = said !== null && said !== document.labels[i];
    if (isWrong === wrong.has(i)) return;
    rings[i].style.display = isWrong ? "" : "none";
    if (isWrong) wrong.add(i);
    else wrong.delete(i);
  });
  return wrong.size;
}

/** Over a map a point has the colour of its target, on components that of the model's answer. */
function colorAt({ picture, labels, targets, response, extent, targetExtent, colors }, i, said) {
  const { classes, nan, quiet } = colors.css;
  if (picture === "components" && response) return colorOf(response[i], extent, colors);
  if (picture === "line" && !labels) return quiet;
  if (!labels) return colorOf(targets[i], targetExtent, colors);
  const label = picture === "components" && said !== null ? said : labels[i];
  return label < 0 ? nan : classes[label % classes.length];
}

function pointWords({ document, outputs, wrong }, i) {
  const { classes, labels, targets } = document;
  const target = labels ? classes[labels[i]] : numberText(targets[i]);
  if (!outputs) return `sample ${i}: ${target}`;
  const numbers = outputs.map((column) => numberText(column[i])).join(", ");
  return `sample ${i}: ${target}; output ${numbers}${wrong.has(i) ? " (wrong side)" : ""}`;
}
