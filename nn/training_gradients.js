// How large the gradient is in each layer: over the records as curves, now as bars.

import { make, setText } from "./elements.js";
import { numberText } from "./numbers.js";
import { createChart } from "./training_curves.js";

const LOOKS = 8; // after which they begin again

/** The gradients' sizes by layer; `onSeek(number)` gets which record was pressed. */
export function createGradients(document, onSeek) {
  const names = document.gradient_layers;
  const chart = createChart("Size of the gradient by layer", onSeek);
  const bars = names.map((name, i) => createBar(name, `series-${i % LOOKS}`));
  const table = make("div", { class: "bars" }, bars.map(({ element }) => element));
  const note = "The root mean square of the derivatives by a layer's parameters, in the last step.";
  chart.element.append(table, make("p", { class: "quiet note" }, note));
  let largest = [];
  return {
    element: chart.element,
    update(rows, xs) {
      const series = names.map((_, i) => ({
        look: `series-${i % LOOKS}`,
        points: rows.map((row) => [row.number, row.gradients[i]]),
      }));
      largest = rangeOfPowers(rows.flatMap((row) => row.gradients));
      chart.update({ series, xs, isAlwaysLog: true });
    },
    move(row) {
      chart.move(row.number);
      bars.forEach((bar, i) => showBar(bar, row.gradients[i], largest));
    },
  };
}

function createBar(name, look) {
  const bar = make("span", { class: `bar ${look}` });
  const number = make("span", { class: "bar-number" });
  const label = make("span", { class: "bar-name" }, name);
  const room = make("span", { class: "bar-room" }, bar);
  return { bar, number, element: make("div", { class: "bar-row" }, label, room, number) };
}

/** The exponents of the smallest and of the largest number above zero. */
function rangeOfPowers(numbers) {
  let [low, high] = [Infinity, -Infinity];
  for (const x of numbers) {
    if (!(x > 0 && x < Infinity)) continue;
    low = Math.min(low, Math.log10(x));
    high = Math.max(high, Math.log10(x));
  }
  return [Math.min(low, high - 1), high];
}

/** On the scale of the curves: a bar of a tenth of the width is the smallest there was. */
function showBar({ bar, number }, x, [low, high]) {
  const share = x > 0 ? 0.1 + (0.9 * (Math.log10(x) - low)) / (high - low) : 0;
  bar.style.width = `${100 * Math.min(Math.max(share, 0), 1)}%`;
  setText(number, x === undefined ? "" : numberText(x));
}
