// Boxes and arrows as a handful of paths, one for each look: thousands are drawn at once.

import { svg } from "./elements.js";
import { SIGNS } from "./looks.js";
import { shortNumber } from "./routes.js";

const CHUNK = 600; // shapes in a path: a step rewrites those of a few
const MOST_CHUNKS = 1e6; // more than there can be
const CROWD = 2000; // arrows: above, their lines are half as wide

/** Boxes of one look in one path; `marks` are drawn above: current, selected, and so on. */
export function createOverview({ boxes, arrows, layout, routes }) {
  const corner = (i) => `M${shortNumber(layout.x[i])} ${shortNumber(layout.y[i])}`;
  const shape = (i) => {
    const [w, h] = [shortNumber(layout.w[i]), shortNumber(layout.h[i])];
    return `${corner(i)}h${w}v${h}h${-w}z`;
  };
  const line = (i) => {
    const route = routes.points[i].map(shortNumber);
    let path = `M${route[0]} ${route[1]}`;
    for (let k = 2; k < route.length; k += 2) path += `L${route[k]} ${route[k + 1]}`;
    return path;
  };
  const boxPaths = bulk("overview-boxes", boxes.length, shape);
  const arrowPaths = bulk("overview-arrows", arrows.length, line);
  const marks = svg("g", { class: "overview-marks" });
  return { boxPaths, arrowPaths, marks, shape, line };
}

/** Shapes sorted by a look, a small number, and in chunks; only paths that changed are written. */
function bulk(name, count, shape) {
  return {
    element: svg("g", { class: name }),
    shape,
    shapes: new Array(count),
    look: new Int16Array(count).fill(-1),
    paths: new Map(),
  };
}

/** Give each shape its look, -1: not drawn. */
function paintBulk(bundle, lookOf) {
  const { look } = bundle;
  for (let start = 0; start < look.length; start += CHUNK) {
    const end = Math.min(look.length, start + CHUNK);
    const changed = new Set();
    for (let i = start; i < end; i++) {
      const now = lookOf(i);
      if (now === look[i]) continue;
      changed.add(now).add(look[i]);
      look[i] = now;
    }
    changed.delete(-1);
    if (changed.size > 0) writeChunk(bundle, changed, start, end);
  }
}

function writeChunk(bundle, changed, start, end) {
  const members = new Map([...changed].map((code) => [code, []]));
  for (let i = start; i < end; i++) {
    const list = members.get(bundle.look[i]);
    if (list) list.push((bundle.shapes[i] ??= bundle.shape(i)));
  }
  for (const [code, list] of members) {
    pathOf(bundle, code, start / CHUNK).setAttribute("d", list.join(""));
  }
}

/** The path of a look in a chunk; they lie above each other in the order of the looks. */
function pathOf({ element, paths }, code, chunk) {
  const key = code * MOST_CHUNKS + chunk;
  if (!paths.has(key)) {
    const path = svg("path", { class: LOOK_CLASSES[code] });
    const above = Math.min(...[...paths.keys()].filter((other) => other > key));
    element.insertBefore(path, paths.get(above) ?? null);
    paths.set(key, path);
  }
  return paths.get(key);
}

// The looks, each above those before it; shapes know theirs by its place in this list.

const SIZES = ["size-0", "size-1", "size-2"]; // of a gradient
const SIZED = ["positive", "negative"].flatMap((sign) => SIZES.map((size) => `${sign} ${size}`));
const PLAIN = ["dim", "known", ...SIZED, "zero", "nan"];
const LOOK_CLASSES = [...PLAIN.map((look) => `${look} faded`), ...PLAIN, "explained", "lit"];
const [EXPLAINED, LIT] = ["explained", "lit"].map((look) => LOOK_CLASSES.indexOf(look));
const FIRSTS = SIGNS.map((sign) => Math.max(0, PLAIN.findIndex((x) => sign && x.startsWith(sign))));

function codeOf(isKnown, sign, strength, isFaded) {
  const size = Math.min(SIZES.length - 1, Math.floor(strength * SIZES.length));
  const more = sign === 0 ? isKnown : sign <= 2 ? size : 0;
  return FIRSTS[sign] + more + (isFaded ? 0 : PLAIN.length);
}

function arrowCode({ lit, path, arrowKnown, arrowSign, arrowStrength, arrowFaded }, i) {
  if (lit.has(i)) return LIT;
  if (path.has(i)) return EXPLAINED;
  return codeOf(arrowKnown[i], arrowSign[i], arrowStrength[i], arrowFaded[i]);
}

/** All boxes, and what is marked among them. `pixel` is the size of one on the screen. */
export function paintBoxes(overview, looks, pixel) {
  const { known, sign, strength, boxFaded } = looks;
  paintBulk(overview.boxPaths, (i) => codeOf(known[i], sign[i], strength[i], boxFaded[i]));
  paintMarks(overview, looks, pixel);
}

/** All arrows, or those of which `isIn(i)` says so. */
export function paintArrows(overview, looks, pixel, isIn) {
  paintBulk(overview.arrowPaths, (i) => (isIn(i) ? arrowCode(looks, i) : -1));
  setPixel(overview.arrowPaths.element, looks.arrowKnown.length > CROWD ? pixel / 2 : pixel);
}

function paintMarks({ marks, shape }, looks, pixel) {
  const single = (name, box) => (box < 0 ? null : mark(name, [box], shape));
  marks.replaceChildren(
    ...[
      mark("match", looks.matches, shape),
      mark("stopping", looks.stops, shape),
      single("selected", looks.selected),
      single("current", looks.current),
    ].filter((path) => path !== null),
  );
  setPixel(marks, pixel);
}

function mark(name, boxes, shape) {
  const d = [...boxes].map(shape).join("");
  return d === "" ? null : svg("path", { class: name, d });
}

/** Lines keep their width on the screen however small the picture is. */
function setPixel(element, pixel) {
  const width = `${shortNumber(pixel)}px`;
  const { style } = element;
  if (style.getPropertyValue("--pixel") !== width) style.setProperty("--pixel", width);
}
