// What of a scene is drawn: in full what the pane shows, or where that is too much an overview.

import { arrowRecord, boxRecord, patchArrow, patchBox } from "./detail.js";
import { svg } from "./elements.js";
import { enclosureElement } from "./enclosures.js";
import { createOverview, paintArrows, paintBoxes } from "./overview.js";
import { shownPart } from "./viewport.js";

const MOST = { boxes: 400, arrows: 500 }; // elements; with more in the pane there is an overview
const LEGIBLE = 0.22; // the scale below which only few boxes are drawn in full
const TINY = 0.33; // the scale below which there are boxes, but no text
const FEW = 60;
const READY = 200; // pixels around the pane in which elements are ready

/** Layers of one scene, from back to front, as the children of `world`. */
export function createPainting(graph, scene, world) {
  const overview = createOverview(scene);
  const painting = { graph, scene, world, overview, isOverview: false, isBulk: false, drawn: null };
  const frame = (i) => ({ element: enclosureElement(scene.enclosures[i]) });
  painting.frames = layer("enclosures", frame);
  painting.arrows = layer("arrows", (i) => arrowRecord(scene, i));
  painting.arrows.labels = svg("g", { class: "partials" });
  painting.boxes = layer("boxes", (i) => boxRecord(graph, scene, i));
  world.replaceChildren(
    painting.frames.element,
    overview.arrowPaths.element,
    painting.arrows.element,
    painting.arrows.labels,
    overview.boxPaths.element,
    overview.marks,
    painting.boxes.element,
  );
  return painting;
}

function layer(name, create) {
  return { element: svg("g", { class: name }), records: new Map(), create };
}

/** After a step: everything that is drawn may have changed. */
export function paint(painting, port) {
  choose(painting, port);
  const { scene, overview, boxes, arrows } = painting;
  const pixel = 1 / port.scale;
  for (const [i, record] of boxes.records) patchBox(record, scene, i);
  for (const [i, record] of arrows.records) patchArrow(record, painting.graph, scene, i);
  if (painting.isOverview) paintBoxes(overview, scene.looks, pixel);
  if (painting.isBulk) paintArrows(overview, scene.looks, pixel, inPart(painting));
}

/** After the pane has moved: only where it has left what was made ready. */
export function paintMoved(painting, port) {
  const { drawn, isOverview } = painting;
  const now = shownPart(port);
  const isInside =
    drawn && drawn[0] <= now[0] && drawn[1] <= now[1] && drawn[2] >= now[2] && drawn[3] >= now[3];
  if (!isInside || isOverview || port.scale !== painting.scale) paint(painting, port);
}

/** Which boxes and arrows exist as elements, which are parts of a few paths. */
function choose(painting, port) {
  const { scene, overview } = painting;
  const part = shownPart(port, READY);
  painting.drawn = part;
  painting.scale = port.scale;
  const boxes = boxesIn(scene, part);
  const isLegible = port.scale >= LEGIBLE || boxes.length <= FEW;
  painting.isOverview = !isLegible || boxesIn(scene, shownPart(port)).length > MOST.boxes;
  const arrows = painting.isOverview ? [] : arrowsIn(painting, MOST.arrows);
  painting.isBulk = painting.isOverview || arrows.length > MOST.arrows;
  keep(painting.boxes, painting.isOverview ? [] : boxes);
  keep(painting.arrows, painting.isBulk ? [] : arrows);
  painting.world.classList.toggle("tiny", port.scale < TINY);
  keep(painting.frames, framesIn(scene, part, painting.isOverview));
  setShown(overview.boxPaths.element, painting.isOverview);
  setShown(overview.marks, painting.isOverview);
  setShown(overview.arrowPaths.element, painting.isBulk);
}

function setShown(element, is) {
  const display = is ? "" : "none";
  if (element.style.display !== display) element.style.display = display;
}

/** Make the records that are wanted, take away those that are not. */
function keep({ element, labels, records, create }, wanted) {
  const set = new Set(wanted);
  for (const [i, record] of records) {
    if (set.has(i)) continue;
    record.element.remove();
    record.label?.remove();
    records.delete(i);
  }
  for (const i of wanted) {
    if (records.has(i)) continue;
    const record = create(i);
    records.set(i, record);
    element.append(record.element);
    if (record.label) labels.append(record.label);
  }
}

function boxesIn({ boxes, layout }, [left, top, right, bottom]) {
  const { x, y, w, h } = layout;
  const found = [];
  for (let i = 0; i < boxes.length; i++) {
    const isIn = x[i] <= right && x[i] + w[i] >= left && y[i] <= bottom && y[i] + h[i] >= top;
    if (isIn) found.push(i);
  }
  return found;
}

/** A function that tells of an arrow whether it can be seen in what is drawn. */
function inPart({ drawn: [left, top, right, bottom], scene: { routes: { bounds } } }) {
  return (i) =>
    bounds[4 * i] <= right &&
    bounds[4 * i + 2] >= left &&
    bounds[4 * i + 1] <= bottom &&
    bounds[4 * i + 3] >= top;
}

/** One more than the limit at most. */
function arrowsIn(painting, limit) {
  const isIn = inPart(painting);
  const found = [];
  for (let i = 0; i < painting.scene.arrows.length && found.length <= limit; i++) {
    if (isIn(i)) found.push(i);
  }
  return found;
}

function framesIn({ enclosures }, [left, top, right, bottom], isOverview) {
  const found = [];
  enclosures.forEach(({ bounds, level }, i) => {
    const isAcross = bounds[0] <= right && bounds[2] >= left;
    const isIn = isAcross && bounds[1] <= bottom && bounds[3] >= top;
    if (isIn && (level === "layer" || !isOverview)) found.push(i);
  });
  return found;
}
