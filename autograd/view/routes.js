// How arrows run: from port to port, past the boxes in between, and where their labels stand.

const PORT = 13; // between the ends of two arrows at one box
const LANE = 15; // between two arrows that join the same two nodes
const STEPS = [0.5, 0.4, 0.6, 0.32, 0.68]; // along a curve, where its label may stand
const LABEL = { w: 38, h: 13 };
const LEVEL = 12; // a curve that rises by less has its label above it
const ABOVE = 9;

/** Points of each arrow, as x and y in turn: its start, two for each column that it passes, its
 *  end. `bounds` has four numbers each: left, top, right, bottom. */
export function routesOf({ boxes, arrows }, layout) {
  const { x, y, w, h } = layout;
  const ends = endsOf(boxes.length, arrows, layout);
  const points = arrows.map(({ from, lane, lanes }, i) => {
    const start = y[from] + h[from] / 2 + (lane - (lanes - 1) / 2) * LANE;
    const passed = layout.bends[i].flatMap((at) => [at.x, at.y, at.x + at.width, at.y]);
    return [x[from] + w[from], start, ...passed, x[arrows[i].to], ends[i]];
  });
  const bounds = new Float64Array(4 * arrows.length);
  points.forEach((route, i) => bounds.set(boundsOf(route, layout.isBack[i]), 4 * i));
  return { points, bounds };
}

/** Where on the left side of its box each arrow ends: in the order in which they come. */
function endsOf(count, arrows, { y, h, bends }) {
  const before = arrows.map(({ from, lane }, i) =>
    (bends[i].length > 0 ? bends[i].at(-1).y : y[from] + h[from] / 2) + lane / 100);
  const coming = Array.from({ length: count }, () => []);
  arrows.forEach(({ to }, i) => coming[to].push(i));
  const ends = new Float64Array(arrows.length);
  coming.forEach((list, box) => {
    list.sort((a, b) => before[a] - before[b]);
    const step = list.length > 1 ? Math.min(PORT, (h[box] - 18) / (list.length - 1)) : 0;
    list.forEach((arrow, k) => {
      ends[arrow] = y[box] + h[box] / 2 + (k - (list.length - 1) / 2) * step;
    });
  });
  return ends;
}

const ROUND = 90; // how far an arrow swings out that goes back

function boundsOf(route, isBack) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < route.length; i += 2) {
    box[0] = Math.min(box[0], route[i]);
    box[1] = Math.min(box[1], route[i + 1]);
    box[2] = Math.max(box[2], route[i]);
    box[3] = Math.max(box[3], route[i + 1]);
  }
  return isBack ? [box[0] - ROUND, box[1] - ROUND, box[2] + ROUND, box[3]] : box;
}

const TIP = 6; // the line of an arrow stops so far before its point

/** The route without the part that is under the arrow's head, at its end or at its start. */
export function withoutTip(route, isStart) {
  const cut = [...route];
  if (isStart) cut[0] += TIP;
  else cut[route.length - 2] -= TIP;
  return cut;
}

/** The path of an arrow: curves between columns, level where it passes one; or straight lines. */
export function pathText(route, isBack, isStraight) {
  const at = (i) => `${shortNumber(route[i])} ${shortNumber(route[i + 1])}`;
  if (isBack) {
    const [x, y, endX, endY] = route;
    const round = [x + ROUND, y - ROUND, endX - ROUND, endY - ROUND].map(shortNumber).join(" ");
    return `M${at(0)}C${round} ${at(route.length - 2)}`;
  }
  let path = `M${at(0)}`;
  for (let i = 0; i + 3 < route.length; i += 4) {
    if (i > 0) path += `L${at(i)}`;
    const middle = shortNumber((route[i] + route[i + 2]) / 2);
    const level = (y) => `${middle} ${shortNumber(y)}`;
    const curve = `C${level(route[i + 1])} ${level(route[i + 3])} ${at(i + 2)}`;
    path += isStraight ? `L${at(i + 2)}` : curve;
  }
  return path;
}

export function shortNumber(x) {
  return Math.round(x * 10) / 10;
}

/** Where each arrow's label stands: on it, near its end, if possible beside all other labels. */
export function labelSpots({ points }, layout) {
  const taken = [];
  const isFree = ([x, y]) =>
    !taken.some(([a, b]) => Math.abs(a - x) < LABEL.w && Math.abs(b - y) < LABEL.h);
  return points.map((route, i) => {
    const spots = layout.isBack[i] ? [backSpot(route)] : spotsAlong(route);
    const spot = spots.find(isFree) ?? spots[0];
    taken.push(spot);
    return spot;
  });
}

function spotsAlong(route) {
  const spots = [];
  for (let i = route.length - 4; i >= 0; i -= 4) {
    const above = Math.abs(route[i + 3] - route[i + 1]) < LEVEL ? ABOVE : 0;
    for (const t of STEPS) {
      const rise = t * t * (3 - 2 * t); // of a cubic that leaves and arrives level
      const run = 1.5 * t * (1 - t) + t ** 3; // of the same, its inner points half-way across
      spots.push([
        route[i] + (route[i + 2] - route[i]) * run,
        route[i + 1] + (route[i + 3] - route[i + 1]) * rise - above,
      ]);
    }
  }
  return spots;
}

function backSpot(route) {
  const [x, y, endX, endY] = route;
  return [(x + endX) / 2, (y + endY) / 2 - 0.75 * ROUND];
}
