// The buttons that train, in a notebook whose kernel runs.

import { fill, icon, make, setText, textButton } from "./elements.js";

const PACES = [2, 10, 30, 100]; // records a second
const ENDED = ["done", "failed"];

/** Train or pause, one epoch, one step; `wish(content)` asks the kernel. */
export function createButtons(document, wish) {
  const buttons = { document, state: "ready" };
  buttons.pace = paceChoice(document.every);
  buttons.train = textButton("", () => {
    const pace = Number(buttons.pace.value) || null;
    wish(buttons.isGoing ? { want: "pause" } : { want: "run", pace });
  });
  buttons.epoch = textButton("One epoch", () => wish({ want: "epoch" }));
  buttons.step = textButton("One step", () => wish({ want: "step" }));
  if (document.every === "epoch" && document.batches > 1) {
    buttons.step.title = `An epoch is ${document.batches} steps here; watch with every="step"`;
  }
  buttons.words = make("span", { class: "quiet state" });
  buttons.element = make(
    "div",
    { class: "training-buttons", role: "group", "aria-label": "Training" },
    ...[buttons.train, buttons.epoch, buttons.step, buttons.pace, buttons.words],
  );
  showState(buttons, { state: "ready" });
  return { element: buttons.element, update: (training) => showState(buttons, training) };
}

function paceChoice(every) {
  const label = `Pace, in ${every}s a second`;
  const choice = make("select", { "aria-label": label, title: label }, [
    ...PACES.map((pace) => make("option", { value: pace }, `${pace} ${every}s a second`)),
    make("option", { value: 0 }, "as fast as it can"),
  ]);
  choice.value = "30";
  return choice;
}

const STATES = {
  ready: "ready",
  running: "training",
  busy: "training in a cell",
  paused: "paused",
  done: "trained",
  failed: "stopped",
};

function showState(buttons, { state }) {
  const { document, train, epoch, step, words } = buttons;
  const hasEnded = ENDED.includes(state);
  buttons.isGoing = state === "running" || state === "busy";
  setText(words, STATES[state]);
  words.dataset.state = state;
  if (train.dataset.going !== String(buttons.isGoing)) {
    train.dataset.going = String(buttons.isGoing);
    fill(train, icon(buttons.isGoing ? "pause" : "play"), buttons.isGoing ? "Pause" : "Train");
  }
  train.classList.add("primary");
  train.disabled = hasEnded;
  epoch.disabled = hasEnded || buttons.isGoing;
  step.disabled = epoch.disabled || (document.every === "epoch" && document.batches > 1);
}
