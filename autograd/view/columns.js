// In which column each box stands: arrows go to the right, but for those that close a cycle.

/** The arrows that begin, or end, at each box: `list` from `start[box]` to `start[box + 1]`. */
export function linksAt(count, arrows, end) {
  const start = new Int32Array(count + 1);
  for (const arrow of arrows) start[arrow[end] + 1]++;
  for (let i = 0; i < count; i++) start[i + 1] += start[i];
  const list = new Int32Array(arrows.length);
  const next = start.slice();
  arrows.forEach((arrow, i) => (list[next[arrow[end]]++] = i));
  return { start, list };
}

/** The column of each box and the arrows that go back, since groups may use each other in turn.
 *
 * Longest path from the left; then a box with no more arrows in than out goes as far to the right
 * as it can, which puts a leaf beside what uses it. O(boxes + arrows) where there is no cycle. */
export function columnsOf(boxes, arrows) {
  const count = boxes.length;
  const into = linksAt(count, arrows, "to");
  const out = linksAt(count, arrows, "from");
  const order = orderWithoutCycles(boxes, arrows, into, out);
  const place = new Int32Array(count);
  order.forEach((box, i) => (place[box] = i));
  const isBack = arrows.map(({ from, to }) => place[from] > place[to]);
  const column = new Int32Array(count);
  for (const box of order) {
    for (let i = out.start[box]; i < out.start[box + 1]; i++) {
      const { to } = arrows[out.list[i]];
      if (!isBack[out.list[i]]) column[to] = Math.max(column[to], column[box] + 1);
    }
  }
  for (const box of order.reverse()) pullRight(box, arrows, into, out, isBack, column);
  return { column, isBack };
}

function pullRight(box, arrows, into, out, isBack, column) {
  let nearest = Infinity;
  let surplus = 0;
  for (let i = into.start[box]; i < into.start[box + 1]; i++) if (!isBack[into.list[i]]) surplus--;
  for (let i = out.start[box]; i < out.start[box + 1]; i++) {
    if (isBack[out.list[i]]) continue;
    surplus++;
    nearest = Math.min(nearest, column[arrows[out.list[i]].to]);
  }
  if (surplus >= 0 && nearest < Infinity) column[box] = nearest - 1;
}

/** Boxes in an order in which arrows go forward; of a cycle, its first by position goes first. */
function orderWithoutCycles(boxes, arrows, into, out) {
  const waiting = Int32Array.from(boxes, (_, box) => into.start[box + 1] - into.start[box]);
  const done = new Uint8Array(boxes.length);
  const order = [];
  const take = (box) => {
    done[box] = 1;
    order.push(box);
  };
  boxes.forEach((_, box) => waiting[box] === 0 && take(box));
  for (let i = 0; order.length < boxes.length || i < order.length; i++) {
    if (i === order.length) take(firstOfCycle(boxes, arrows, into, done));
    for (let k = out.start[order[i]]; k < out.start[order[i] + 1]; k++) {
      const { to } = arrows[out.list[k]];
      if (--waiting[to] === 0 && !done[to]) take(to);
    }
  }
  return order;
}

/** Against the arrows until a box comes again: what lies between is a cycle. */
function firstOfCycle(boxes, arrows, into, done) {
  const walked = [];
  const seen = new Set();
  let box = done.indexOf(0);
  while (!seen.has(box)) {
    seen.add(box);
    walked.push(box);
    const arrow = into.list
      .subarray(into.start[box], into.start[box + 1])
      .find((i) => !done[arrows[i].from]);
    box = arrows[arrow].from;
  }
  const cycle = walked.slice(walked.indexOf(box));
  return cycle.reduce((a, b) => (boxes[b].position < boxes[a].position ? b : a));
}
