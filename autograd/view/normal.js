// The normal distribution's functions, by the formulas and coefficients of the Python engine.

import { constants } from "./constants.js";
import { polynomialAt, twoProduct, twoSum } from "./numbers.js";

const { ERFC, GELU_SLOPE, GELU_TURNS } = constants;
const { ONE_OVER_SQRT_2, ONE_OVER_SQRT_2PI, TWO_OVER_SQRT_PI } = constants;

/** e^(-x²), with the rounding error of x² put back: e^-(s + r) = e^-s·(1 - r). */
export function gaussian(x) {
  if (!(Math.abs(x) < 28)) return Number.isNaN(x) ? x : 0; // e^-784 is zero
  const [square, low] = twoProduct(x, x);
  const e = Math.exp(-square);
  return e - e * low;
}

/** 2/√π·(x - x³/3 + x⁵/(2!·5) - …) for |x| < ½, where the other formula would lose digits. */
function erfBelowHalf(x) {
  const square = -x * x;
  let total = 0;
  for (let k = 14; k > 0; k -= 1) total = (total + 1 / (2 * k + 1)) * (square / k);
  return TWO_OVER_SQRT_PI * (x + x * total);
}

/** factor·erfc(x + low) for ½ ≤ x < 28, as e^(-x²)·g/(1 + 2x), each rounding error put back. */
function erfcAboveHalf(x, low = 0, factor = 1) {
  const [square, squareLow] = twoProduct(x, x);
  const far = square > 600; // then e^(-x²) in two halves, lest it be subnormal before its factor
  const e = Math.exp(far ? -0.5 * square : -square);
  const scaled = factor * e;
  const correction = polynomialAt(ERFC, (x - 4) / (x + 4));
  const g = 1.25 + correction;
  const [w, wLow] = twoSum(1, 2 * x);
  const [n, nLow] = twoProduct(scaled, g);
  const quotient = n / w;
  const [back, backLow] = twoProduct(quotient, w);
  const lows = nLow + scaled * (1.25 - g + correction) - n * squareLow - quotient * wLow;
  const rest = (n - back - backLow + lows) / w - TWO_OVER_SQRT_PI * scaled * low;
  return far ? (quotient + rest) * e : quotient + rest;
}

export function erf(x) {
  if (x === 0 || Number.isNaN(x)) return x;
  const size = Math.abs(x);
  if (size < 0.5) return erfBelowHalf(x);
  return Math.sign(x) * (1 - (size < 28 ? erfcAboveHalf(size) : 0));
}

export function erfc(x) {
  if (x >= 0.5) return x < 28 ? erfcAboveHalf(x) : 0;
  return 1 - erf(x);
}

/** e^(-x²/2)/√(2π) for |x| < 39 in two words, as exact as e^ is. */
function densityInTwoWords(x) {
  const [square, low] = twoProduct(x, x);
  const e = Math.exp(-0.5 * square);
  const [high, rest] = twoProduct(ONE_OVER_SQRT_2PI[0], e);
  return [high, rest + e * ONE_OVER_SQRT_2PI[1] - high * (0.5 * low)];
}

export function normalPdf(x) {
  if (!(Math.abs(x) < 39)) return Number.isNaN(x) ? x : 0;
  const [high, low] = densityInTwoWords(x);
  return high + low;
}

/** factor·erfc(-x/√2)/2 for |x| < 39, its argument corrected with the low word of x/√2. */
function scaledCdf(x, factor) {
  const [argument, rest] = twoProduct(-x, ONE_OVER_SQRT_2[0]);
  const low = rest - x * ONE_OVER_SQRT_2[1];
  if (argument >= 0.5) return erfcAboveHalf(argument, low, 0.5 * factor);
  const e = TWO_OVER_SQRT_PI * gaussian(argument);
  return factor * (0.5 * (erfc(argument) - e * low));
}

export function normalCdf(x) {
  if (!(Math.abs(x) < 39)) return Number.isNaN(x) ? x : Number(x > 0);
  return scaledCdf(x, 1);
}

export function gelu(x) {
  if (!(Math.abs(x) < 39)) return x < 0 ? -0 : x;
  return scaledCdf(x, x);
}

/** Φ(x) + x·φ(x); by a polynomial where those two cancel. */
export function geluSlope(x) {
  if (!(Math.abs(x) < 39)) return Number.isNaN(x) ? x : x > 0 ? 1 : -0;
  if (x > -1.5 && x < -0.375) return polynomialAt(GELU_SLOPE, x - GELU_TURNS);
  if (x < -37.5) return geluSlopeFarLeft(x);
  const [density, densityLow] = densityInTwoWords(x);
  const [product, low] = twoProduct(x, density);
  const [total, totalLow] = twoSum(product, normalCdf(x));
  return total + (totalLow + low + x * densityLow);
}

/** x·φ(x)·(1 - 1/x² + 1/x⁴ - 3/x⁶ + …), e^(-x²/2) last and in two halves. */
function geluSlopeFarLeft(x) {
  const [square, low] = twoProduct(x, x);
  const e = Math.exp(-0.25 * square);
  const z = 1 / square;
  const s = z * (1 - z * (1 - z * (3 - z * (15 - z * 105))));
  return x * ONE_OVER_SQRT_2PI[0] * (1 - s - 0.5 * low) * e * e + 0; // no -0 above -39
}
