// The stepper: a picture of a graph, a player of its two passes, and all that can be asked of it.

import { becomeView, make } from "./elements.js";
import { frameAt, textOf } from "./frames.js";
import { decode } from "./graph.js";
import { listenToKeys } from "./keys.js";
import { createMistakes } from "./mistakes.js";
import { createPanel } from "./panel.js";
import { createPicture } from "./picture.js";
import { createSaver } from "./saving.js";
import { changeStops, clear, keepPath, knownNode, light, lightPath } from "./session.js";
import { moveLeaves, nextMatch, placeAt, refresh, renew, runTo, runToStop } from "./session.js";
import { search, select, setSwitch, stepped, stoppedAt, takes } from "./session.js";
import { toggleStop, visit } from "./session.js";
import { createLeaves, liveGraph } from "./sliders.js";
import { hideStill } from "./still.js";
import { createStepText } from "./steptext.js";
import { createStops, nextStop, noStops } from "./stops.js";
import { createTools } from "./tools.js";
import { createTransport } from "./transport.js";

const OF_A_GRAPH = ["step", "selected", "leaves"]; // which mean nothing in another one

/** Show the model's document in the element; gives a function that takes it away again.
 *
 * The model has get(name), set(name, value) and on(name, callback), of "document", "step",
 * "selected", "leaves", "forget_zero_grad" and "overwrite". */
export function mount(element, model) {
  let session = begin(element, model);
  for (const [name, take] of Object.entries(takes)) {
    model.on(name, () => {
      session.saver.forget(name); // the model's word is the later one
      take(session, model.get(name));
    });
  }
  model.on("document", () => {
    for (const name of OF_A_GRAPH) session.saver.forget(name);
    end(session);
    session = begin(element, model, false);
  });
  return () => end(session);
}

/** `resumes` where the leaves that the model has are those of its document. */
function begin(element, model, resumes = true) {
  const graph = decode(model.get("document"));
  const session = {
    element,
    model,
    graph,
    saver: createSaver(model),
    rules: noStops(),
    selected: knownNode(graph, model.get("selected")),
    switches: {
      forget_zero_grad: Boolean(model.get("forget_zero_grad")),
      overwrite: Boolean(model.get("overwrite")),
    },
    lit: "",
    path: -1,
    kept: -1,
    matches: null,
    reason: "",
  };
  session.leave = becomeView(element, graph.title);
  buildParts(session);
  session.deafen = listenToKeys(element, keysOf(session), session.transport.handleKey);
  start(session, model, resumes);
  requestAnimationFrame(() => setTimeout(() => showReady(session)));
  return session;
}

/** With what the model knows already. */
function start(session, model, resumes) {
  renew(session);
  session.transport.setCount(session.frames.count);
  placeAt(session, model.get("step") ?? 0);
  const leaves = model.get("leaves");
  if (resumes && leaves) takes.leaves(session, leaves);
  refresh(session);
}

function showReady({ element, hasEnded }) {
  if (!hasEnded) element.dataset.ready = "1";
}

function end(session) {
  session.transport.pause();
  session.saver.flush();
  session.deafen();
  session.leaves.drop();
  session.text.drop();
  session.leave();
  session.hasEnded = true;
}

// The parts, each with what it may ask of the session.

function buildParts(session) {
  const { graph, element } = session;
  const pick = (node) => visit(session, node);
  session.picture = createPicture(graph, {
    onSelect: (node) => select(session, node),
    onRunTo: (node) => runTo(session, node),
  });
  session.tools = createTools(graph, toolActions(session));
  session.text = createStepText(graph, pick);
  session.transport = createTransport(playing(session));
  session.stops = createStops(graph, session.rules, {
    change: () => changeStops(session),
    run: () => runToStop(session),
  });
  session.panel = createPanel(graph, {
    select: pick,
    runTo: (node) => runTo(session, node),
    toggleStop: (node) => toggleStop(session, node),
    light: (kind) => light(session, kind),
    lightPath: (path) => lightPath(session, path),
    keepPath: (path) => keepPath(session, path),
  });
  session.mistakes = createMistakes(graph, {
    set: (name, is) => setSwitch(session, name, is),
    select: pick,
  });
  session.leaves = createLeaves(graph, {
    move: (values) => moveLeaves(session, values),
    select: pick,
  });
  session.compute = session.leaves.why ? null : liveGraph(graph);
  element.replaceChildren(laidOut(session));
}

function laidOut({ tools, picture, text, transport, stops, panel, leaves, mistakes }) {
  const pane = make("div", { class: "graph-pane" }, picture.element);
  const player = make("div", { class: "player" }, transport.element, stops.element);
  const main = make("div", { class: "main" }, pane, player, text.element);
  const below = make("div", { class: "below" }, leaves.element, mistakes.element);
  return make("div", { class: "frame" }, tools.element, main, panel.element, below);
}

function toolActions(session) {
  const { picture } = session;
  return {
    search: (words) => search(session, words),
    nextMatch: (words) => nextMatch(session, words),
    setLevel: (level) => {
      picture.setLevel(level);
      refresh(session);
    },
    zoomBy: (factor) => picture.zoomBy(factor),
    fit: () => picture.fit(),
    setFollow: (is) => picture.setFollow(is),
  };
}

function playing(session) {
  const { n } = session.graph;
  const operations = session.graph.parents.filter((parents) => parents.length > 0).length;
  return {
    count: n + 1 + operations,
    zones: [
      { name: "forward", length: n },
      { name: "seed", length: 1 },
      { name: "backward", length: operations },
    ],
    label: (t) => (session.frames ? textOf(session.frames, t).join("; ") : ""),
    nextStop: (from, to) => nextStop(session.reasons, from, to),
    onStep: (t) => stepped(session, t),
    onStop: (t) => stoppedAt(session, t),
    onPlaying: () => refresh(session),
  };
}

function keysOf(session) {
  const { picture, tools, transport } = session;
  const present = () => frameAt(session.frames, transport.step()).node;
  return {
    "+": () => picture.zoomBy(1.25),
    "=": () => picture.zoomBy(1.25),
    "-": () => picture.zoomBy(1 / 1.25),
    0: () => picture.fit(),
    f: () => tools.toggleFollow(),
    "/": () => tools.focusSearch(),
    b: () => toggleStop(session, session.selected < 0 ? present() : session.selected),
    r: () => runToStop(session),
    "?": () => tools.toggleHelp(),
    Escape: () => clear(session),
  };
}

// anywidget.

/** The widget's model as mount takes it; `leave` stops listening. */
function adapted(model) {
  const heard = [];
  return {
    get: (name) => model.get(name),
    set(name, value) {
      model.set(name, value);
      model.save_changes();
    },
    on(name, callback) {
      heard.push([`change:${name}`, callback]);
      model.on(`change:${name}`, callback);
    },
    leave() {
      for (const [event, callback] of heard) model.off(event, callback);
    },
  };
}

function render({ model, el }) {
  const adapter = adapted(model);
  const unmount = mount(el, adapter);
  hideStill(el, model.get("still"));
  return () => {
    adapter.leave();
    unmount();
  };
}

export default { render };
