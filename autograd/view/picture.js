// The picture of a graph: boxes and arrows that follow each step, to pan, zoom, open and close.

import { firstLevel, groupsOpenAt, layersOfSeveral } from "./boxes.js";
import { ruler } from "./boxtext.js";
import { setAttributes, setText, svg } from "./elements.js";
import { lookAt } from "./looks.js";
import { numberText } from "./numbers.js";
import { createPainting, paint, paintMoved } from "./painting.js";
import { hitAt, rectangleOf, sceneOf } from "./scene.js";
import { centre, createViewport, fitPane, fittingScale, followBox } from "./viewport.js";
import { measurePane, resizePane, stopGliding, uncover, zoomPane } from "./viewport.js";

const READABLE = 0.6; // the scale at which a whole picture is shown at first; else a part
const FIRST = 0.8; // the scale of that part
const SLACK = 3; // pixels beside a box where a click still meets it
const REVEALED = 0.4; // the scale below which what is asked for is too small to be read

const NOTHING = {
  selected: -1,
  ancestors: null,
  descendants: null,
  stops: [],
  path: null,
  matches: null,
};

/** The pane with the picture; `act` has onSelect(node) and onRunTo(node).
 *
 * `update(state, marks)` after each step. A closed group is opened by a click, closed at its frame;
 * a click on a node selects it, a double click or one with shift runs to it. */
export function createPicture(whole, act) {
  const graph = Object.assign(Object.create(whole), { layer: layersOfSeveral(whole) });
  const view = { graph, act, open: null, level: "", follows: true, state: null, marks: NOTHING };
  Object.assign(view, { isPlaced: false, waiting: 0, followed: -1, measure: ruler() });
  const { names, root, n, edges } = graph;
  const words = `Graph of ${names[root]}: ${n} nodes, ${edges} edges`;
  view.element = svg("svg", { class: "picture", role: "img", "aria-label": words });
  view.world = svg("g", { class: "world" });
  view.hint = svg("text", { class: "hint" });
  view.element.append(view.world, view.hint);
  view.port = createViewport(view.element, {
    changed: () => movedSoon(view),
    click: (point, event) => clicked(view, point, event),
    hover: (point) => hovered(view, point),
  });
  setLevelOf(view, firstLevel(graph));
  new ResizeObserver(() => resized(view)).observe(view.element);
  return controls(view);
}

function controls(view) {
  return {
    element: view.element,
    update: (state, marks) => showStep(view, state, marks),
    setLevel: (level) => setLevelOf(view, level),
    level: () => view.level,
    reveal: (node) => revealNode(view, node),
    fit: () => fitPane(view.port),
    zoomBy: (factor) => zoomPane(view.port, factor),
    setFollow: (is) => setFollow(view, is),
    boxOf: (node) => boxOnScreen(view, node),
  };
}

// Which groups are open.

function setLevelOf(view, level) {
  view.level = level;
  view.open = groupsOpenAt(view.graph, level);
  rebuild(view);
  view.isPlaced = false;
  if (view.state) showStep(view, view.state, view.marks);
}

function openGroup(view, group) {
  regroup(view, group, new Set(view.open).add(group));
  const frame = view.scene.enclosures.find((each) => each.group === group);
  if (frame && view.port.width > 0) uncover(view.port, frame.bounds);
}

function closeGroup(view, group) {
  const open = new Set(view.open);
  open.delete(group);
  regroup(view, group, open);
}

/** Lay out anew, but leave the group's last node where it stands on the screen. */
function regroup(view, group, open) {
  const { graph, port } = view;
  const column = graph.groups[group].level === "layer" ? graph.layer : graph.neuron;
  const node = column.lastIndexOf(group);
  if (node < 0) return; // a layer of a single neuron
  const before = rectangleOf(view.scene, view.scene.boxOf[node]);
  view.open = open;
  rebuild(view);
  const after = rectangleOf(view.scene, view.scene.boxOf[node]);
  stopGliding(port);
  port.x += (before.x + before.w - after.x - after.w) * port.scale;
  port.y += (before.y + before.h / 2 - after.y - after.h / 2) * port.scale;
  if (view.state) showStep(view, view.state, view.marks);
}

function rebuild(view) {
  view.scene = sceneOf(view.graph, view.open, view.measure);
  view.painting = createPainting(view.graph, view.scene, view.world);
  view.port.bounds = view.scene.bounds;
  setText(view.hint, "");
}

// Each step.

function showStep(view, state, marks) {
  Object.assign(view, { state, marks });
  lookAt(view.graph, view.scene, view.scene.looks, state, marks);
  if (view.port.width === 0 && !measurePane(view.port)) return; // not on the page yet
  if (!view.isPlaced) placeFirst(view);
  else followStep(view);
  setTransform(view);
  paint(view.painting, view.port);
}

/** All of it where that can be read, else a part with the current node. */
function placeFirst(view) {
  const { port, scene } = view;
  view.isPlaced = true;
  view.followed = view.state.frame.index;
  if (fittingScale(port) >= READABLE) fitPane(port);
  else centre(port, rectangleOf(scene, Math.max(0, scene.looks.current)), FIRST);
}

/** Only a new step moves the picture: who looks elsewhere may click there. */
function followStep(view) {
  const { index } = view.state.frame;
  if (index === view.followed) return;
  view.followed = index;
  const { current } = view.scene.looks;
  if (view.follows && current >= 0) followBox(view.port, rectangleOf(view.scene, current));
}

function setFollow(view, is) {
  view.follows = is;
  view.followed = -1;
  if (is && view.state) showStep(view, view.state, view.marks);
}

function setTransform({ world, port }) {
  const round = (x) => Math.round(x * 1000) / 1000;
  const { x, y, scale } = port;
  setAttributes(world, { transform: `translate(${round(x)} ${round(y)}) scale(${scale})` });
}

/** Once before the next frame of the screen, however often a pointer moves. */
function movedSoon(view) {
  if (view.waiting !== 0) return;
  view.waiting = requestAnimationFrame(() => {
    view.waiting = 0;
    if (!view.state || view.port.width === 0) return;
    setTransform(view);
    paintMoved(view.painting, view.port);
  });
}

function resized(view) {
  const hadSize = view.port.width > 0;
  resizePane(view.port);
  if (!hadSize && view.state) showStep(view, view.state, view.marks);
}

/** Bring a node's box into the middle, large enough to be read. */
function revealNode(view, node) {
  const { port, scene } = view;
  const box = rectangleOf(scene, scene.boxOf[node]);
  if (port.width === 0) return;
  if (port.scale < REVEALED) centre(port, box, FIRST);
  else followBox(port, box);
}

/** Where a node's box is on the screen, and the group that it is in, if that is closed. */
function boxOnScreen({ scene, port, element, graph }, node) {
  const { x, y, w, h } = rectangleOf(scene, scene.boxOf[node]);
  const pane = element.getBoundingClientRect();
  const { group } = scene.boxes[scene.boxOf[node]];
  return {
    x: pane.left + port.x + x * port.scale,
    y: pane.top + port.y + y * port.scale,
    width: w * port.scale,
    height: h * port.scale,
    group: group < 0 ? "" : graph.groups[group].name,
  };
}

// The pointer.

function clicked(view, point, event) {
  const isFirst = event.detail < 2; // of a double click
  if (isFirst) view.clickOpened = false;
  else if (view.clickOpened) return; // what lies there now was not meant
  const hit = hitIn(view, point);
  if (hit === null) return;
  if (hit.box === undefined) {
    view.clickOpened = true;
    closeGroup(view, hit.closes);
    return;
  }
  const box = view.scene.boxes[hit.box];
  const node = box.outputs.at(-1);
  if (event.shiftKey || !isFirst) view.act.onRunTo(node);
  else if (box.group < 0) view.act.onSelect(node);
  else openByClick(view, box.group, node);
}

function hitIn({ scene, port, painting }, point) {
  return hitAt(scene, point, SLACK / port.scale, !painting.isOverview);
}

function openByClick(view, group, node) {
  view.clickOpened = true;
  openGroup(view, group);
  if (view.marks.selected !== node) view.act.onSelect(node);
}

/** A hand over what can be clicked; in an overview, the name of what is there. */
function hovered(view, point) {
  const { isOverview } = view.painting;
  const hit = point && hitIn(view, point);
  view.element.classList.toggle("pointing", Boolean(hit));
  const box = isOverview ? hit?.box : undefined;
  setText(view.hint, box === undefined ? "" : hintOf(view.scene, box));
  if (box === undefined) return;
  const { x, y, w } = rectangleOf(view.scene, box);
  const { port } = view;
  const left = Math.max(80, Math.min(port.width - 80, (x + w / 2) * port.scale + port.x));
  setAttributes(view.hint, { x: left, y: Math.max(16, y * port.scale + port.y - 8) });
}

function hintOf({ titles, looks }, i) {
  const { name } = titles[i];
  if (!looks.known[i] || Number.isNaN(looks.value[i])) return name;
  const grad = looks.sign[i] ? `, grad ${numberText(looks.grad[i])}` : "";
  return `${name} = ${numberText(looks.value[i])}${grad}`;
}
