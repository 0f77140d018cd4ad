// The gamma function's logarithm and its derivatives, in so many digits that none is lost.

import { constants } from "./constants.js";
import { BITS, fixedFromText, fromFixed, logFixed, ONE, toFixed } from "./fixed.js";
import { copySign } from "./numbers.js";

const { ASYMPTOTIC, BERNOULLI, HALF_LOG_2PI, HIGHEST_ORDER, PI } = constants;
const BERNOULLI_NUMBERS = BERNOULLI.map(([p, q]) => [BigInt(p), BigInt(q)]);

/** log |Γ(x)|; inf at the poles 0, -1, -2, … */
export function lgamma(x) {
  if (Number.isNaN(x)) return x;
  if (!Number.isFinite(x) || (x <= 0 && Number.isInteger(x))) return Infinity;
  if (x === 1 || x === 2) return 0;
  if (Math.abs(x) < 2 ** -60) return -Math.log(Math.abs(x)); // what follows is under an ulp
  return fromFixed(logGammaFixed(toFixed(x)));
}

/** The n-th derivative of ψ = (log Γ)′ for n = 0, 1, 2, … 100; nan for every other n. */
export function polygamma(n, x) {
  if (!(n >= 0 && n <= HIGHEST_ORDER) || n % 1 !== 0 || !(x > -Infinity)) return NaN;
  if (x === Infinity) return n > 0 ? 0 : Infinity;
  if (x <= 0 && Number.isInteger(x)) {
    // a pole; at ±0 the sign says from which side
    return n % 2 === 1 ? Infinity : x < 0 ? NaN : -copySign(Infinity, x);
  }
  const size = Math.abs(x);
  if (n * Math.log2(size) > 2000) return n % 2 === 1 ? 0 : -0; // less than any float
  const reach = Math.ceil((n + 1) * Math.log2(size + ASYMPTOTIC + n + 1));
  const bits = BITS + reach + Math.max(0, -Math.floor(Math.log2(size)));
  return fromFixed(polygammaFixed(n, toFixed(x, bits), bits), bits);
}

/** Stirling's series of x + k, less the log of x(x + 1)…(x + k - 1): NIST DLMF 5.11.1, 5.5.3. */
function logGammaFixed(x) {
  if (x < 0n) {
    const [sine] = sineAndCosineOfPi(x, BITS);
    const size = sine < 0n ? -sine : sine;
    return logFixed((fixedFromText(PI) * ONE) / size) - logGammaFixed(ONE - x);
  }
  let product = ONE;
  let z = x;
  for (; z < BigInt(ASYMPTOTIC) * ONE; z += ONE) product = (product * z) / ONE;
  let total = ((z - ONE / 2n) * logFixed(z)) / ONE - z;
  total += fixedFromText(HALF_LOG_2PI) - logFixed(product);
  BERNOULLI_NUMBERS.forEach(([p, q], i) => {
    const k = BigInt(2 * i + 2);
    total += (p * reciprocalPower(z, 2 * i + 1, BITS)) / (q * k * (k - 1n));
  });
  return total;
}

/** The recurrence up to 20 + n, then the asymptotic series: NIST DLMF 5.11.2, 5.15.5, 5.15.8. */
function polygammaFixed(n, x, bits) {
  const one = 1n << BigInt(bits);
  if (x < 0n) {
    const mirrored = polygammaFixed(n, one - x, bits);
    return (n % 2 === 1 ? -mirrored : mirrored) - cotangentOfPi(n, x, bits);
  }
  let total = 0n;
  let z = x;
  for (; z < BigInt(ASYMPTOTIC + n) * one; z += one) total += reciprocalPower(z, n + 1, bits);
  total = factorial(n) * (total + reciprocalPower(z, n + 1, bits) / 2n);
  const spare = BigInt(bits - BITS);
  if (n === 0) total -= logFixed(z >> spare) << spare;
  else total += factorial(n - 1) * reciprocalPower(z, n, bits);
  BERNOULLI_NUMBERS.forEach(([p, q], i) => {
    const k = 2 * i + 2;
    const rising = factorial(k + n - 1) * p;
    total += (rising * reciprocalPower(z, k + n, bits)) / (factorial(k) * q);
  });
  return n % 2 === 1 ? total : -total;
}

function factorial(n) {
  let product = 1n;
  for (let k = 2n; k <= n; k += 1n) product *= k;
  return product;
}

/** x^-n, by squaring. */
function reciprocalPower(x, n, bits) {
  const shift = BigInt(bits);
  let square = (1n << (2n * shift)) / x;
  let power = 1n << shift;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = (power * square) >> shift;
    square = (square * square) >> shift;
  }
  return power;
}

/** sin(πr) and cos(πr) of the distance r of x from the nearest whole number. */
function sineAndCosineOfPi(x, bits) {
  const half = 1n << BigInt(bits - 1);
  const nearest = ((x + half) >> BigInt(bits)) << BigInt(bits);
  const r = x - nearest;
  return [sineOfPi(r, bits), sineOfPi(half - (r < 0n ? -r : r), bits)];
}

/** sin(πx) by Taylor, which leaves 0 what is 0. */
function sineOfPi(x, bits) {
  const shift = BigInt(bits);
  const angle = (fixedFromText(PI, bits) * x) >> shift;
  const square = (angle * angle) >> shift;
  let total = 0n;
  let term = angle;
  for (let k = 2n; term !== 0n; k += 2n) {
    total += term;
    term = (-term * square) / ((k * (k + 1n)) << shift);
  }
  return total;
}

/** π dⁿ/dxⁿ cot(πx), as a polynomial in the cotangent: cot′(πx) is -π(1 + cot²). */
function cotangentOfPi(n, x, bits) {
  const shift = BigInt(bits);
  const pi = fixedFromText(PI, bits);
  const [sine, cosine] = sineAndCosineOfPi(x, bits);
  let coefficients = [0n, pi];
  for (let order = 0; order < n; order += 1) {
    const slope = coefficients.map((c, k) => BigInt(k) * c).slice(1);
    const high = [0n, 0n, ...slope];
    coefficients = high.map((c, k) => (-pi * (c + (slope[k] ?? 0n))) >> shift);
  }
  const cotangent = (cosine << shift) / sine;
  return coefficients.reduceRight((total, c) => ((total * cotangent) >> shift) + c);
}
