// The script spelling of each operation's value: what it returns for floats, as the table has it.

import { BITS, expFixed, fromFixed, ONE, toFixed } from "./fixed.js";
import { lgamma, polygamma } from "./gamma.js";
import { erf, erfc, gaussian, gelu, geluSlope, normalCdf, normalPdf } from "./normal.js";
import { compensatedSum, copySign, roundHalfToEven, significantText, twoSum } from "./numbers.js";

/** By name, in the table's order. A comparison gives 1 or 0; what is not 0 is true, nan too. */
export const operations = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  pow: power,
  negative: (x) => -x,
  abs: (x) => Math.abs(x),

  sqrt: (x) => Math.sqrt(x),
  cbrt: (x) => Math.cbrt(x),
  exp: (x) => Math.exp(x),
  exp2: (x) => 2 ** x,
  expm1: (x) => Math.expm1(x),
  log: (x) => Math.log(x),
  log1p: (x) => Math.log1p(x),
  log2: (x) => Math.log2(x),
  log10: (x) => Math.log10(x),

  sin: (x) => Math.sin(x),
  cos: (x) => Math.cos(x),
  tan: (x) => Math.tan(x),
  asin: (x) => Math.asin(x),
  acos: (x) => Math.acos(x),
  atan: (x) => Math.atan(x),
  sinh: (x) => Math.sinh(x),
  cosh: (x) => Math.cosh(x),
  tanh: (x) => Math.tanh(x),
  asinh: (x) => Math.asinh(x),
  acosh: (x) => Math.acosh(x),
  atanh: (x) => Math.atanh(x),
  atan2: (y, x) => Math.atan2(y, x),
  hypot: (x, y) => Math.hypot(x, y),

  erf,
  erfc,
  gaussian,
  normal_pdf: normalPdf,
  normal_cdf: normalCdf,
  lgamma,
  polygamma,

  sigmoid,
  softplus: (x) => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x))),
  silu,
  gelu,
  gelu_slope: geluSlope,
  relu: (x) => (x <= 0 ? 0 : x),
  leaky_relu: (x, slope) => (x > 0 ? x : slope * x),
  elu: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)),

  floor: (x) => Math.floor(x),
  ceil: (x) => Math.ceil(x),
  round: roundHalfToEven,
  sign: (x) => (x === 0 ? 0 : Math.sign(x)),
  remainder,
  floor_divide: floorDivide,

  clip: (x, low, high) => Math.min(Math.max(x, low), high),
  where: (condition, a, b) => (condition === 0 ? b : a),
  take: (index, ...xs) => xs[positionAmong(index, xs.length)],
  sum: (...xs) => (xs.length > 0 ? xs.reduce((total, x) => total + x) : 0),
  dot: weightedSum,
  maximum: (...xs) => Math.max(...xs),
  minimum: (...xs) => Math.min(...xs),
  logsumexp,
  softmax: (index, ...xs) => softmaxOf(xs)[positionAmong(index, xs.length)],
  cross_entropy: crossEntropy,

  less: (a, b) => Number(a < b),
  less_equal: (a, b) => Number(a <= b),
  equal: (a, b) => Number(a === b),
  not_equal: (a, b) => Number(a !== b),
  greater_equal: (a, b) => Number(a >= b),
  greater: (a, b) => Number(a > b),
  logical_and: (a, b) => Number(a !== 0 && b !== 0),
  logical_or: (a, b) => Number(a !== 0 || b !== 0),
  logical_not: (a) => Number(a === 0),
  alias: (x) => x,
};

/** As C has it: 1 to any power is 1, and (-1)^±inf too, where this language says nan. */
function power(a, b) {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b;
}

/** 1/(1 + e^-x), from the tail that cannot overflow. */
function sigmoid(x) {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

/** x·σ(x); far below zero e^x in two halves, since it is subnormal before x·e^x is. */
function silu(x) {
  if (x >= -700) return x * sigmoid(x);
  const half = Math.exp(0.5 * x);
  return half === 0 ? -0 : x * half * half;
}

/** a - b·floor(a/b), with the sign of b. */
function remainder(a, b) {
  const rest = a % b;
  if (rest === 0) return copySign(0, b);
  return (b < 0) === (rest < 0) ? rest : rest + b;
}

function floorDivide(a, b) {
  if (b === 0) return a / b;
  const rest = a % b;
  const whole = (a - rest) / b - Number(rest !== 0 && (b < 0) !== (rest < 0));
  if (whole === 0) return copySign(0, a / b);
  const below = Math.floor(whole);
  return whole - below > 0.5 ? below + 1 : below;
}

/** Σ w·x of ws, xs and, where their number is odd, a last one added. */
function weightedSum(...operands) {
  const half = Math.floor(operands.length / 2);
  if (half === 0) return operands[0] ?? 0;
  let total = operands[0] * operands[half];
  for (let i = 1; i < half; i += 1) total += operands[i] * operands[half + i];
  return operands.length % 2 === 1 ? total + operands[2 * half] : total;
}

function positionAmong(index, count) {
  if (!(index >= 0 && index < count && index % 1 === 0)) {
    const given = significantText(index, 16);
    throw new RangeError(`index ${given} is no whole number in 0 <= index < ${count}`);
  }
  return index;
}

/** e^(a - b) for a ≤ b, with the rounding error of a - b put back. */
function expOfDifference(a, b) {
  const [d, low] = twoSum(a, -b);
  if (!Number.isFinite(d)) return a === Infinity && b === Infinity ? 1 : Math.exp(d);
  const e = Math.exp(d);
  return e + e * low;
}

/** e^xᵢ / Σ e^xⱼ for each i, shifted by the largest. */
function softmaxOf(xs) {
  const shift = Math.max(...xs);
  const exps = xs.map((x) => expOfDifference(x, shift));
  const total = compensatedSum(exps);
  return exps.map((e) => e / total);
}

/** log Σ e^(x - shift) for the largest x as shift: log1p of the sum of the others. */
function logOfTotal(shift, xs) {
  const largest = xs.indexOf(shift);
  const exps = xs.map((x, i) => (i === largest ? 0 : expOfDifference(x, shift)));
  return Math.log1p(compensatedSum(exps));
}

/** The largest + log1p(Σ e^(x - largest) over the others). */
function logsumexp(...xs) {
  const shift = Math.max(...xs); // -inf of none
  if (!Number.isFinite(shift)) return shift;
  const rest = logOfTotal(shift, xs);
  const y = shift + rest;
  return Math.abs(y) >= rest ? y : logsumexpNear(y, xs);
}

/** Where those two cancel: y + Σ e^(x - y) - 1, from a y so near that log(1 + d) is d. */
function logsumexpNear(y, xs) {
  const near = toFixed(y);
  let total = near - ONE;
  for (const x of xs) if (x - y > -BITS) total += expFixed(toFixed(x) - near);
  return total === 0n ? y : fromFixed(total);
}

/** -log softmax(logits)[label] = (largest - logits[label]) + log Σ e^(logit - largest). */
function crossEntropy(label, ...logits) {
  const shift = Math.max(...logits);
  const chosen = logits[positionAmong(label, logits.length)];
  return (shift === chosen ? 0 : shift - chosen) + logOfTotal(shift, logits);
}
