// What part of the picture the pane shows: pan, zoom, fit, and what a pointer does there.

const SCALE = { least: 0.004, most: 3, fitted: 1.15 }; // least: unless all needs a smaller one
const EDGE = 22; // free space around the whole picture, in pixels of the screen
const CENTRAL = 0.17; // of the pane on each side: who is further out is brought back
const FAR = 2; // panes, over which one does not glide
const DRAG = 4; // pixels that a pointer moves before it drags
const GLIDE = 70; // milliseconds in which a moving picture covers most of the way

/** A viewport shows the world point p at `p · scale + (x, y)` of the pane.
 *
 * `act` has changed(), click(point, event), hover(point or null); points are in the world. */
export function createViewport(pane, act) {
  const port = { pane, act, x: 0, y: 0, scale: 1, width: 0, height: 0, bounds: [0, 0, 1, 1] };
  Object.assign(port, { goal: null, timer: 0, fitted: null, isEngaged: false, moved: false });
  port.pointers = new Map();
  listen(port);
  return port;
}

/** Take the pane's size; gives whether it has one. While it is hidden the last one counts. */
export function measurePane(port) {
  const { width, height } = port.pane.getBoundingClientRect();
  const isShown = width > 0 && height > 0;
  if (isShown) Object.assign(port, { width, height });
  return isShown;
}

/** A change of the pane's size keeps what is in its middle there; all of it where that is shown. */
export function resizePane(port) {
  const { width, height } = port;
  const wasFitted = isFitted(port);
  if (!measurePane(port) || (width === port.width && height === port.height)) return;
  if (wasFitted) fitPane(port);
  else moveWorld(port, port.x + (port.width - width) / 2, port.y + (port.height - height) / 2);
}

/** Whether nothing was moved, and nothing opened or closed, since all of it was fitted in. */
function isFitted({ fitted, x, y, scale, bounds }) {
  const now = { x, y, scale, bounds };
  return fitted !== null && Object.keys(now).every((name) => now[name] === fitted[name]);
}

function moveWorld(port, x, y, scale = port.scale) {
  Object.assign(port, { x, y, scale });
  port.act.changed();
}

/** What is shown, in the world: left, top, right, bottom, with so many pixels around it. */
export function shownPart({ x, y, scale, width, height }, margin = 0) {
  return [
    (-x - margin) / scale,
    (-y - margin) / scale,
    (width - x + margin) / scale,
    (height - y + margin) / scale,
  ];
}

/** The scale at which all of it fits. */
export function fittingScale({ bounds, width, height }) {
  const [left, top, right, bottom] = bounds;
  const across = Math.max(EDGE, width - 2 * EDGE) / (right - left);
  const down = Math.max(EDGE, height - 2 * EDGE) / (bottom - top);
  return Math.min(across, down, SCALE.fitted);
}

export function fitPane(port) {
  const scale = fittingScale(port);
  const [left, top, right, bottom] = port.bounds;
  stopGliding(port);
  moveWorld(
    port,
    (port.width - (left + right) * scale) / 2,
    (port.height - (top + bottom) * scale) / 2,
    scale,
  );
  port.fitted = { x: port.x, y: port.y, scale, bounds: port.bounds };
}

/** Zoom; the world point under (atX, atY) of the pane stays there. */
export function zoomPane(port, factor, atX = port.width / 2, atY = port.height / 2) {
  const least = Math.min(SCALE.least, fittingScale(port));
  const scale = Math.min(SCALE.most, Math.max(least, port.scale * factor));
  const change = scale / port.scale;
  stopGliding(port);
  moveWorld(port, atX - (atX - port.x) * change, atY - (atY - port.y) * change, scale);
}

/** Bring a box of the world to the middle of the pane, at a scale. */
export function centre(port, box, scale) {
  stopGliding(port);
  moveWorld(port, ...placed(port, middleOf(box), scale), scale);
}

function middleOf({ x, y, w, h }) {
  return [x + w / 2, y + h / 2];
}

/** Where the world must stand for a point to be in the middle, but no further than its edges. */
function placed({ bounds, width, height }, [x, y], scale) {
  const along = (middle, size, from, to) => {
    const wish = size / 2 - middle * scale;
    const spare = size - (to - from) * scale;
    if (spare >= 2 * EDGE) return spare / 2 - from * scale;
    return Math.min(EDGE - from * scale, Math.max(size - EDGE - to * scale, wish));
  };
  return [along(x, width, bounds[0], bounds[2]), along(y, height, bounds[1], bounds[3])];
}

/** Pan to a box that has left the central part of the pane, smoothly where motion is welcome. */
export function followBox(port, box) {
  const [x, y] = middleOf(box);
  const at = port.goal ?? port;
  const [left, top] = [x * port.scale + at.x, y * port.scale + at.y];
  const isCentral = (at, size) => at > CENTRAL * size && at < (1 - CENTRAL) * size;
  const [goalX, goalY] = placed(port, [x, y], port.scale);
  const goal = {
    x: isCentral(left, port.width) ? at.x : goalX,
    y: isCentral(top, port.height) ? at.y : goalY,
  };
  if (Math.abs(goal.x - at.x) < 1 && Math.abs(goal.y - at.y) < 1) return;
  glide(port, goal);
}

/** Pan as little as it takes to show a part of the world, or its top left where it is too large. */
export function uncover(port, [left, top, right, bottom]) {
  const along = (at, size, from, to) => {
    const low = EDGE - (from * port.scale + at);
    const high = size - EDGE - (to * port.scale + at);
    return at + (low > 0 ? low : Math.min(0, Math.max(low, high)));
  };
  const x = along(port.x, port.width, left, right);
  const goal = { x, y: along(port.y, port.height, top, bottom) };
  if (goal.x !== port.x || goal.y !== port.y) glide(port, goal);
}

function glide(port, goal) {
  const far = FAR * Math.max(port.width, port.height);
  const isFar = Math.hypot(goal.x - port.x, goal.y - port.y) > far; // nothing is seen on the way
  if (isFar || matchMedia("(prefers-reduced-motion: reduce)").matches) {
    stopGliding(port);
    moveWorld(port, goal.x, goal.y);
    return;
  }
  port.goal = goal;
  if (port.timer !== 0) return;
  let before = performance.now();
  const step = (now) => {
    const part = 1 - Math.exp(-Math.min(100, Math.max(0, now - before)) / GLIDE);
    before = now;
    const [dx, dy] = [port.goal.x - port.x, port.goal.y - port.y];
    const arrived = Math.abs(dx) + Math.abs(dy) < 1;
    port.timer = arrived ? 0 : requestAnimationFrame(step);
    moveWorld(port, port.x + dx * (arrived ? 1 : part), port.y + dy * (arrived ? 1 : part));
    if (arrived) port.goal = null;
  };
  port.timer = requestAnimationFrame(step);
}

/** Stay where it is. */
export function stopGliding(port) {
  cancelAnimationFrame(port.timer);
  port.timer = 0;
  port.goal = null;
}

// What pointers do: one drags, two pinch, the wheel zooms after a click or while ctrl is held.

function listen(port) {
  const { pane } = port;
  pane.addEventListener("pointerdown", (event) => pressed(port, event));
  pane.addEventListener("pointermove", (event) => dragged(port, event));
  pane.addEventListener("pointerup", (event) => released(port, event));
  pane.addEventListener("pointercancel", (event) => released(port, event));
  pane.addEventListener("pointerleave", () => {
    port.isEngaged = false;
    port.act.hover(null);
  });
  pane.addEventListener("wheel", (event) => wheeled(port, event), { passive: false });
  pane.addEventListener("click", (event) => {
    if (!port.moved) port.act.click(worldPoint(port, event), event);
  });
}

function paneAt({ pane }, event) {
  const { left, top } = pane.getBoundingClientRect();
  return [event.clientX - left, event.clientY - top];
}

function worldPoint(port, event) {
  const [x, y] = paneAt(port, event);
  return [(x - port.x) / port.scale, (y - port.y) / port.scale];
}

function pressed(port, event) {
  if (event.button !== 0) return;
  port.isEngaged = true;
  if (port.pointers.size === 0) port.moved = false;
  port.pointers.set(event.pointerId, { start: paneAt(port, event), at: paneAt(port, event) });
}

function dragged(port, event) {
  if (event.buttons === 0) released(port, event); // it went up where we did not hear of it
  const pointer = port.pointers.get(event.pointerId);
  if (!pointer) {
    port.act.hover(worldPoint(port, event));
    return;
  }
  const before = [...port.pointers.values()].map(({ at }) => at);
  pointer.at = paneAt(port, event);
  const distance = Math.hypot(pointer.at[0] - pointer.start[0], pointer.at[1] - pointer.start[1]);
  if (!port.moved && distance < DRAG) return;
  if (!port.moved) {
    port.moved = true;
    port.pane.setPointerCapture(event.pointerId);
    port.pane.classList.add("dragging");
    before[before.length - 1] = pointer.start;
  }
  stopGliding(port);
  pinch(port, before, [...port.pointers.values()].map(({ at }) => at));
}

/** Move as the middle of the pointers moved, and zoom as two of them went apart. */
function pinch(port, before, after) {
  const [x, y] = meanPoint(before);
  const [nowX, nowY] = meanPoint(after);
  moveWorld(port, port.x + nowX - x, port.y + nowY - y);
  if (after.length === 2) zoomPane(port, spread(after) / Math.max(1, spread(before)), nowX, nowY);
}

function meanPoint(points) {
  const sum = points.reduce(([x, y], [a, b]) => [x + a, y + b]);
  return sum.map((x) => x / points.length);
}

function spread([[x, y], [a, b]]) {
  return Math.hypot(a - x, b - y);
}

function released(port, event) {
  port.pointers.delete(event.pointerId);
  if (port.pointers.size === 0) port.pane.classList.remove("dragging");
}

function wheeled(port, event) {
  if (!port.isEngaged && !event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
  const pixels = Math.max(-120, Math.min(120, event.deltaY * lines));
  zoomPane(port, Math.exp(-pixels * (event.ctrlKey ? 0.006 : 0.0022)), ...paneAt(port, event));
}
