// One instruction of a program as a function without arguments: of numbers, or of whole columns.

import { constants } from "./constants.js";
import { operations } from "./operations.js";

const { BLOCK, STRIPES } = constants;

/** The column of a slot, as long as there are lanes; kept from one run to the next. */
export function columnOf(memory, slot) {
  memory.columns[slot] ??= new Float64Array(memory.count);
  return memory.columns[slot];
}

/** Reads the operands' numbers and writes the slot's. */
export function uniformStep(numbers, name, operands, slot) {
  const f = operations[name];
  const [a, b, c] = operands;
  if (name === "add") return () => (numbers[slot] = numbers[a] + numbers[b]);
  if (name === "multiply") return () => (numbers[slot] = numbers[a] * numbers[b]);
  if (name === "dot" && operands.length > 1) return uniformDotStep(numbers, operands, slot);
  if (operands.length === 1) return () => (numbers[slot] = f(numbers[a]));
  if (operands.length === 2) return () => (numbers[slot] = f(numbers[a], numbers[b]));
  if (operands.length === 3) return () => (numbers[slot] = f(numbers[a], numbers[b], numbers[c]));
  return () => (numbers[slot] = f(...operands.map((operand) => numbers[operand])));
}

function uniformDotStep(numbers, operands, slot) {
  const half = Math.floor(operands.length / 2);
  const bias = operands.length % 2 === 1 ? operands[2 * half] : -1;
  return () => {
    let total = numbers[operands[0]] * numbers[operands[half]];
    for (let i = 1; i < half; i += 1) total += numbers[operands[i]] * numbers[operands[half + i]];
    numbers[slot] = bias < 0 ? total : total + numbers[bias];
  };
}

/** Reads the operands' columns and writes the slot's. */
export function laneStep(memory, name, operands, slot) {
  const loop = LOOPS[name] ?? generalLoop(operations[name], operands.length);
  return () => {
    const columns = operands.map((operand) => memory.columns[operand]);
    loop(columnOf(memory, slot), columns);
  };
}

// Loops over columns for what networks consist of: a call for each lane would cost more than this.

const LOOPS = {
  add: (out, [xs, ys]) => {
    for (let i = 0; i < out.length; i += 1) out[i] = xs[i] + ys[i];
  },
  multiply: (out, [xs, ys]) => {
    for (let i = 0; i < out.length; i += 1) out[i] = xs[i] * ys[i];
  },
  sum: (out, columns) => {
    out.set(columns[0]);
    for (const xs of columns.slice(1)) addColumn(out, xs);
  },
  dot: (out, columns) => {
    const half = Math.floor(columns.length / 2);
    out.fill(-0); // -0 + x is x
    for (let k = 0; k < half; k += 1) addProducts(out, columns[k], columns[half + k]);
    if (columns.length % 2 === 1) addColumn(out, columns[2 * half]);
  },
};

function addColumn(out, xs) {
  for (let i = 0; i < out.length; i += 1) out[i] += xs[i];
}

function addProducts(out, ws, xs) {
  for (let i = 0; i < out.length; i += 1) out[i] += ws[i] * xs[i];
}

function generalLoop(f, count) {
  if (count === 1) return (out, [xs]) => xs.forEach((x, i) => (out[i] = f(x)));
  if (count === 2) return (out, [xs, ys]) => xs.forEach((x, i) => (out[i] = f(x, ys[i])));
  return (out, columns) => {
    const operands = new Array(count);
    for (let i = 0; i < out.length; i += 1) {
      for (let k = 0; k < count; k += 1) operands[k] = columns[k][i];
      out[i] = f(...operands);
    }
  };
}

/** Their sum in the order of `lane_sum`: blocks, each in eight stripes; -0 + x is x. */
export function laneSum(xs) {
  let total = -0;
  for (let start = 0; start < xs.length; start += BLOCK) {
    const s = new Float64Array(STRIPES).fill(-0);
    const end = Math.min(start + BLOCK, xs.length);
    for (let i = start; i < end; i += 1) s[(i - start) % STRIPES] += xs[i];
    total += s[0] + s[4] + (s[2] + s[6]) + (s[1] + s[5] + (s[3] + s[7]));
  }
  return total;
}
