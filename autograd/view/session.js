// One graph on view: where it stands, what can be done with it, and how all parts are told.

import { framesOf, frameAt, stateAt } from "./frames.js";
import { ancestorsOf, descendantsOf, edgesAlong, nodesNamed } from "./graph.js";
import { givenNumbers, plainNumbers } from "./saving.js";
import { findStops, nextStop } from "./stops.js";

const LIGHTS = { ancestors: ancestorsOf, descendants: descendantsOf };

// What is computed: the frames after a change of numbers, the state after a step.

/** Both passes once more, since a leaf, a switch or a breakpoint has changed. */
export function renew(session) {
  const { graph, switches } = session;
  const { forget_zero_grad: forgetZeroGrad, overwrite } = switches;
  const right = framesOf(graph);
  const isRight = !forgetZeroGrad && !overwrite;
  session.frames = isRight ? right : framesOf(graph, { forgetZeroGrad, overwrite });
  session.right = finalGrads(right);
  session.grads = isRight ? session.right : finalGrads(session.frames);
  renewStops(session);
}

function finalGrads(frames) {
  return stateAt(frames, frames.count - 1).grads;
}

function renewStops(session) {
  session.reasons = findStops(session.frames, session.rules);
  session.transport.setMarks([...session.reasons.keys()]);
}

/** Tell every part of the present state. */
export function refresh(session) {
  const { frames, transport, selected, switches, grads, right, rules, lit, kept } = session;
  const t = transport.step();
  const state = stateAt(frames, t);
  const node = selected < 0 ? state.frame.node : selected;
  session.picture.update(state, marksOf(session));
  session.text.update({ frames, t, reason: session.reason, playing: transport.playing() });
  session.panel.update({ node, selected, frames, state, stops: rules.nodes, lit, kept });
  session.stops.update(session.reasons);
  session.mistakes.update({ switches, grads, right });
  session.leaves.update({ selected, frames, grads });
  session.tools.showLevel(session.picture.level());
}

function marksOf({ graph, selected, lit, rules, path, matches }) {
  const around = lit && selected >= 0 ? LIGHTS[lit](graph, selected) : null;
  return {
    selected,
    ancestors: lit === "ancestors" ? around : null,
    descendants: lit === "descendants" ? around : null,
    stops: rules.nodes,
    path: path >= 0 ? edgesAlong(graph, graph.paths.paths[path]) : null,
    matches,
  };
}

// What the user does.

/** The player has gone to a step. */
export function stepped(session, t) {
  session.reason = "";
  session.saver.save("step", t);
  refresh(session);
}

export function select(session, node) {
  const chosen = node === session.selected ? -1 : node;
  if (chosen < 0) session.lit = "";
  session.selected = chosen;
  session.saver.save("selected", chosen);
  refresh(session);
}

/** Select a node and bring it into view. */
export function visit(session, node) {
  if (node !== session.selected) select(session, node);
  session.picture.reveal(node);
}

/** The next frame at which the node does something: it gets its value, then gives to its parents.
 *  A leaf gives nothing: its last one is where its gradient is complete. */
export function runTo(session, node) {
  const { graph, frames, transport } = session;
  const giver = graph.parents[node].length > 0 ? node : graph.consumers[node][0];
  const back = giver === undefined ? graph.n : graph.n + 1 + frames.giving.indexOf(giver);
  const t = transport.step();
  transport.pause();
  transport.go(t < node || t >= back ? node : back);
}

export function runToStop(session) {
  const { transport, frames, reasons } = session;
  const stop = nextStop(reasons, transport.step(), frames.count - 1);
  transport.pause();
  if (stop >= 0) {
    transport.go(stop);
    stoppedAt(session, stop);
  } else {
    session.reason = reasons.size > 0 ? "No further stop in this run" : "No stop in this run";
    refresh(session);
  }
}

/** Say why it stopped. */
export function stoppedAt(session, t) {
  session.reason = `Stopped: ${session.reasons.get(t)}`;
  refresh(session);
}

export function toggleStop(session, node) {
  const { nodes } = session.rules;
  if (!nodes.delete(node)) nodes.add(node);
  changeStops(session);
}

export function changeStops(session) {
  session.reason = "";
  renewStops(session);
  refresh(session);
}

/** Light the ancestors or descendants of the node in the panel, or no longer. */
export function light(session, kind) {
  if (session.selected < 0) {
    session.selected = frameAt(session.frames, session.transport.step()).node;
    session.saver.save("selected", session.selected);
  }
  session.lit = session.lit === kind ? "" : kind;
  refresh(session);
}

/** Light an explained path while it is pointed at; without one, the one that is kept lit. */
export function lightPath(session, path) {
  session.path = path < 0 ? session.kept : path;
  refresh(session);
}

export function keepPath(session, path) {
  session.kept = session.kept === path ? -1 : path;
  lightPath(session, session.kept);
}

export function search(session, words) {
  session.matches = words.trim() === "" ? null : nodesNamed(session.graph, words);
  session.tools.showMatches(session.matches ? session.matches.size : -1);
  refresh(session);
}

/** The next one that was found, but before all others one of the very name. */
export function nextMatch(session, words) {
  const { graph, selected } = session;
  const found = [...(session.matches ?? [])];
  if (found.length === 0) return;
  const isNamed = (node) => graph.names[node] === words.trim();
  const exact = found.includes(selected) ? undefined : found.find(isNamed);
  visit(session, exact ?? found.find((node) => node > selected) ?? found[0]);
}

/** The last thing that was asked for is asked for no more: search, highlight, selection. */
export function clear(session) {
  if (session.tools.closeHelp()) return;
  session.element.focus({ preventScroll: true });
  if (session.tools.clearSearch()) return;
  if (session.lit || session.kept >= 0) putOut(session);
  else if (session.selected >= 0) select(session, -1);
  refresh(session);
}

function putOut(session) {
  session.lit = "";
  session.path = session.kept = -1;
}

export function moveLeaves(session, values) {
  session.saver.save("leaves", plainNumbers(values));
  computeLeaves(session, values);
}

function computeLeaves(session, values) {
  session.reason = "";
  session.leaves.setValues(values);
  session.compute(values);
  renew(session);
  session.transport.refresh();
  refresh(session);
}

export function setSwitch(session, name, is) {
  session.switches[name] = is;
  session.saver.save(name, is);
  changeSwitches(session);
}

function changeSwitches(session) {
  session.reason = "";
  renew(session);
  session.transport.refresh();
  refresh(session);
}

// What the model says: the same, but nothing to do where we know it already, and nothing to save
// but where it cannot be: then the model is told what is shown.

export const takes = {
  step(session, t) {
    if (t === session.transport.step()) return;
    session.transport.pause();
    placeAt(session, t);
    session.reason = "";
    refresh(session);
  },
  selected(session, node) {
    const chosen = knownNode(session.graph, node);
    if (chosen === session.selected) return;
    session.selected = chosen;
    if (chosen >= 0) session.picture.reveal(chosen);
    refresh(session);
  },
  leaves(session, list) {
    const known = session.leaves.values();
    const values = givenNumbers(list, known.length);
    if (values?.every((x, i) => Object.is(x, known[i]))) return;
    if (values && session.compute) computeLeaves(session, values);
    else session.saver.save("leaves", plainNumbers(known));
  },
  forget_zero_grad: (session, is) => takeSwitch(session, "forget_zero_grad", is),
  overwrite: (session, is) => takeSwitch(session, "overwrite", is),
};

/** At the model's step, or at the nearest that there is. */
export function placeAt({ transport, saver }, t) {
  transport.setStep(Number.isFinite(t) ? t : transport.step());
  if (transport.step() !== t) saver.save("step", transport.step());
}

/** The node itself if the graph has it, else -1: what a kernel sets may be anything. */
export function knownNode(graph, node) {
  return Number.isInteger(node) && node < graph.n ? Math.max(node, -1) : -1;
}

function takeSwitch(session, name, is) {
  if (Boolean(is) === session.switches[name]) return;
  session.switches[name] = Boolean(is);
  changeSwitches(session);
}
