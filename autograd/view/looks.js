// How boxes and arrows look at a step: what is known, signs and sizes of gradients, what is lit.

/** Signs, as names of classes and as numbers: 0 for what has no gradient yet. */
export const SIGNS = ["", "positive", "negative", "zero", "nan"];

const NAN_CODE = SIGNS.indexOf("nan");

function signCode(x) {
  if (x !== x) return NAN_CODE;
  return x > 0 ? 1 : x < 0 ? 2 : 3;
}

/** Arrays of one entry a box, or an arrow, that `lookAt` fills at each step. */
export function newLooks({ boxes, arrows }) {
  return {
    known: new Uint8Array(boxes.length), // 1: its value is there
    value: new Float64Array(boxes.length).fill(NaN), // of its output, nan where it has several
    grad: new Array(boxes.length).fill(null), // null: none yet; of several the largest size
    sign: new Uint8Array(boxes.length), // of its gradient; nan also where a value is nan
    strength: new Float64Array(boxes.length), // √(|grad| / largest)
    knownNodes: new Int32Array(boxes.length),
    gradNodes: new Int32Array(boxes.length),
    boxFaded: new Uint8Array(boxes.length),
    current: -1,
    selected: -1,
    matches: new Set(),
    stops: new Set(),
    arrowKnown: new Uint8Array(arrows.length),
    weight: new Float64Array(arrows.length), // Σ |contribution| of its edges
    arrowSign: new Uint8Array(arrows.length),
    arrowStrength: new Float64Array(arrows.length),
    arrowFaded: new Uint8Array(arrows.length),
    lit: new Set(),
    path: new Set(),
    isBackward: false,
  };
}

/** The looks after a step. O(nodes + edges). */
export function lookAt(graph, scene, looks, state, marks) {
  const { node, kind } = state.frame;
  looks.isBackward = kind === "backward";
  looks.current = node < 0 ? -1 : scene.boxOf[node];
  looks.selected = marks.selected < 0 ? -1 : scene.boxOf[marks.selected];
  looks.matches = boxesOf(scene, marks.matches);
  looks.stops = boxesOf(scene, marks.stops);
  looks.lit = kind === "seed" || node < 0 ? new Set() : arrowsAt(graph, scene, node);
  looks.path = new Set([...(marks.path ?? [])].map((edge) => scene.arrowOf[edge]));
  looks.path.delete(-1);
  scene.boxes.forEach((box, i) => lookAtBox(graph, looks, state, box, i));
  setStrengths(looks.grad, looks.sign, looks.strength);
  scene.arrows.forEach((arrow, i) => lookAtArrow(graph, scene, looks, state, arrow, i));
  setStrengths(looks.weight, looks.arrowSign, looks.arrowStrength);
  fade(scene, looks, marks);
}

function boxesOf(scene, nodes) {
  return new Set([...(nodes ?? [])].map((node) => scene.boxOf[node]));
}

/** The arrows into a node's box that are the node's own. */
function arrowsAt(graph, scene, node) {
  const arrows = new Set(scene.arrowOf.subarray(graph.edgeStart[node], graph.edgeStart[node + 1]));
  arrows.delete(-1);
  return arrows;
}

function lookAtBox(graph, looks, state, box, i) {
  const { known, hasGrad, grads } = state;
  const { outputs, nodes } = box;
  looks.known[i] = outputs.every((node) => known[node]) ? 1 : 0;
  const given = outputs.filter((node) => hasGrad[node]);
  const isSingle = outputs.length === 1;
  if (isSingle) looks.value[i] = graph.data[outputs[0]];
  looks.grad[i] = null;
  looks.sign[i] = 0;
  if (given.length > 0) {
    looks.grad[i] = isSingle ? grads[outputs[0]] : largestSize(given, grads);
    looks.sign[i] = signCode(given.reduce((sum, x) => sum + grads[x], 0));
  }
  if (outputs.some((node) => known[node] && isNaN(graph.data[node]))) looks.sign[i] = NAN_CODE;
  let knownNodes = 0;
  let gradNodes = 0;
  for (const node of nodes) {
    knownNodes += known[node];
    gradNodes += hasGrad[node];
  }
  looks.knownNodes[i] = knownNodes;
  looks.gradNodes[i] = gradNodes;
}

function largestSize(nodes, grads) {
  let largest = 0;
  for (const node of nodes) {
    const size = Math.abs(grads[node]);
    if (size > largest || size !== size) largest = size;
  }
  return largest;
}

/** White at 0, full at the largest finite size, by the square root: small ones are still seen. */
function setStrengths(sizes, signs, strengths) {
  let largest = 0;
  sizes.forEach((x, i) => {
    const size = Math.abs(x);
    if (signs[i] > 0 && size < Infinity) largest = Math.max(largest, size);
  });
  sizes.forEach((x, i) => {
    const isShown = signs[i] === 1 || signs[i] === 2;
    strengths[i] = isShown && largest > 0 ? Math.min(1, Math.sqrt(Math.abs(x) / largest)) : 0;
    if (isShown && Math.abs(x) === Infinity) strengths[i] = 1;
  });
}

function lookAtArrow(graph, scene, looks, state, { edges }, i) {
  let known = 0;
  let given = 0;
  let sum = 0;
  let size = 0;
  for (const edge of edges) {
    known |= state.known[graph.edgeTo[edge]];
    if (!state.given[edge]) continue;
    given++;
    sum += state.contributions[edge];
    size += Math.abs(state.contributions[edge]);
  }
  looks.arrowKnown[i] = known;
  looks.weight[i] = size;
  looks.arrowSign[i] = given > 0 ? signCode(sum) : 0;
}

/** What is neither selected nor among the nodes that are asked for. */
function fade(scene, looks, { selected, ancestors, descendants }) {
  const isAsked = ancestors !== null || descendants !== null;
  looks.boxFaded.fill(isAsked ? 1 : 0);
  looks.arrowFaded.fill(0);
  if (!isAsked) return;
  const asked = [selected, ...(ancestors ?? []), ...(descendants ?? [])];
  for (const node of asked) if (node >= 0) looks.boxFaded[scene.boxOf[node]] = 0;
  scene.arrows.forEach(({ from, to }, i) => {
    looks.arrowFaded[i] = looks.boxFaded[from] | looks.boxFaded[to];
  });
}
