// The document of a graph, decoded into arrays: who was computed from whom, and back.

import { constants } from "./constants.js";
import { decodeNumber } from "./numbers.js";

/** Nodes are numbers in topological order, the root last; edge `edgeStart[node] + k` comes from
 *  its k-th parent. `data` and `localGrads` are the present numbers: moving a leaf rewrites them. */
export function decode(source) {
  const n = source.name.length;
  const parents = source.operands.map((operands) => operands.filter(isNode));
  const numbers = source.numbers.map(decodeNumber);
  const edgeStart = new Int32Array(n + 1);
  for (let i = 0; i < n; i++) edgeStart[i + 1] = edgeStart[i] + parents[i].length;
  const graph = {
    n,
    root: n - 1,
    names: source.name.map(shortened),
    fullNames: source.name,
    labelled: source.labelled,
    ops: source.ops,
    op: Int32Array.from(source.op),
    operands: source.operands.map((operands) => operands.map(decodedOperand)),
    parents,
    edgeStart,
    edges: edgeStart[n],
    data: Float64Array.from(source.data, decodeNumber),
    localGrads: Float64Array.from(source.local_grads.flat(), (i) => numbers[i]),
    source: source.source.map((i) => (i < 0 ? "" : source.sources[i])),
    groups: source.groups,
    neuron: Int32Array.from(source.neuron),
    layer: Int32Array.from(source.layer),
    program: source.program,
    whyNotLive: source.why_not_live,
    paths: source.paths,
    title: source.title,
  };
  graph.leaves = Array.from(graph.op.keys()).filter((node) => graph.op[node] < 0);
  return Object.assign(graph, edgesOf(graph));
}

function shortened(name) {
  const most = constants.TITLE;
  const characters = name.length > most ? Array.from(name) : [];
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : name;
}

function isNode(operand) {
  return typeof operand === "number";
}

function decodedOperand(operand) {
  return isNode(operand) ? operand : [decodeNumber(operand[0])];
}

function edgesOf(graph) {
  const edgeFrom = new Int32Array(graph.edges);
  const edgeTo = new Int32Array(graph.edges);
  const consumers = Array.from({ length: graph.n }, () => []);
  const uses = Array.from({ length: graph.n }, () => []);
  for (let node = 0; node < graph.n; node++) {
    graph.parents[node].forEach((parent, k) => {
      const edge = graph.edgeStart[node] + k;
      edgeFrom[edge] = parent;
      edgeTo[edge] = node;
      uses[parent].push(edge);
      if (consumers[parent].at(-1) !== node) consumers[parent].push(node);
    });
  }
  return { edgeFrom, edgeTo, consumers, uses };
}

/** What the node was computed from, without itself. */
export function ancestorsOf(graph, node) {
  return reached(node, (i) => graph.parents[i]);
}

/** What was computed from the node, without itself. */
export function descendantsOf(graph, node) {
  return reached(node, (i) => graph.consumers[i]);
}

function reached(start, neighbours) {
  const seen = new Set();
  const waiting = [start];
  while (waiting.length > 0) {
    for (const other of neighbours(waiting.pop())) {
      if (!seen.has(other)) {
        seen.add(other);
        waiting.push(other);
      }
    }
  }
  return seen;
}

/** The ids of the edges along a path; places[i] is that of nodes[i + 1] among its node's parents. */
export function edgesAlong(graph, { nodes, places }) {
  return new Set(places.map((place, i) => graph.edgeStart[nodes[i]] + place));
}

/** The row of the table that made the node, null for a leaf. */
export function operationOf(graph, node) {
  return graph.op[node] < 0 ? null : graph.ops[graph.op[node]];
}

/** Nodes whose name or operation holds the words, without regard to case. */
export function nodesNamed(graph, words) {
  const wanted = words.trim().toLowerCase();
  const found = new Set();
  if (wanted === "") return found;
  const holds = (text) => text.toLowerCase().includes(wanted);
  const operations = graph.ops.map((row) => holds(row.name) || holds(row.symbol));
  for (let node = 0; node < graph.n; node++) {
    if (holds(graph.fullNames[node]) || operations[graph.op[node]]) found.add(node);
  }
  return found;
}
