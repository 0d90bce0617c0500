// The weights at the cursor, as a layered network or as the adjacency matrix.

import { axis, layout, title } from "deeplinear-explorer/layout.js";

const CELLS = 240; // rows and columns of the matrix at most
const EDGES = 1500; // drawn in the network at most
const NODES = 40; // in the widest layer of a network that is drawn
const LEVELS = [0.12, 0.3, 0.55, 0.8, 1]; // of |weight| / largest: one line width for each
const WIDTHS = [0.4, 0.9, 1.7, 2.8, 4.2];

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
  const ticks = {
    tickvals: centers, ticktext: names, showgrid: false, ticks: "", fixedrange: true,
    showline: false,
  };
  return {
    data: [{
      type: "heatmap", z: cells, zmin: -frames.largest, zmax: frames.largest, hoverinfo: "skip",
      colorscale: [[0, colors.negative], [0.5, colors.paper], [1, colors.positive]],
      colorbar: {
        thickness: 8, outlinewidth: 0, tickfont: { size: 10 }, nticks: 5, len: 1, x: 1.01,
      },
    }],
    layout: layout(colors, { l: 48, r: 44, b: 30 }, {
      dragmode: false,
      xaxis: axis(colors, { ...ticks, range: [-0.5, size - 0.5], title: title("from") }),
      yaxis: axis(colors, { ...ticks, range: [size - 0.5, -0.5], title: title("to") }),
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

/** The height of a node in its layer; small layers are drawn closer together. */
const place = (k, width) =>
  width === 1 ? 0 : (1 - (2 * k) / (width - 1)) * Math.min(1, 0.25 + width / 8);

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
        x: nodes.map(([x]) => x), y: nodes.map(([, y]) => y), mode: "markers", cliponaxis: false,
        marker: {
          size: Math.max(4, 10 - Math.max(...frames.widths) / 6),
          color: colors.paper, line: { width: 1.2, color: colors.ink },
        },
      },
    ],
    layout: layout(colors, { l: 14, r: 14, b: 22 }, {
      dragmode: false,
      xaxis: axis(colors, {
        range: [-0.25, last + 0.25], showgrid: false, showline: false, ticks: "", fixedrange: true,
        tickvals: frames.widths.map((_, k) => k),
        ticktext: frames.widths.map((width, k) => nodesName(k, last + 1, width)),
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
