// A training as the view knows it: its records, the parameters of the kept ones, and the model.

import { decodeNumber } from "./numbers.js";
import { missingOperations, prepare } from "./program.js";

const MARGIN = 0.15; // of the samples' range, beyond them on each side

/** What is known of a training so far: nothing. */
export function emptyTraining(document) {
  return { document, rows: [], frames: [], metrics: [], stride: 1, state: "ready", message: "" };
}

/** Add what the training told: rows of numbers, and the parameters of frames one after the other.
 *
 * Of both every so-many-th stays, and the last, as the sender keeps them. */
export function takeTold(training, told, parameters) {
  if (told.first) training.rows = training.frames = [];
  const { rows, frames } = training;
  const width = told.frames.length > 0 ? parameters.length / told.frames.length : 0;
  const newFrames = told.frames.map((number, i) => ({
    number,
    parameters: parameters.slice(i * width, (i + 1) * width),
  }));
  training.rows = thinned([...rows, ...told.rows.map(decodeRow)], told.row_stride);
  training.frames = thinned([...frames, ...newFrames], told.frame_stride);
  training.metrics = told.metrics;
  training.stride = told.frame_stride;
  training.state = told.state;
  training.message = told.message;
}

function thinned(entries, stride) {
  const last = entries.length - 1;
  return entries.filter(({ number }, i) => i === last || number % stride === 0);
}

function decodeRow([number, step, epoch, loss, validation, metrics, validated, gradients]) {
  const decoded = (x) => (x === null ? null : decodeNumber(x));
  return {
    number,
    step,
    epoch,
    loss: decoded(loss),
    validation: decoded(validation),
    metrics: metrics.map(decodeNumber),
    validated: validated.map(decodeNumber),
    gradients: gradients.map(decodeNumber),
  };
}

/** The numbers of the record that a frame has the parameters of. */
export function rowOf(training, frame) {
  let [low, high] = [0, training.rows.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (training.rows[middle].number < frame.number) low = middle + 1;
    else high = middle;
  }
  return training.rows[low];
}

// Doubles as text, and as bytes at any offset.

export function doublesOfText(text) {
  return doublesOf(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
}

export function doublesOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.byteLength >> 3;
  return Float64Array.from({ length }, (_, i) => view.getFloat64(8 * i, true));
}

// What the model computes.

/** The model on the samples and over the plane of its features (along the line of a single one).
 *
 * `why` says in words why it cannot be computed here; else `atSamples(parameters)` and
 * `atGrid(parameters)` give a column for each output of each layer. */
export function createModel(document, resolution) {
  const why = whyNot(document);
  const columns = columnsOf(doublesOfText(document.samples), document.count);
  const places = document.places ? columnsOf(doublesOfText(document.places), document.count) : null;
  const model = { why, columns, places, grid: null, atSamples: null, atGrid: null };
  if (document.picture !== "components") model.grid = gridOver(columns, resolution);
  if (why) return model;
  const onSamples = prepare(document.program);
  model.atSamples = (parameters) => evaluated(onSamples, parameters, columns);
  if (model.grid) {
    const onGrid = prepare(document.program); // memory of its own: there are other lanes
    model.atGrid = (parameters) => evaluated(onGrid, parameters, model.grid.columns);
  }
  return model;
}

function whyNot(document) {
  if (!document.program) return document.why_not;
  const missing = missingOperations(document.program);
  return missing.length > 0 ? `this page cannot compute ${missing.join(", ")}` : "";
}

function evaluated(compute, parameters, columns) {
  const outputs = compute([...parameters, ...columns]);
  const count = columns[0].length;
  return outputs.map((x) => (typeof x === "number" ? new Float64Array(count).fill(x) : x));
}

function columnsOf(numbers, count) {
  const columns = [];
  for (let i = 0; i < numbers.length; i += count) columns.push(numbers.slice(i, i + count));
  return columns;
}

/** Points over the ranges of the features, the first changing fastest, and those ranges. */
function gridOver(features, resolution) {
  const ranges = features.map(rangeAround);
  const side = features.length === 1 ? resolution * 4 : resolution;
  const steps = ranges.map(([low, high]) =>
    Float64Array.from({ length: side }, (_, i) => low + ((high - low) * i) / (side - 1)),
  );
  if (features.length === 1) return { side, ranges, columns: steps };
  const [xs, ys] = steps;
  const columns = [
    Float64Array.from({ length: side * side }, (_, i) => xs[i % side]),
    Float64Array.from({ length: side * side }, (_, i) => ys[Math.floor(i / side)]),
  ];
  return { side, ranges, columns };
}

/** The range of numbers, and a margin beyond it. */
export function rangeAround(numbers) {
  let [low, high] = [Infinity, -Infinity];
  for (const x of numbers) {
    low = Math.min(low, x);
    high = Math.max(high, x);
  }
  const margin = MARGIN * (high - low) || 1;
  return [low - margin, high + margin];
}

/** The class that outputs decide for, as `nn.decide`: -1 where one of them is nan. */
export function decided(columns, i) {
  if (columns.some((column) => Number.isNaN(column[i]))) return -1;
  if (columns.length === 1) return Number(columns[0][i] > 0);
  let best = 0;
  for (let k = 1; k < columns.length; k += 1) if (columns[k][i] > columns[best][i]) best = k;
  return best;
}
