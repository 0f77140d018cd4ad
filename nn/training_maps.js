// Numbers over a plane as colours: fields, classes, the line where a field is zero.

import { SHADES } from "./training_colors.js";
import { decided } from "./training_record.js";

const FINER = 4; // squares of the map of classes in a square of the grid, along a side

/** A range of colours symmetric about zero, which a few extreme numbers do not stretch. */
export function extentOf(columns) {
  const sizes = [];
  const every = Math.max(1, Math.floor((columns.length * columns[0].length) / 2000));
  let at = 0;
  for (const column of columns) {
    for (; at < column.length; at += every) sizes.push(Math.abs(column[at]));
    at -= column.length;
  }
  const sorted = Float64Array.from(sizes.filter(Number.isFinite)).sort();
  return sorted[Math.floor(0.95 * (sorted.length - 1))] || 1;
}

/** The place of a number among the shades: that of zero in the middle, the extent at the ends. */
function shadeOf(x, extent) {
  return Math.round(SHADES * (1 + Math.min(Math.max(x / extent, -1), 1)));
}

/** The colour of a number: paper at zero, towards the one or the other colour at the extent. */
export function colorOf(x, extent, colors) {
  return Number.isNaN(x) ? colors.css.nan : colors.css.shades[shadeOf(x, extent)];
}

/** Paint a field of side × side numbers, the first row at the bottom. */
export function paintField(canvas, field, side, extent, colors) {
  const { shades, nan } = colors;
  paint(canvas, side, (i) => (Number.isNaN(field[i]) ? nan : shades[shadeOf(field[i], extent)]));
}

/** Paint for each point the class that the fields, one for each class, decide for. */
export function paintClasses(canvas, fields, side, colors) {
  const finer = fields.map((field) => refined(field, side));
  const { tints, nan } = colors;
  paint(canvas, side * FINER, (i) => {
    const label = decided(finer, i);
    return label < 0 ? nan : tints[label % tints.length];
  });
}

function paint(canvas, side, pixelAt) {
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  const image = context.createImageData(side, side);
  const pixels = new Uint32Array(image.data.buffer);
  for (let row = 0; row < side; row += 1) {
    const above = side * (side - 1 - row);
    for (let column = 0; column < side; column += 1) {
      pixels[above + column] = pixelAt(row * side + column);
    }
  }
  context.putImageData(image, 0, 0);
}

/** The field on a finer grid, linear between its points. */
function refined(field, side) {
  const finer = side * FINER;
  const result = new Float64Array(finer * finer);
  const place = (i) => (i * (side - 1)) / (finer - 1);
  for (let row = 0; row < finer; row += 1) {
    const y = Math.min(Math.floor(place(row)), side - 2);
    const up = place(row) - y;
    for (let column = 0; column < finer; column += 1) {
      const x = Math.min(Math.floor(place(column)), side - 2);
      const right = place(column) - x;
      const at = y * side + x;
      const below = field[at] * (1 - right) + field[at + 1] * right;
      const above = field[at + side] * (1 - right) + field[at + side + 1] * right;
      result[row * finer + column] = below * (1 - up) + above * up;
    }
  }
  return result;
}

/** Where a field is zero, as the `d` of a path; `place(x, y)` says where a point of the grid is.
 *
 * Marching squares: in each square a line between the sides on which the sign changes. */
export function zeroLine(field, side, place) {
  const parts = [];
  for (let row = 0; row + 1 < side; row += 1) {
    for (let column = 0; column + 1 < side; column += 1) {
      const ends = crossings(field, side, column, row);
      for (let k = 0; k + 1 < ends.length; k += 2) {
        const [from, to] = [ends[k], ends[k + 1]].map((end) => spot(place(...end)));
        parts.push(`M${from}L${to}`);
      }
    }
  }
  return parts.join("");
}

function spot([x, y]) {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

/** The points on the sides of a square where the field is zero: none, two, or four at a saddle. */
function crossings(field, side, x, y) {
  const at = y * side + x;
  const [a, b, c, d] = [field[at], field[at + 1], field[at + side + 1], field[at + side]];
  const ends = [];
  if (a > 0 !== b > 0) ends.push([x + a / (a - b), y]);
  if (b > 0 !== c > 0) ends.push([x + 1, y + b / (b - c)]);
  if (c > 0 !== d > 0) ends.push([x + 1 - c / (c - d), y + 1]);
  if (d > 0 !== a > 0) ends.push([x, y + 1 - d / (d - a)]);
  return ends.length === 4 && a + b + c + d > 0 === a > 0 ? [...ends.slice(1), ends[0]] : ends;
}
