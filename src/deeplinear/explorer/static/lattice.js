// The saddle lattice: classes by learned modes and loss, the orbits between them, the run's path.

import { written } from "deeplinear-explorer/dom.js";
import { axis, layout, title } from "deeplinear-explorer/layout.js";
import { isDark } from "deeplinear-explorer/theme.js";

const SYMBOLS = {
  "global minimum": "star", "strict saddle": "triangle-down", "non-strict saddle": "diamond",
};
const SIZES = { "global minimum": 11, "strict saddle": 7.5, "non-strict saddle": 8 };

/** Heights are on a square-root scale, which has room for the optimum itself. */
export const height = (gap) => Math.sqrt(Math.max(gap ?? 0, 0));

export const kindColor = (kind, colors) =>
  ({ "global minimum": colors.ink, "non-strict saddle": "#e69f00" })[kind] ?? colors.muted;

/** What the marks stand for, of those that are drawn, and what is left out. */
export function legend({ nodes = [], remark = "" }) {
  const signs = {
    "global minimum": "★ minimum", "strict saddle": "▼ strict", "non-strict saddle": "◆ non-strict",
  };
  const kinds = Object.keys(signs).filter((kind) => nodes.some((node) => node.kind === kind));
  return [...kinds.map((kind) => signs[kind]), remark].filter(Boolean).join(" · ");
}

export function lattice(view, { colors, width, height: tall }) {
  const panel = view.lattice;
  if (!panel?.nodes) return null;
  const { nodes, edges, path } = panel;
  const top = Math.max(...nodes.map((node) => height(node.gap))) || 1;
  const [left, right] = panel.x_limits;
  const shown = nodes.filter((node, k) => nodes.length <= 34 || panel.important.includes(k));
  const ticks = panel.ticks
    ? { tickvals: panel.ticks.map(height), ticktext: panel.ticks.map((tick) => written(tick)) }
    : { showticklabels: false };
  const room = { left, right: right + 0.1, top, width, height: tall };
  return {
    data: [...orbits(nodes, edges), ...marks(nodes, colors)],
    layout: layout(colors, { r: 12 }, {
      dragmode: false,
      xaxis: axis(colors, {
        range: [left, right + 0.1], tick0: 0, dtick: Math.max(1, Math.ceil((right - left) / 12)),
        fixedrange: true, showgrid: false, title: title("number of learned modes"),
      }),
      yaxis: axis(colors, {
        range: [-0.08 * top, 1.1 * top], ...ticks, fixedrange: true, showgrid: false,
        title: title("loss above the optimum"),
      }),
      annotations: [
        ...steps(nodes, path, view.visits ?? [], colors),
        ...labels(shown, nodes, room).map(({ node, dx, dy, anchor }) => ({
          x: node.x, y: height(node.gap), text: node.name, showarrow: false,
          xanchor: anchor, xshift: dx, yshift: dy,
          font: { size: 10, color: node.visited ? colors.ink : colors.muted },
        })),
      ],
    }),
  };
}

const PLACES = [
  [8, 7, "left"], [8, -7, "left"], [-8, -8, "right"], [-8, 8, "right"],
  [0, -14, "center"], [0, 14, "center"],
];

const overlap = (a, b) => a[0] < b[1] && b[0] < a[1] && a[2] < b[3] && b[2] < a[3];

/** The names that find room beside their nodes, visited ones first. */
function labels(shown, nodes, { left, right, top, width, height: tall }) {
  const pixel = (node) => [
    (width * (node.x - left)) / (right - left),
    tall - (tall * (height(node.gap) + 0.08 * top)) / (1.18 * top),
  ];
  const taken = nodes.map((node) => {
    const [x, y] = pixel(node);
    return [x - 5, x + 5, y - 5, y + 5];
  });
  const found = [];
  for (const node of [...shown].sort((a, b) => b.visited - a.visited)) {
    const [x, y] = pixel(node), wide = 5.4 * node.name.length + 2;
    for (const [dx, dy, anchor] of PLACES) {
      const start = x + dx - { left: 0, center: wide / 2, right: wide }[anchor];
      const box = [start, start + wide, y - dy - 6, y - dy + 6];
      if (box[1] > width + 10 || taken.some((one) => overlap(box, one))) continue;
      taken.push(box);
      found.push({ node, dx, dy, anchor });
      break;
    }
  }
  return found;
}

/** One broken line for each look of an orbit. */
function orbits(nodes, edges) {
  const byLook = new Map();
  for (const { ends, color, dash } of edges) {
    const key = `${color} ${dash}`;
    if (!byLook.has(key)) byLook.set(key, { x: [], y: [], color, dash });
    const line = byLook.get(key);
    line.x.push(nodes[ends[0]].x, nodes[ends[1]].x, null);
    line.y.push(height(nodes[ends[0]].gap), height(nodes[ends[1]].gap), null);
  }
  return [...byLook.values()].map(({ x, y, color, dash }) => ({
    x, y, mode: "lines", opacity: isDark() ? 0.65 : 0.45, line: { color, dash, width: 1 },
  }));
}

function marks(nodes, colors) {
  return [{
    x: nodes.map((node) => node.x), y: nodes.map((node) => height(node.gap)),
    mode: "markers", cliponaxis: false,
    marker: {
      symbol: nodes.map((node) => SYMBOLS[node.kind] ?? "circle-open"),
      size: nodes.map((node) => SIZES[node.kind] ?? 8), opacity: 1,
      color: nodes.map((node) => kindColor(node.kind, colors)),
    },
  }];
}

/** Arrows from each class that the run visits to the next; thin where it passed without waiting. */
function steps(nodes, path, visits, colors) {
  const found = [];
  for (let j = 1; j < path.length; j += 1) {
    const from = nodes[path[j - 1].node], to = nodes[path[j].node];
    if (!from || !to || from === to) continue;
    found.push({
      x: to.x, y: height(to.gap), ax: from.x, ay: height(from.gap), axref: "x", ayref: "y",
      text: "",
      showarrow: true, arrowhead: 2, arrowsize: 0.9,
      arrowwidth: [j - 1, j].some((k) => visits[k]?.stay === "passed") ? 1.1 : 2.4,
      standoff: 6, startstandoff: 6,
      arrowcolor: path[j].color ?? colors.ink,
    });
  }
  return found;
}
