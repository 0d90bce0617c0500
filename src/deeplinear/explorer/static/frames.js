// What the cursor shows: the weights as a matrix or a network, and the Hessian's eigenvalues.

import { axis, layout, powerName } from "deeplinear-explorer/curves.js";

const CELLS = 240; // rows and columns of the matrix at most
const EDGES = 1500; // drawn in the network at most
const NODES = 40; // in the widest layer of a network that is drawn
const LEVELS = [0.12, 0.3, 0.55, 0.8, 1]; // of |weight| / largest: one line width for each
const WIDTHS = [0.4, 0.9, 1.7, 2.8, 4.2];
const ZERO = 1e-6; // eigenvalues below this fraction of the largest
const POINTS = 500; // eigenvalues drawn at most

export function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/** The place of the time nearest to t, on the scale of the axis. */
export function nearest(times, t, log) {
  const at = (value) => (log ? Math.log(Math.max(value, 1e-300)) : value);
  let best = 0;
  times.forEach((time, k) => {
    if (Math.abs(at(time) - at(t)) < Math.abs(at(times[best]) - at(t))) best = k;
  });
  return best;
}

export const canDrawNetwork = (widths) => Math.max(...widths) <= NODES && widths.length <= 24;

/** Node numbers at which the layers begin, the total last. */
const offsets = (widths) => widths.reduce((sums, width) => [...sums, sums.at(-1) + width], [0]);

function* entries(widths, weights) {
  const start = offsets(widths);
  let k = 0;
  for (let layer = 0; layer + 1 < widths.length; layer += 1)
    for (let row = 0; row < widths[layer + 1]; row += 1)
      for (let column = 0; column < widths[layer]; column += 1)
        yield [start[layer + 1] + row, start[layer] + column, weights[k++], layer, row, column];
}

/** A[u][v] is the weight of the edge v -> u; of a large one, the largest weight in each cell. */
export function matrix(widths, weights) {
  const n = offsets(widths).at(-1);
  const step = Math.ceil(n / CELLS), size = Math.ceil(n / step);
  const cells = Array.from({ length: size }, () => new Array(size).fill(null));
  for (const [u, v, w] of entries(widths, weights)) {
    const row = cells[Math.floor(u / step)], j = Math.floor(v / step);
    if (row[j] === null || Math.abs(w) > Math.abs(row[j])) row[j] = Number.isFinite(w) ? w : null;
  }
  return { cells, step, size };
}

export function matrixFigure(frames, weights, { colors }) {
  const { cells, step, size } = matrix(frames.widths, weights);
  const bounds = offsets(frames.widths).map((start) => start / step - 0.5);
  const centers = bounds.slice(1).map((end, k) => (bounds[k] + end) / 2);
  const names = frames.widths.map((width, k) => nodesName(k, frames.widths.length, width));
  const lines = bounds.slice(1, -1).flatMap((at) => [
    { type: "line", x0: at, x1: at, y0: -0.5, y1: size - 0.5 },
    { type: "line", y0: at, y1: at, x0: -0.5, x1: size - 0.5 },
  ]);
  const ticks = { tickvals: centers, ticktext: names, showgrid: false, ticks: "", fixedrange: true, showline: false };
  return {
    data: [{
      type: "heatmap", z: cells, zmin: -frames.largest, zmax: frames.largest, hoverinfo: "skip",
      colorscale: [[0, colors.negative], [0.5, colors.paper], [1, colors.positive]],
      colorbar: { thickness: 8, outlinewidth: 0, tickfont: { size: 10 }, nticks: 5, len: 1, x: 1.01 },
    }],
    layout: layout(colors, { l: 48, r: 44, b: 30 }, {
      dragmode: false,
      xaxis: axis(colors, { ...ticks, range: [-0.5, size - 0.5], title: { text: "from", standoff: 2, font: { size: 10.5 } } }),
      yaxis: axis(colors, { ...ticks, range: [size - 0.5, -0.5], title: { text: "to", standoff: 2, font: { size: 10.5 } } }),
      shapes: lines.map((line) => ({ ...line, line: { color: colors.muted, width: 0.6 } })),
    }),
  };
}

function nodesName(k, count, width) {
  if (k === 0) return `in ${width}`;
  return k === count - 1 ? `out ${width}` : `${width}`;
}

/** Broken lines for each sign and each of a few widths. */
function edgeLines(widths, weights, largest) {
  const lines = Array.from({ length: 2 * LEVELS.length }, () => ({ x: [], y: [] }));
  const drawn = [...entries(widths, weights)].filter(([, , w]) => Math.abs(w) > 0.01 * largest);
  drawn.sort((a, b) => Math.abs(b[2]) - Math.abs(a[2]));
  for (const [, , w, layer, row, column] of drawn.slice(0, EDGES)) {
    const at = LEVELS.findIndex((level) => Math.abs(w) <= level * largest);
    const line = lines[2 * (at < 0 ? LEVELS.length - 1 : at) + (w > 0 ? 1 : 0)];
    line.x.push(layer, layer + 1, null);
    line.y.push(place(column, widths[layer]), place(row, widths[layer + 1]), null);
  }
  return lines;
}

const place = (k, width) => (width === 1 ? 0 : 1 - (2 * k) / (width - 1)) * Math.min(1, 0.25 + width / 8);

export function networkFigure(frames, weights, { colors }) {
  const lines = edgeLines(frames.widths, weights, frames.largest);
  const nodes = frames.widths.flatMap((width, layer) =>
    Array.from({ length: width }, (_, k) => [layer, place(k, width)]));
  const last = frames.widths.length - 1;
  return {
    data: [
      ...lines.map(({ x, y }, k) => ({
        x, y, mode: "lines", hoverinfo: "skip", opacity: 0.85,
        line: { width: WIDTHS[k >> 1], color: k % 2 ? colors.positive : colors.negative },
      })),
      {
        x: nodes.map(([x]) => x), y: nodes.map(([, y]) => y), mode: "markers", hoverinfo: "skip", cliponaxis: false,
        marker: { size: Math.max(4, 10 - Math.max(...frames.widths) / 6), color: colors.paper, line: { width: 1.2, color: colors.ink } },
      },
    ],
    layout: layout(colors, { l: 14, r: 14, b: 22 }, {
      dragmode: false,
      xaxis: axis(colors, {
        range: [-0.25, last + 0.25], showgrid: false, showline: false, ticks: "", fixedrange: true,
        tickvals: frames.widths.map((_, k) => k), ticktext: frames.widths.map((width, k) => nodesName(k, last + 1, width)),
      }),
      yaxis: axis(colors, { range: [-1.15, 1.15], visible: false, fixedrange: true }),
    }),
  };
}

/** What Plotly.restyle needs to move the weights on. */
export function weightsUpdate(frames, weights, asNetwork) {
  if (!asNetwork) return [{ z: [matrix(frames.widths, weights).cells] }, [0]];
  const lines = edgeLines(frames.widths, weights, frames.largest);
  return [{ x: lines.map(({ x }) => x), y: lines.map(({ y }) => y) }, lines.map((_, k) => k)];
}

/** The spectra so far and some more, with what their scale needs. */
export function joined(before, { x, n, values, note }) {
  if (note) return { note };
  const all = before?.x ? { ...before } : { x: [], rows: [], largest: 0, lowest: 0, n };
  const numbers = unpacked(values);
  x.forEach((t, k) => {
    const row = Array.from(numbers.subarray(k * n, (k + 1) * n));
    if (!row.every(Number.isFinite)) return;
    all.x.push(t);
    all.rows.push(row);
    all.lowest = Math.min(all.lowest, row[0]);
    all.largest = Math.max(all.largest, row.at(-1), -row[0]);
  });
  all.least = all.largest * 1e-3 || 1e-3;
  return all.x.length ? all : { note: "the Hessian is not finite along this run" };
}

const counted = (values, threshold) => {
  const negative = values.filter((value) => value < -threshold).length;
  const positive = values.filter((value) => value > threshold).length;
  return { negative, positive, zero: values.length - negative - positive };
};

export function inertia(values) {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return Number.isFinite(largest) ? counted(values, ZERO * largest) : null;
}

/** Signed powers of ten from `least` up, linear below: the scale of the eigenvalues. */
const scaled = (value, least) => Math.sign(value) * Math.log10(1 + Math.abs(value) / least);

function points(values, least) {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const step = Math.max(1, Math.ceil(values.length / POINTS));
  const groups = [[], [], []];
  values.forEach((value, k) => {
    if (k % step && k !== values.length - 1) return;
    const sign = Math.abs(value) <= ZERO * largest ? 1 : value < 0 ? 0 : 2;
    groups[sign].push([k, scaled(value, least)]);
  });
  return groups;
}

export function spectrumFigure(spectra, values, { colors }) {
  const { largest, least } = spectra;
  const looks = [
    { symbol: "triangle-down", color: "#d55e00" }, { symbol: "line-ew-open", color: colors.muted },
    { symbol: "circle", color: "#0072b2" },
  ];
  const ticks = [];
  for (let power = Math.ceil(Math.log10(least)); 10 ** power <= largest * 1.01; power += 1) ticks.push(10 ** power);
  const step = Math.ceil(ticks.length / 3);
  const kept = ticks.reverse().filter((_, k) => k % step === 0).reverse();
  const both = [...kept.map((tick) => -tick).reverse(), 0, ...kept];
  const top = scaled(largest, least) * 1.08;
  const bottom = Math.min(scaled(spectra.lowest, least) * 1.1, -0.12 * top);
  return {
    data: points(values, least).map((group, k) => ({
      x: group.map(([x]) => x), y: group.map(([, y]) => y), mode: "markers", hoverinfo: "skip", cliponaxis: false,
      marker: { size: values.length > 200 ? 4 : 5.5, ...looks[k] },
    })),
    layout: layout(colors, {}, {
      dragmode: false,
      xaxis: axis(colors, { range: [-0.03 * spectra.n - 0.5, 1.03 * spectra.n - 0.5], nticks: 6, fixedrange: true, showgrid: false, title: { text: "eigenvalues, ascending", standoff: 4, font: { size: 10.5 } } }),
      yaxis: axis(colors, {
        range: [bottom, top], tickvals: both.map((tick) => scaled(tick, least)), fixedrange: true,
        ticktext: both.map((tick) => (tick ? powerName(tick) : "0")), title: { text: "Hessian eigenvalue", standoff: 4, font: { size: 10.5 } },
      }),
      shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: 0, y1: 0, layer: "below", line: { color: colors.muted, width: 0.8 } }],
    }),
  };
}

export function spectrumUpdate(spectra, values) {
  const groups = points(values, spectra.least);
  return [
    { x: groups.map((group) => group.map(([x]) => x)), y: groups.map((group) => group.map(([, y]) => y)) }, [0, 1, 2],
  ];
}
