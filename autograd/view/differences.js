// A check of the gradients from the values alone: central differences through the same program.

import { prepare } from "./program.js";

// Where the errors of rounding and of truncation of a central difference are about equal.
const CENTRAL_STEP = Math.cbrt(Number.EPSILON);
// Truncation is h²/6·f‴/f′, 6e-12 of the gradient where a function is as smooth as exp.
const RELATIVE_TOLERANCE = 1e-5;
// Both values carry a rounding error, which the division by 2h makes larger.
const ROUNDINGS = 8;

/** The value of one output as a function of the inputs, without what only others need. */
export function valueOf(program, output) {
  const first = program.inputs + program.constants.length;
  const needed = new Set([program.outputs[output]]);
  for (let i = program.op.length - 1; i >= 0; i--) {
    if (needed.has(first + i)) for (const slot of program.operands[i]) needed.add(slot);
  }
  const kept = Array.from(program.op.keys()).filter((i) => needed.has(first + i));
  const position = new Map(kept.map((i, k) => [first + i, first + k]));
  const moved = (slot) => position.get(slot) ?? slot;
  const evaluate = prepare({
    ...program,
    op: kept.map((i) => program.op[i]),
    operands: kept.map((i) => program.operands[i].map(moved)),
    outputs: [moved(program.outputs[output])],
  });
  return (inputs) => evaluate(inputs)[0];
}

/** (f(x + h) - f(x - h))/2h in input i, with the slopes to both sides and the error to allow. */
export function differenceAt(f, inputs, i) {
  const x = inputs[i];
  const h = CENTRAL_STEP * Math.max(1, Math.abs(x));
  const at = (place) => f(inputs.map((other, k) => (k === i ? place : other)));
  const [below, here, above] = [at(x - h), at(x), at(x + h)];
  const width = x + h - (x - h); // 2h as it is after rounding
  const size = Math.max(Math.abs(below), Math.abs(above));
  return {
    central: (above - below) / width,
    left: (here - below) / (x - (x - h)),
    right: (above - here) / (x + h - x),
    rounding: (ROUNDINGS * Number.EPSILON * size) / width,
  };
}

/** Whether a gradient is right: "agrees", "differs", "kink" where the sides have two slopes, or
 *  "none" where a value beside it is not finite, as that of a root at 0. */
export function judged(gradient, { central, left, right, rounding }) {
  if (!isFinite(central)) return sameNumber(gradient, central) ? "agrees" : "none";
  const allowed = (a, b) => RELATIVE_TOLERANCE * Math.max(Math.abs(a), Math.abs(b)) + rounding;
  if (Math.abs(gradient - central) <= allowed(gradient, central)) return "agrees";
  const bend = Math.abs(right - left);
  const isKink = bend > 1e-3 * Math.max(Math.abs(left), Math.abs(right)) + 4 * rounding;
  const between = gradient >= Math.min(left, right) - allowed(left, right);
  return isKink && between && gradient <= Math.max(left, right) + allowed(left, right)
    ? "kink"
    : "differs";
}

function sameNumber(a, b) {
  return a === b || (isNaN(a) && isNaN(b));
}
