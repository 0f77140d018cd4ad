// Numbers with 192 binary digits behind the point, as whole numbers: where a float has too few.

export const BITS = 192; // 57 decimal places
export const ONE = 1n << BigInt(BITS);
const LOG_2 = logOfTwo();

/** x·2^bits, cut off behind the point. */
export function toFixed(x, bits = BITS) {
  if (Math.abs(x) < 2 ** -bits) return 0n;
  const shift = 60 - Math.floor(Math.log2(Math.abs(x))); // x·2^shift is whole
  return BigInt(timesPowerOfTwo(x, shift)) << BigInt(bits - shift);
}

/** The nearest float, but for a last digit that is not always rounded right. */
export function fromFixed(x, bits = BITS) {
  const surplus = Math.max(0, bitLength(x) - 64);
  return timesPowerOfTwo(Number(x >> BigInt(surplus)), surplus - bits);
}

/** A decimal number in quotes. */
export function fixedFromText(text, bits = BITS) {
  const [whole, fraction] = text.split(".");
  return (BigInt(whole + fraction) << BigInt(bits)) / 10n ** BigInt(fraction.length);
}

function bitLength(x) {
  return (x < 0n ? -x : x).toString(16).length * 4;
}

function timesPowerOfTwo(x, power) {
  const half = Math.trunc(power / 2); // a power may be out of range where the product is not
  return x * 2 ** half * 2 ** (power - half);
}

/** e^x. */
export function expFixed(x) {
  const doublings = x / LOG_2;
  let total = 0n;
  let term = ONE;
  const rest = x - doublings * LOG_2;
  for (let k = 1n; term !== 0n; k += 1n) {
    total += term;
    term = (term * rest) / (ONE * k);
  }
  return total << doublings;
}

/** log x for x > 0, to 45 places: a float y near it, and log(x·e^-y) by its series. */
export function logFixed(x) {
  const power = BigInt(bitLength(x) - BITS);
  const mantissa = x >> power;
  const near = toFixed(Math.log(fromFixed(mantissa)));
  const d = (mantissa * expFixed(-near)) / ONE - ONE; // so small that d³ is nothing
  return power * LOG_2 + near + d - (d * d) / (2n * ONE);
}

/** log 2 = Σ 2/(k·3^k) over the odd k. */
function logOfTwo() {
  let total = 0n;
  let power = (2n * ONE) / 3n;
  for (let k = 1n; power !== 0n; k += 2n) {
    total += power / k;
    power /= 9n;
  }
  return total;
}
