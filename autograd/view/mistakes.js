// The two classic mistakes as switches: what goes wrong, and which leaves are wrong now.

import { fill, icon, make, setText, textButton, toggle } from "./elements.js";
import { numberText } from "./numbers.js";

const MOST_NAMED = 6; // wrong leaves that are listed

const SWITCHES = {
  forget_zero_grad: [
    "forget zero_grad",
    "Gradients of the pass before are still in the leaves, and this pass adds to them.",
  ],
  overwrite: [
    "overwrite instead of add",
    "A node that is used more than once keeps only what its last use gives, not the sum.",
  ],
};

/** `set(name, is)` is told of a switch, `select(node)` of a click on a wrong leaf. */
export function createMistakes(graph, { set, select }) {
  const boxes = {};
  const rows = Object.entries(SWITCHES).map(([name, [words, sentence]]) => {
    const { element, box } = toggle(words, false, (is) => set(name, is));
    boxes[name] = box;
    return make("div", { class: "mistake-row" }, element, make("p", { class: "quiet" }, sentence));
  });
  const wrong = make("p", { class: "wrong" });
  const title = make("h3", {}, "Two classic mistakes");
  const element = make("section", { class: "mistakes", "aria-label": "Classic mistakes" },
    title, rows, wrong);
  return { element, update: (shown) => updateMistakes(graph, { boxes, wrong, select }, shown) };
}

/** `switches` are the two as they are, `grads` what comes out, `right` what should. */
function updateMistakes(graph, { boxes, wrong, select }, { switches, grads, right }) {
  for (const [name, box] of Object.entries(boxes)) box.checked = switches[name];
  const asked = Object.values(switches).some((is) => is);
  wrong.hidden = !asked;
  if (!asked) return;
  const leaves = graph.leaves.filter((leaf) => isWrong(grads[leaf], right[leaf]));
  wrong.classList.toggle("none", leaves.length === 0);
  if (leaves.length === 0) {
    setText(wrong, "No leaf comes out wrong here.");
    return;
  }
  const chips = leaves.slice(0, MOST_NAMED).map((leaf) => {
    const [is, should] = [numberText(grads[leaf]), numberText(right[leaf])];
    const words = `${graph.names[leaf]}: ${is}, not ${should}`;
    return textButton(words, () => select(leaf), { class: "button chip" });
  });
  const more = leaves.length - chips.length;
  const label = make("span", {}, "Wrong now");
  fill(wrong, icon("warning"), label, chips, more > 0 && `and ${more} more`);
}

function isWrong(grad, right) {
  return grad !== right && !(isNaN(grad) && isNaN(right));
}
