// The player of a sequence of steps: buttons, speed, scrubber and keys.

import { fill, icon, iconButton, make, setAttributes, setText } from "./elements.js";
import { allowPress } from "./keys.js";

const SPEEDS = [0.5, 1, 2, 5, 10, 30, 100, 1000];
const SHORTEST_TICK = 16; // milliseconds; at higher speeds several steps are one paint
const LONGEST_TICK = 250; // what a slow paint may catch up with at once
const MOST_MARKS = 200; // on the scrubber: more of them are a blur

/** A player of `count` steps.
 *
 * `onStep(i)` is told of every step that the user or playing goes to, not of `setStep`; `label(i)`
 * is step i in words. `zones` are `{ name, length }` in order, to tint the scrubber. Playing stops
 * at `nextStop(from, to)`, the first stop after `from` up to `to` or -1, and tells `onStop(i)`;
 * `onPlaying(is)` is told when it starts and ends. */
export function createTransport(options) {
  const player = {
    count: 1,
    zones: [],
    speed: 2,
    unit: "steps",
    label: (i) => `${i + 1}`,
    nextStop: () => -1,
    onStep() {},
    onStop() {},
    onPlaying() {},
    ...options,
    at: 0,
    timer: 0,
    before: 0,
    owed: 0,
  };
  build(player);
  setCount(player, player.count);
  return {
    element: player.element,
    setStep: (i) => show(player, i),
    step: () => player.at,
    playing: () => player.timer !== 0,
    play: () => play(player),
    pause: () => pause(player),
    toggle: () => togglePlaying(player),
    go: (i) => go(player, i),
    setCount: (count) => setCount(player, count),
    setZones: (zones) => setZones(player, zones),
    setMarks: (steps) => setMarks(player, steps),
    refresh: () => show(player, player.at),
    handleKey: (event) => handleKey(player, event),
  };
}

// What it is made of.

function build(player) {
  const { unit } = player;
  const one = unit.replace(/s$/, "");
  player.buttons = {
    first: iconButton("first", `First ${one}`, () => goByHand(player, 0), "Home"),
    previous: iconButton("previous", `Previous ${one}`, () => goByHand(player, player.at - 1), "←"),
    play: iconButton("play", "Play", () => togglePlaying(player), "space"),
    next: iconButton("next", `Next ${one}`, () => goByHand(player, player.at + 1), "→"),
    last: iconButton("last", `Last ${one}`, () => goByHand(player, player.count - 1), "End"),
  };
  player.buttons.play.classList.add("primary");
  player.scrubber = make("input", { type: "range", min: 0, step: 1, "aria-label": "Position" });
  player.scrubber.addEventListener("input", () => goByHand(player, Number(player.scrubber.value)));
  player.zonesElement = make("div", { class: "zones", "aria-hidden": "true" });
  player.marks = make("div", { class: "marks", "aria-hidden": "true" });
  player.place = make("span", { class: "place" });
  player.element = make(
    "div",
    { class: "transport", role: "group", "aria-label": "Player" },
    make("div", { class: "transport-buttons" }, Object.values(player.buttons)),
    make("div", { class: "scrubber" }, player.zonesElement, player.marks, player.scrubber),
    player.place,
    speedChoice(player),
  );
}

function speedChoice(player) {
  const options = SPEEDS.map((speed) => make("option", { value: speed }, `${speed} / s`));
  const label = `Speed, in ${player.unit} per second`;
  const choice = make("select", { class: "speed", "aria-label": label, title: label }, options);
  choice.value = String(player.speed);
  choice.addEventListener("change", () => {
    player.speed = Number(choice.value);
    player.owed = 0;
    if (player.timer !== 0) plan(player);
  });
  return choice;
}

// Where it stands.

function setCount(player, count) {
  player.count = count;
  setAttributes(player.scrubber, { max: Math.max(0, count - 1) });
  setZones(player, player.zones);
  show(player, player.at);
}

function setZones(player, zones) {
  player.zones = zones;
  const last = zones.length - 1;
  const tints = zones.map(({ name, length }, i) => {
    const tint = make("span", { class: `zone ${name}` });
    // a step is a point of the scrubber: the first and the last stand on its ends
    const halves = Number(i === 0) + Number(i === last);
    tint.style.flexGrow = String(Math.max(0, length - halves / 2));
    return tint;
  });
  fill(player.zonesElement, tints);
}

function setMarks(player, steps) {
  const shown = steps.length <= MOST_MARKS ? steps : [];
  const marks = shown.map((step) => {
    const mark = make("span", { class: "mark" });
    mark.style.left = `${(100 * step) / Math.max(1, player.count - 1)}%`;
    return mark;
  });
  fill(player.marks, marks);
}

function clamped(player, i) {
  return Math.min(Math.max(Math.round(i), 0), Math.max(0, player.count - 1));
}

function show(player, i) {
  player.at = clamped(player, i);
  const { at, count, buttons, scrubber } = player;
  if (scrubber.value !== String(at)) scrubber.value = String(at);
  const last = Math.max(0, count - 1); // steps are counted from 0, as Python counts them
  setAttributes(scrubber, { "aria-valuetext": `${at} of ${last}: ${player.label(at)}` });
  setText(player.place, `${at.toLocaleString("en")} / ${last.toLocaleString("en")}`);
  for (const name of ["first", "previous"]) allowPress(buttons[name], at > 0);
  for (const name of ["last", "next"]) allowPress(buttons[name], at < last);
}

function go(player, i) {
  const before = player.at;
  show(player, i);
  if (player.at !== before) player.onStep(player.at);
}

function goByHand(player, i) {
  pause(player);
  go(player, i);
}

// Playing.

function play(player) {
  if (player.timer !== 0) return;
  if (player.at >= player.count - 1) go(player, 0);
  player.owed = 0;
  plan(player);
  showPlaying(player, true);
}

function pause(player) {
  if (player.timer === 0) return;
  clearTimeout(player.timer);
  player.timer = 0;
  showPlaying(player, false);
}

function togglePlaying(player) {
  if (player.timer === 0) play(player);
  else pause(player);
}

function showPlaying(player, is) {
  const label = is ? "Pause" : "Play";
  const title = `${label} (space)`;
  setAttributes(player.buttons.play, { "aria-label": label, title });
  fill(player.buttons.play, icon(is ? "pause" : "play"));
  player.onPlaying(is);
}

function plan(player) {
  clearTimeout(player.timer);
  player.before = performance.now();
  player.timer = setTimeout(() => tick(player), Math.max(SHORTEST_TICK, 1000 / player.speed));
}

/** As many steps as time has passed for, but not past a stop. */
function tick(player) {
  const slowest = Math.max(LONGEST_TICK, 1000 / player.speed);
  const passed = Math.min(performance.now() - player.before, slowest);
  player.owed += (passed * player.speed) / 1000;
  const steps = Math.max(1, Math.floor(player.owed));
  player.owed = Math.max(0, player.owed - steps);
  plan(player);
  const to = clamped(player, player.at + steps);
  const stop = player.nextStop(player.at, to);
  go(player, stop < 0 ? to : stop);
  if (stop >= 0 || player.at >= player.count - 1) pause(player);
  if (stop >= 0) player.onStop(stop);
}

// The keys.

const KEYS = {
  ArrowLeft: (player) => goByHand(player, player.at - 1),
  ArrowRight: (player) => goByHand(player, player.at + 1),
  j: (player) => goByHand(player, player.at - 1),
  k: (player) => goByHand(player, player.at + 1),
  Home: (player) => goByHand(player, 0),
  End: (player) => goByHand(player, player.count - 1),
  " ": togglePlaying,
};

/** Do what the key says; gives whether it says anything here. */
function handleKey(player, event) {
  const press = KEYS[event.key];
  if (!press || event.ctrlKey || event.metaKey || event.altKey) return false;
  press(player);
  event.preventDefault();
  return true;
}
