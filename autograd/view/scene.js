// All that is on view while the same groups are open: boxes, arrows, where they are, their looks.

import { boxesOnView } from "./boxes.js";
import { sizesOf, titleOf } from "./boxtext.js";
import { enclosuresOf } from "./enclosures.js";
import { layoutOf } from "./layout.js";
import { newLooks } from "./looks.js";
import { labelSpots, routesOf } from "./routes.js";

const LABELLED = 100; // arrows: up to so many bear their local gradient
const DENSE_ARROWS = 2; // arrows a box, above which they are straight and thin

/** `measure` gives the width of words. O((nodes + edges) · log nodes). */
export function sceneOf(graph, open, measure) {
  const scene = boxesOnView(graph, open);
  const count = scene.arrows.length;
  scene.titles = scene.boxes.map((box) => titleOf(graph, box));
  scene.isDense = count > Math.max(LABELLED, DENSE_ARROWS * scene.boxes.length);
  scene.layout = layoutOf(scene, sizesOf(scene.boxes, scene.titles, measure), count <= LABELLED);
  scene.routes = routesOf(scene, scene.layout);
  scene.spots = count <= LABELLED ? labelSpots(scene.routes, scene.layout) : null;
  scene.enclosures = enclosuresOf(graph, scene.layout, measure);
  scene.looks = newLooks(scene);
  scene.bounds = boundsOfAll(scene);
  return scene;
}

export function rectangleOf({ layout }, i) {
  return { x: layout.x[i], y: layout.y[i], w: layout.w[i], h: layout.h[i] };
}

/** Left, top, right, bottom of all there is. */
function boundsOfAll({ boxes, layout, routes, enclosures }) {
  const all = [Infinity, Infinity, -Infinity, -Infinity];
  const add = (left, top, right, bottom) => {
    all[0] = Math.min(all[0], left);
    all[1] = Math.min(all[1], top);
    all[2] = Math.max(all[2], right);
    all[3] = Math.max(all[3], bottom);
  };
  const { x, y, w, h } = layout;
  boxes.forEach((_, i) => add(x[i], y[i], x[i] + w[i], y[i] + h[i]));
  for (let i = 0; i < routes.bounds.length; i += 4) add(...routes.bounds.subarray(i, i + 4));
  for (const { bounds } of enclosures) add(...bounds);
  return all;
}

const SHEETS = 6; // by which the paper under a group stands out

/** What is at a point of the world: `{ box }`, `{ closes: group }` or null. A finger need not meet
 *  a small box: the nearest within `slack` will do. */
export function hitAt({ boxes, layout, enclosures }, [x, y], slack, hasHandles) {
  let nearest = null;
  let least = slack;
  for (let i = 0; i < boxes.length; i++) {
    const around = boxes[i].group < 0 ? 0 : SHEETS;
    const across = outside(x - layout.x[i], layout.w[i] + around);
    const distance = Math.max(across, outside(y - layout.y[i], layout.h[i] + around));
    if (distance === 0) return { box: i };
    if (distance < least) [least, nearest] = [distance, { box: i }];
  }
  const isOn = ({ handle: at }) =>
    at && outside(x - at.x, at.w) === 0 && outside(y - at.y, at.h) === 0;
  const frame = hasHandles ? enclosures.findLast(isOn) : undefined;
  return frame ? { closes: frame.group } : nearest;
}

/** How far a number is from the interval from 0 to `size`. */
function outside(at, size) {
  return Math.max(0, -at, at - size);
}
