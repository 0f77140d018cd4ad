// The view of a training, live in a notebook or on a page: pictures, player, buttons.

import { becomeView, make, setText } from "./elements.js";
import { listenToKeys } from "./keys.js";
import { numberText } from "./numbers.js";
import { createTransport } from "./transport.js";
import { readColors, watchColors } from "./training_colors.js";
import { createChart } from "./training_curves.js";
import { createGradients } from "./training_gradients.js";
import { createButtons } from "./training_buttons.js";
import { createPlane } from "./training_plane.js";
import { createModel, doublesOf, doublesOfText } from "./training_record.js";
import { emptyTraining, rowOf, takeTold } from "./training_record.js";
import { createUnits } from "./training_units.js";

const FINEST = 48; // points of the maps along a side
const COARSEST = 20;
const BUDGET = 800_000; // products of a parameter and a number for one picture

/** Show a training. `model.get` has its "document", and of a page its "recording"; in a notebook
 *  `wish(content)` asks the kernel for something, and its answers go to the `take` given back. */
export function mountTraining(element, model, wish = null) {
  const document = model.get("document");
  const view = {
    element,
    document,
    wish,
    training: emptyTraining(document),
    model: createModel(document, resolutionFor(document)),
    unit: -1,
    colors: null,
    isTold: false, // of records that are not on the curves yet
    painted: 0,
  };
  buildView(view);
  const leave = becomeView(element, document.title, "training");
  element.replaceChildren(view.layout);
  const deafen = listenToKeys(element, {}, view.transport.handleKey);
  const unwatch = watchColors(element, () => {
    view.colors = null;
    paintSoon(view);
  });
  const recording = model.get("recording");
  if (recording) take(view, { ...recording, first: true }, doublesOfText(recording.parameters));
  return {
    take: (told, buffer) => take(view, told, doublesOf(buffer)),
    end: () => {
      view.transport.pause();
      cancelAnimationFrame(view.painted);
      deafen();
      unwatch();
      leave();
    },
  };
}

/** So fine that a network as large as this is computed in some 20 ms. */
function resolutionFor({ program }) {
  const side = Math.sqrt(BUDGET / (program?.inputs ?? 1));
  return Math.round(Math.min(Math.max(side, COARSEST), FINEST));
}

// What it is made of.

function buildView(view) {
  const { document, model, wish } = view;
  const seek = (number) => goToRecord(view, number);
  view.loss = createChart(`Loss over the ${document.every}s`, seek);
  view.gradients = createGradients(document, seek);
  view.plane = model.why ? null : createPlane(document, model);
  view.units = model.why ? null : createUnits(document, model, (unit) => selectUnit(view, unit));
  view.buttons = wish ? createButtons(document, wish) : null;
  view.transport = createTransport({
    unit: "epochs",
    speed: 10,
    label: (i) => placeOf(view, i),
    onStep: () => paintSoon(view),
    onPlaying: (is) => is || announce(view),
  });
  view.place = make("p", { class: "epoch" });
  view.numbers = make("div", { class: "numbers" });
  view.notes = make("p", { class: "quiet note" });
  view.failure = make("p", { class: "failure", role: "alert", hidden: true });
  view.live = make("p", { class: "unseen", "aria-live": "polite" });
  view.layout = make("div", { class: "layout" }, ...partsOf(view));
}

function partsOf(view) {
  const { document, model, plane, units, loss, gradients, buttons } = view;
  const why = model.why ? `There are no maps: ${model.why}.` : "";
  return [
    make("header", {}, make("h2", {}, document.title), buttons?.element),
    view.failure,
    make("div", { class: "now-line" }, view.place, view.numbers),
    view.transport.element,
    make("p", { class: "why", hidden: !why }, why),
    make(
      "div",
      { class: "pictures" },
      plane?.element,
      make("div", { class: "charts" }, loss.element, gradients.element),
    ),
    units?.element,
    view.notes,
    view.live,
  ];
}

// Where it stands.

function take(view, told, parameters) {
  const { training, transport } = view;
  const number = frameAt(view)?.number;
  const wasLast = transport.step() >= training.frames.length - 1; // also of none
  takeTold(training, told, parameters);
  transport.setCount(training.frames.length);
  transport.setStep(wasLast ? training.frames.length - 1 : nearestFrame(training, number));
  view.buttons?.update(training);
  view.isTold = true;
  paintSoon(view);
}

function frameAt({ training, transport }, i = transport.step()) {
  return training.frames[i];
}

function nearestFrame({ frames }, number) {
  const distance = ({ number: other }) => Math.abs(other - number);
  const nearer = (best, frame, i) => (distance(frame) < distance(frames[best]) ? i : best);
  return frames.reduce(nearer, 0);
}

function goToRecord(view, number) {
  view.transport.pause();
  view.transport.go(nearestFrame(view.training, number));
  announce(view);
}

function selectUnit(view, unit) {
  view.unit = view.unit === unit ? -1 : unit;
  paintSoon(view);
}

function placeOf({ training, document }, i) {
  if (training.frames.length === 0) return "nothing yet";
  const row = rowOf(training, training.frames[i]);
  if (row.number === 0) return "before training";
  const [at, of, step] = [row.epoch, document.epochs, row.step].map((x) => x.toLocaleString("en"));
  return `epoch ${at} of ${of}${document.every === "step" ? `, step ${step}` : ""}`;
}

function announce(view) {
  const row = rowOf(view.training, frameAt(view));
  const loss = row.loss === null ? "" : `, loss ${numberText(row.loss)}`;
  setText(view.live, placeOf(view, view.transport.step()) + loss);
}

// What is shown of it.

/** What concerns all records: the curves, and what there is to say of the training. */
function showRecords(view) {
  const { training, loss, gradients } = view;
  view.isTold = false;
  const rows = training.rows.filter((row) => row.loss !== null);
  const validated = rows.filter((row) => row.validation !== null);
  const points = (some, key) => some.map((row) => [row.number, row[key]]);
  const series = [{ look: "loss", name: "training", points: points(rows, "loss") }];
  if (validated.length > 0) {
    const found = points(validated, "validation");
    series.push({ look: "validation", name: "validation", points: found, hasLowest: true });
  }
  const xs = [training.frames[0].number, training.rows.at(-1).number];
  loss.update({ series, xs });
  gradients.update(rows, xs);
  view.failure.hidden = training.state !== "failed";
  setText(view.failure, view.failure.hidden ? "" : `Training has stopped. ${training.message}`);
  setText(view.notes, notesOf(view));
}

function notesOf({ training, document }) {
  const notes = training.state === "done" && training.message ? [`${training.message}.`] : [];
  if (training.stride > 1) {
    const kept = `every ${training.stride}th ${document.every} and the last`;
    notes.push(`Kept with their parameters: the start, ${kept}.`);
  }
  return notes.map(capital).join(" ");
}

function paintSoon(view) {
  cancelAnimationFrame(view.painted);
  view.painted = requestAnimationFrame(() => paintFrame(view));
}

/** What concerns the present record. */
function paintFrame(view) {
  const { training, transport, element } = view;
  const frame = frameAt(view);
  if (!frame) return;
  const wasTold = view.isTold;
  if (wasTold) showRecords(view);
  const row = rowOf(training, frame);
  setText(view.place, capital(placeOf(view, transport.step())));
  showNumbers(view, row);
  view.loss.move(row.number);
  view.gradients.move(row);
  if (view.plane) paintMaps(view, frame);
  if (wasTold) view.wish?.({ want: "more" });
  element.dataset.number = frame.number;
  element.dataset.ready = "1";
}

function paintMaps(view, frame) {
  const { model, plane, units, unit } = view;
  view.colors ??= readColors(view.element);
  const samples = model.atSamples(frame.parameters);
  const grid = model.atGrid?.(frame.parameters) ?? null;
  const responding = () => `What ${units.nameOf(unit)} responds to`;
  const heading = unit < 0 ? decisionHeading(view.document) : responding();
  const content = { grid, samples, unit, heading, colors: view.colors };
  plane.update(content);
  units.update(content);
}

function decisionHeading({ labels, picture, outputs }) {
  if (labels === null) return outputs > 1 ? "What the first output gives" : "What the model gives";
  return picture === "components" ? "What the model decides for" : "What the model decides";
}

function showNumbers(view, row) {
  const { metrics } = view.training;
  const numbers = [
    ["loss", row.loss],
    ...metrics.map((name, i) => [name, row.metrics[i]]),
    ["validation loss", row.validation],
    ...metrics.map((name, i) => [`validation ${name}`, row.validated[i]]),
  ].filter(([, x]) => x !== null && x !== undefined);
  const written = numbers.map(([name, x]) => `${name} ${numberText(x)}`).join("\n");
  if (view.written === written) return;
  view.written = written;
  view.numbers.replaceChildren(
    ...numbers.map(([name, x]) =>
      make("span", {}, make("span", { class: "quiet" }, name.replaceAll("_", " ")), numberText(x)),
    ),
  );
}

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}
