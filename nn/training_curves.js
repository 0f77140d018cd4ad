// Curves of numbers over the records of a training, in SVG.

import { fill, make, setAttributes, setText, svg } from "./elements.js";
import { numberText } from "./numbers.js";

const WIDTH = 520;
const HEIGHT = 205;
const EDGE = { left: 60, right: 20, top: 10, bottom: 26 };
const LOG_FROM = 30; // a curve that falls by more than this factor is read on a logarithmic scale
const MOST_TICKS = 6;

/** A chart with a heading, told by `update`; `onSeek(number)` gets where it was pressed. */
export function createChart(heading, onSeek) {
  const chart = { xs: [0, 1], heading, series: [] };
  chart.grid = svg("g", { class: "grid" });
  chart.lines = svg("g", { class: "lines" });
  chart.now = svg("line", { class: "now", y1: EDGE.top, y2: HEIGHT - EDGE.bottom });
  chart.dots = svg("g", { class: "dots" });
  chart.svg = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "chart" },
    [chart.grid, chart.lines, chart.now, chart.dots],
  );
  chart.title = make("h3", {});
  chart.legend = make("ul", { class: "legend lines", hidden: true });
  chart.element = make("section", { class: "panel" }, chart.title, chart.legend, chart.svg);
  listenToSeeking(chart, onSeek);
  return {
    element: chart.element,
    update: (content) => updateChart(chart, content),
    move: (at) => moveChart(chart, at),
  };
}

function listenToSeeking(chart, onSeek) {
  const seek = (event) => {
    const box = chart.svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * WIDTH;
    const share = (x - EDGE.left) / (WIDTH - EDGE.left - EDGE.right);
    onSeek(chart.xs[0] + Math.min(Math.max(share, 0), 1) * (chart.xs[1] - chart.xs[0]));
  };
  chart.svg.addEventListener("pointerdown", (event) => {
    chart.svg.setPointerCapture(event.pointerId);
    seek(event);
  });
  chart.svg.addEventListener("pointermove", (event) => {
    if (chart.svg.hasPointerCapture(event.pointerId)) seek(event);
  });
}

/** `series` are `{ look, name, points: [[x, y], …] }`, `xs` is the range of their x; several with
 *  names have a legend. */
function updateChart(chart, { series, xs, isAlwaysLog }) {
  chart.xs = xs[0] === xs[1] ? [xs[0], xs[0] + 1] : xs;
  const values = series.flatMap(({ points }) => points.map(([, y]) => y)).filter(Number.isFinite);
  const isLog = isAlwaysLog ? values.some((y) => y > 0) : fallsFar(values);
  const scale = scaleOf(isLog ? values.filter((y) => y > 0) : values, isLog);
  const width = (WIDTH - EDGE.left - EDGE.right) / (chart.xs[1] - chart.xs[0]);
  chart.across = (x) => EDGE.left + (x - chart.xs[0]) * width;
  chart.up = (y) => HEIGHT - EDGE.bottom - scale.share(y) * (HEIGHT - EDGE.top - EDGE.bottom);
  chart.series = series;
  setText(chart.title, isLog ? `${chart.heading} (logarithmic)` : chart.heading);
  setAttributes(chart.svg, { "aria-label": chart.title.textContent });
  const named = series.filter(({ name }) => name);
  chart.legend.hidden = named.length < 2;
  fill(chart.legend, named.map(({ look, name }) => {
    return make("li", { class: look }, make("span", { class: "name" }, name));
  }));
  fill(chart.grid, ticksUp(chart, scale.ticks), ticksAcross(chart));
  fill(chart.lines, series.map((one) => [line(chart, one), lowest(chart, one)]).flat());
}

/** Mark the present record. */
function moveChart(chart, at) {
  const x = chart.across(at);
  setAttributes(chart.now, { x1: x, x2: x });
  fill(chart.dots, chart.series.map((one) => dot(chart, one, at)));
}

function fallsFar(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return values.length > 0 && low > 0 && high / low > LOG_FROM;
}

function line({ across, up }, { look, points }) {
  const drawn = points.map(([x, y]) => [across(x), up(y)]).filter(([, y]) => Number.isFinite(y));
  const path = drawn.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  return svg("polyline", { class: `line ${look}`, points: path });
}

/** Where a curve that says so is lowest. */
function lowest({ across, up }, { look, points, hasLowest }) {
  if (!hasLowest) return null;
  const [x, y] = points.reduce((best, point) => (point[1] < best[1] ? point : best));
  const title = svg("title", {}, `lowest: ${numberText(y)} at ${x}`);
  return svg("circle", { class: `lowest ${look}`, cx: across(x), cy: up(y), r: 4.5 }, title);
}

function dot({ across, up }, { look, points }, at) {
  const here = points.find(([x]) => x === at);
  if (!here || !Number.isFinite(up(here[1]))) return null;
  return svg("circle", { class: `dot ${look}`, cx: across(at), cy: up(here[1]), r: 4 });
}

// Scales and their ticks.

function scaleOf(values, isLog) {
  const measure = isLog ? Math.log10 : (y) => y;
  const measured = values.map(measure);
  let [low, high] = measured.length > 0 ? [Math.min(...measured), Math.max(...measured)] : [0, 1];
  const margin = 0.06 * (high - low) || 0.5;
  const isAbove = !isLog && low >= 0; // then zero is the natural end of the scale
  [low, high] = [isAbove ? Math.max(low - margin, 0) : low - margin, high + margin];
  const share = (y) => (measure(y) - low) / (high - low);
  return { ticks: isLog ? powers(low, high) : roundNumbers(low, high, MOST_TICKS), share };
}

/** Round numbers in a range: 1, 2 or 5 times a power of ten apart. */
export function roundNumbers(low, high, most) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((k) => k * power >= rough);
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high; k += 1) found.push(k * step + 0); // no -0
  return found;
}

/** Powers of ten in a range of exponents, or where it has fewer than two, 1, 2 and 5 times such. */
function powers(low, high) {
  const every = Math.max(1, Math.ceil((high - low) / MOST_TICKS));
  const found = [];
  for (let k = Math.ceil(low); k <= high; k += every) found.push(10 ** k);
  if (found.length >= 2) return found;
  const finer = [];
  for (let k = Math.floor(low); k <= high; k += 1) {
    const some = [1, 2, 5].map((x) => x * 10 ** k);
    finer.push(...some.filter((x) => x >= 10 ** low && x <= 10 ** high));
  }
  return finer;
}

function ticksUp({ up }, ticks) {
  return ticks.flatMap((y) => [
    svg("line", { x1: EDGE.left, x2: WIDTH - EDGE.right, y1: up(y), y2: up(y) }),
    svg("text", { x: EDGE.left - 7, y: up(y) + 4, "text-anchor": "end" }, numberText(y)),
  ]);
}

function ticksAcross({ xs, across }) {
  const y = HEIGHT - EDGE.bottom;
  const words = roundNumbers(xs[0], xs[1], MOST_TICKS).filter(Number.isInteger).map((x) => {
    const place = { x: across(x), y: y + 17, "text-anchor": "middle" };
    return svg("text", place, x.toLocaleString("en"));
  });
  const ends = { x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y, y2: y };
  return [svg("line", { class: "axis", ...ends }), ...words];
}
