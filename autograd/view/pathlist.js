// The largest paths from the root to a leaf, where the document explains one.

import { make, setAttributes, textButton } from "./elements.js";
import { signOf } from "./formulas.js";
import { decodeNumber, numberText } from "./numbers.js";

/** A list of paths with product and share; pointing at one lights it, a click keeps it lit.
 *
 * `light(i)` and `keep(i)` are told which, -1 is none; `update(kept)` shows which is kept. Empty
 * and hidden where nothing is explained. */
export function createPaths(graph, { light, keep }) {
  const element = make("div", { class: "section", hidden: graph.paths === null });
  if (graph.paths === null) return { element, update() {} };
  const [summary] = graph.paths.text.split("\n");
  const rows = graph.paths.paths.map((path, i) => {
    const row = textButton(pathWords(graph, path), () => keep(i), { class: "button path" });
    row.addEventListener("pointerenter", () => light(i));
    row.addEventListener("pointerleave", () => light(-1));
    return row;
  });
  const body = make("div", { class: "section-body" }, make("p", {}, summary), rows);
  element.append(make("h3", {}, "Largest paths"), body);
  const update = (kept) =>
    rows.forEach((row, i) => setAttributes(row, { "aria-pressed": String(i === kept) }));
  return { element, update };
}

function pathWords(graph, path) {
  const names = path.nodes.map((node) => graph.names[node]).join(" ← ");
  const product = decodeNumber(path.product);
  const share = decodeNumber(path.share);
  return [
    make("span", { class: "path-names" }, names),
    make("span", { class: signOf(product) }, numberText(product)),
    make("span", { class: "quiet" }, isFinite(share) ? percent(share) : ""),
  ];
}

function percent(share) {
  const whole = Math.round(100 * share);
  return whole === 0 && share !== 0 ? "≈ 0 %" : `${whole} %`;
}
