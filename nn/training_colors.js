// The colours of maps and classes, as the style sheet has them at the moment.

import { make } from "./elements.js";

export const CLASS_COUNT = 10; // colours; more classes begin again with the first
export const SHADES = 100; // from zero to the one end, and to the other
const TINT = 0.38; // how much of a class's colour its part of the plane has

/** The colours that the style sheet has at this moment. */
export function readColors(element) {
  const probe = make("span", { hidden: true });
  element.append(probe);
  const color = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  };
  const ends = ["zero", "positive", "negative"];
  const [zero, positive, negative] = ends.map((name) => color(`--map-${name}`));
  const classes = Array.from({ length: CLASS_COUNT }, (_, i) => color(`--class-${i}`));
  const [nan, line, quiet] = ["nan", "line", "quiet"].map((x) => color(`--${x}`));
  probe.remove();
  const shade = (i) => mixed(zero, i > SHADES ? positive : negative, Math.abs(i / SHADES - 1));
  const shades = Array.from({ length: 2 * SHADES + 1 }, (_, i) => shade(i));
  return {
    shades: Uint32Array.from(shades, pixel),
    tints: Uint32Array.from(classes, (color) => pixel(mixed(zero, color, TINT))),
    nan: pixel(nan),
    css: {
      shades: shades.map(cssColor),
      classes: classes.map(cssColor),
      nan: cssColor(nan),
      line: cssColor(line),
      quiet: cssColor(quiet),
    },
  };
}

function mixed(a, b, share) {
  return a.map((x, k) => x + (b[k] - x) * share);
}

/** A colour as an image's data have it, in the machine's own order of bytes. */
function pixel(rgb) {
  return new Uint32Array(Uint8Array.from([...rgb.map(Math.round), 255]).buffer)[0];
}

function cssColor(rgb) {
  return `rgb(${rgb.map(Math.round).join(" ")})`;
}

/** Call `again` where the colours change: by the system's theme, or by the notebook's. Gives a
 *  function that stops watching. */
export function watchColors(element, again) {
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", again);
  const observer = new MutationObserver(again);
  const attributeFilter = ["class", "data-jp-theme-light", "data-theme"];
  for (const watched of [document.body, element]) {
    observer.observe(watched, { attributes: true, attributeFilter });
  }
  return () => {
    query.removeEventListener("change", again);
    observer.disconnect();
  };
}
