// Numbers as text, whole numbers among them, and the rounding errors of their sums and products.

/** A number of the document: JSON has no nan and no infinity, so these are strings there. */
export function decodeNumber(x) {
  if (typeof x === "number") return x;
  if (x === "nan") return NaN;
  if (x === "inf") return Infinity;
  if (x === "-inf") return -Infinity;
  throw new TypeError(`expected a number, "nan", "inf" or "-inf", not ${JSON.stringify(x)}`);
}

/** Four significant digits, as the drawings have them: 0.3, -1.235e6. */
export function numberText(x) {
  return significantText(x, 4).replace(/e\+?(-?)0*/, "e$1");
}

/** So many significant digits, as Python's format "g" writes them: 0.3, -1.235e+06. */
export function significantText(x, digits) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  const [mantissa, power] = halfToEven(Math.abs(x), digits).split("e");
  const exponent = Number(power);
  const sign = x < 0 || Object.is(x, -0) ? "-" : "";
  if (exponent < -4 || exponent >= digits) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${withoutZeros(mantissa)}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  const figures = mantissa.replace(".", "");
  const padded = "0".repeat(Math.max(0, -exponent)) + figures;
  const point = Math.max(0, exponent) + 1;
  return sign + withoutZeros(`${padded.slice(0, point)}.${padded.slice(point)}`);
}

/** toExponential, which rounds what lies half-way up, but half-way to the even digit. */
function halfToEven(size, digits) {
  const rounded = size.toExponential(digits - 1);
  const [figures, power] = size.toExponential(100).split("e"); // as many as it can show
  const kept = figures.slice(0, digits === 1 ? 1 : digits + 1);
  const isHalfway = /^\.?50*$/.test(figures.slice(kept.length));
  return isHalfway && Number(kept.at(-1)) % 2 === 0 ? `${kept}e${power}` : rounded;
}

function withoutZeros(text) {
  return text.includes(".") ? text.replace(/\.?0*$/, "") : text;
}

export function copySign(size, sign) {
  return sign < 0 || Object.is(sign, -0) ? -Math.abs(size) : Math.abs(size);
}

/** The nearest whole number, halves to the even one. */
export function roundHalfToEven(x) {
  const size = Math.abs(x);
  return size < 2 ** 52 ? copySign(size + 2 ** 52 - 2 ** 52, x) : x;
}

/** The rounded sum and its rounding error, exactly (Knuth, TAOCP 4.2.2). */
export function twoSum(a, b) {
  const total = a + b;
  const back = total - a;
  return [total, a - (total - back) + (b - back)];
}

/** The rounded product and its rounding error, exactly (Dekker 1971). */
export function twoProduct(a, b) {
  const product = a * b;
  const aHigh = highHalf(a);
  const bHigh = highHalf(b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return [product, aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow];
}

/** The first 26 bits of a number, for |x| < 1e300. */
function highHalf(x) {
  const scaled = (2 ** 27 + 1) * x;
  return scaled - (scaled - x);
}

/** Σ xᵢ of numbers that are not negative, rounded as if once. */
export function compensatedSum(xs) {
  let total = 0;
  let low = 0;
  for (const x of xs) {
    const [sum, error] = twoSum(total, x);
    total = sum;
    low += error;
  }
  return total + low;
}

/** Σ cₖ·xᵏ, by Horner's rule. */
export function polynomialAt(coefficients, x) {
  return coefficients.reduceRight((total, c) => total * x + c);
}
