// A traced program evaluated in the page: what `Program.run` does, on columns of numbers.

import { decodeNumber } from "./numbers.js";
import { operations } from "./operations.js";
import { columnOf, laneStep, laneSum, uniformStep } from "./steps.js";

const OVER_LANES = new Set(["lane_sum", "lane_count"]);
const prepared = new WeakMap();

/** The operations of a program that have no spelling in this language. */
export function missingOperations(program) {
  return program.ops.filter((name) => !Object.hasOwn(operations, name) && !OVER_LANES.has(name));
}

/**
 * The outputs: a number for a uniform (of a comparison 1 or 0), a Float64Array for a lane.
 * Inputs are a number for each uniform, an array of one length for each lane; `lanes` says that
 * length where no input is a lane. RangeError for other lengths and for an index out of range.
 */
export function run(program, inputs, lanes) {
  if (!prepared.has(program)) prepared.set(program, prepare(program));
  return prepared.get(program)(inputs, lanes);
}

/** `run` for one program, with all that depends on it alone done once. */
export function prepare(program) {
  const missing = missingOperations(program);
  if (missing.length > 0) throw new TypeError(`no script for ${missing.join(", ")}`);
  const memory = emptyMemory(program);
  const steps = stepsOf(program, memory);
  return (inputs, lanes) => {
    load(memory, program, inputs, countOfLanes(program, inputs, lanes));
    for (const step of steps) step();
    return program.outputs.map((slot) =>
      memory.isLane[slot] ? memory.columns[slot].slice() : memory.numbers[slot],
    );
  };
}

// What a program computes with: by slot its number if it is uniform, its column if it is a lane.

function emptyMemory(program) {
  const first = program.inputs + program.constants.length;
  const numbers = new Float64Array(first + program.op.length);
  numbers.set(program.constants.map(decodeNumber), program.inputs);
  const isLane = [...program.lanes, ...program.constants.map(() => false)];
  program.op.forEach((op, i) => {
    const name = program.ops[op];
    isLane.push(!OVER_LANES.has(name) && program.operands[i].some((slot) => isLane[slot]));
  });
  return { first, numbers, isLane, columns: new Array(numbers.length).fill(null), count: 0 };
}

function countOfLanes(program, inputs, lanes) {
  if (inputs.length !== program.inputs) {
    throw new RangeError(`expected ${program.inputs} inputs, not ${inputs.length}`);
  }
  const lengths = new Set(inputs.filter((_, i) => program.lanes[i]).map((x) => x.length));
  if (lanes !== undefined) lengths.add(lanes);
  if (lengths.size > 1 || lengths.has(0)) {
    const given = [...lengths].sort((a, b) => a - b).join(", ");
    throw new RangeError(`expected lanes of one length, at least 1, not of [${given}]`);
  }
  return lengths.size > 0 ? [...lengths][0] : 1;
}

function load(memory, program, inputs, count) {
  if (memory.count !== count) memory.columns.fill(null);
  memory.count = count;
  inputs.forEach((x, slot) => {
    if (program.lanes[slot]) columnOf(memory, slot).set(x);
    else memory.numbers[slot] = x;
  });
}

/** For each instruction a function that computes its slot; what uniforms lanes need as columns
 *  is spread just before. */
function stepsOf(program, memory) {
  const steps = [];
  const spread = new Set();
  program.op.forEach((op, i) => {
    const [name, operands, slot] = [program.ops[op], program.operands[i], memory.first + i];
    if (memory.isLane[slot] || name === "lane_sum") {
      for (const operand of operands) {
        if (memory.isLane[operand] || spread.has(operand)) continue;
        spread.add(operand);
        steps.push(() => columnOf(memory, operand).fill(memory.numbers[operand]));
      }
    }
    steps.push(stepOf(memory, name, operands, slot));
  });
  return steps;
}

function stepOf(memory, name, operands, slot) {
  const { numbers } = memory;
  if (name === "lane_count") return () => (numbers[slot] = memory.count);
  if (name === "lane_sum") return () => (numbers[slot] = laneSum(memory.columns[operands[0]]));
  if (memory.isLane[slot]) return laneStep(memory, name, operands, slot);
  return uniformStep(numbers, name, operands, slot);
}
