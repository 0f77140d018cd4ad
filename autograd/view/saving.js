// What the user does, told to the model: often enough to follow, seldom enough for a kernel.

import { decodeNumber } from "./numbers.js";

const PAUSE = 100; // milliseconds between two messages while something moves

/** save(name, value) keeps the last value of each name and sends it at most ten times a second;
 *  forget(name) drops what waits, since the model says something newer. */
export function createSaver(model) {
  const waiting = new Map();
  let timer = 0;
  const flush = () => {
    clearTimeout(timer);
    timer = 0;
    const values = [...waiting];
    waiting.clear();
    for (const [name, value] of values) model.set(name, value);
  };
  const send = () => {
    const any = waiting.size > 0;
    flush();
    if (any) timer = setTimeout(send, PAUSE);
  };
  const save = (name, value) => {
    waiting.set(name, value);
    if (timer === 0) send();
  };
  return { save, flush, forget: (name) => waiting.delete(name) };
}

const NUMBER_NAMES = { NaN: "nan", Infinity: "inf", "-Infinity": "-inf" };

/** Numbers for a model that is written as JSON, which has no nan and no infinity. */
export function plainNumbers(numbers) {
  return Array.from(numbers, (x) => NUMBER_NAMES[String(x)] ?? x);
}

/** The same back; null where it is no list of so many numbers. */
export function givenNumbers(list, count) {
  const isNumber = (x) => typeof x === "number" || Object.values(NUMBER_NAMES).includes(x);
  const isRight = Array.isArray(list) && list.length === count && list.every(isNumber);
  return isRight ? list.map(decodeNumber) : null;
}
