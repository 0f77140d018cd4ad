// Which boxes and arrows are on view, given the groups that are open.

const READABLE_BOXES = 300; // of more nobody reads the numbers: groups are closed at first
const READABLE_ARROWS = 600; // more are a thicket
const MOST_LANES = 4; // edges from one node to another that are drawn side by side

/** The groups that are open at a level of detail: nodes, neurons or layers. */
export function groupsOpenAt(graph, level) {
  const open = new Set();
  graph.groups.forEach((group, id) => {
    if (level === "nodes" || (level === "neurons" && group.level === "layer")) open.add(id);
  });
  return open;
}

/** The most detailed level that can be read; where none can, all nodes are shown. */
export function firstLevel(graph) {
  const isReadable = (level) => {
    const owners = ownersOf(graph, groupsOpenAt(graph, level));
    return new Set(owners).size <= READABLE_BOXES && arrowCount(graph, owners) <= READABLE_ARROWS;
  };
  return ["nodes", "neurons", "layers"].find(isReadable) ?? "nodes";
}

/** How many pairs of owners have an edge between them. */
function arrowCount({ edgeFrom, edgeTo }, owners) {
  const pairs = new Set();
  edgeFrom.forEach((from, edge) => {
    const [source, target] = [owners[from], owners[edgeTo[edge]]];
    if (source !== target) pairs.add(`${source} ${target}`);
  });
  return pairs.size;
}

/** The owner of each node: itself, or `n + group` of the outermost closed group that it is in. */
function ownersOf(graph, open) {
  const { n, layer, neuron } = graph;
  const owners = new Int32Array(n);
  for (let node = 0; node < n; node++) {
    if (layer[node] >= 0 && !open.has(layer[node])) owners[node] = n + layer[node];
    else if (neuron[node] >= 0 && !open.has(neuron[node])) owners[node] = n + neuron[node];
    else owners[node] = node;
  }
  return owners;
}

/** The layer of each node, -1 for a layer of a single neuron: it would only show that twice. */
export function layersOfSeveral(graph) {
  const inside = new Map();
  graph.layer.forEach((layer, node) => {
    if (!inside.has(layer)) inside.set(layer, new Set());
    inside.get(layer).add(graph.neuron[node]);
  });
  const isTwin = (layer) => inside.get(layer).size === 1 && !inside.get(layer).has(-1);
  return graph.layer.map((layer) => (isTwin(layer) ? -1 : layer));
}

/** Boxes in the order of their first nodes, `boxOf` each node, and the arrows between them.
 *
 * A box has its key (the owner), group (-1: a node by itself), nodes, outputs (what others use),
 * the open layer and neuron around it (-1: none) and its place in the topological order. */
export function boxesOnView(graph, open) {
  const owners = ownersOf(graph, open);
  const indexOf = new Int32Array(graph.n + graph.groups.length).fill(-1);
  const boxOf = new Int32Array(graph.n);
  const boxes = [];
  for (let node = 0; node < graph.n; node++) {
    const key = owners[node];
    if (indexOf[key] < 0) indexOf[key] = boxes.push(newBox(graph, key, node)) - 1;
    boxOf[node] = indexOf[key];
    boxes[indexOf[key]].nodes.push(node);
  }
  for (const box of boxes) finish(graph, box, boxOf);
  return { boxes, boxOf, ...arrowsBetween(graph, boxes, boxOf) };
}

function newBox(graph, key, node) {
  const group = key < graph.n ? -1 : key - graph.n;
  const isLayer = group >= 0 && graph.groups[group].level === "layer";
  return {
    key,
    group,
    nodes: [],
    outputs: [],
    layer: isLayer ? -1 : graph.layer[node],
    neuron: group >= 0 ? -1 : graph.neuron[node],
    position: 0,
  };
}

function finish(graph, box, boxOf) {
  const isOperation = (node) => graph.op[node] >= 0;
  const own = boxOf[box.nodes[0]];
  box.position = box.nodes.find(isOperation) ?? box.nodes[0];
  if (box.group < 0) {
    box.outputs = box.nodes;
    return;
  }
  const isUsed = (node) =>
    node === graph.root || graph.consumers[node].some((consumer) => boxOf[consumer] !== own);
  const used = box.nodes.filter(isUsed);
  const operations = used.filter(isOperation);
  box.outputs = operations.length > 0 ? operations : used;
}

/** One arrow for all edges from a box to another; a few from node to node lie side by side. */
function arrowsBetween(graph, boxes, boxOf) {
  const bundles = new Map();
  for (let edge = 0; edge < graph.edges; edge++) {
    const from = boxOf[graph.edgeFrom[edge]];
    const to = boxOf[graph.edgeTo[edge]];
    if (from === to) continue;
    const key = from * boxes.length + to;
    const edges = bundles.get(key);
    if (edges) edges.push(edge);
    else bundles.set(key, [edge]);
  }
  const arrows = [];
  for (const [key, edges] of bundles) {
    const ends = { from: Math.floor(key / boxes.length), to: key % boxes.length };
    const isPlain = boxes[ends.from].group < 0 && boxes[ends.to].group < 0;
    const lanes = isPlain && edges.length <= MOST_LANES ? edges.length : 1;
    if (lanes === 1) arrows.push({ ...ends, edges, lane: 0, lanes });
    else edges.forEach((edge, lane) => arrows.push({ ...ends, edges: [edge], lane, lanes }));
  }
  const arrowOf = new Int32Array(graph.edges).fill(-1);
  arrows.forEach((arrow, i) => arrow.edges.forEach((edge) => (arrowOf[edge] = i)));
  return { arrows, arrowOf };
}
