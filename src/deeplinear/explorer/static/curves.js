// The panels against time: what Plotly draws for the loss, the strengths and the drift.

import { written } from "deeplinear-explorer/dom.js";
import { axis, layout, logAxis, logRange, title } from "deeplinear-explorer/layout.js";
import { readable } from "deeplinear-explorer/theme.js";

const RIGHT = 58; // margin for labels, the same in all panels, so that times stand above one another

/** The axis of time, from the view's or the shared limits, or the part that is zoomed in on. */
export function timeAxis(colors, time, limits, zoom) {
  const shown = zoom ?? limits;
  const text = time.backward ? "time backward, −<i>t</i>" : "time <i>t</i>";
  return time.log
    ? logAxis(colors, shown, { title: title(text) })
    : axis(colors, { range: shown, title: title(text), nticks: 7 });
}

/** Labels in the right margin, those that matter first, none on top of another. */
function marginLabels(labels, scale, height) {
  const taken = [];
  const kept = [];
  for (const label of [...labels].sort((a, b) => b.weight - a.weight)) {
    const y = scale(label.y) * height;
    if (!(y > -4 && y < height + 4) || taken.some((other) => Math.abs(other - y) < 11)) continue;
    taken.push(y);
    kept.push({
      x: 1, xref: "paper", xanchor: "left", xshift: 3, y: label.at ?? label.y, yanchor: "middle",
      text: label.text, showarrow: false, font: { size: 10, color: label.color },
    });
  }
  return kept;
}

const level = (y, color, dash, width = 0.8) => ({
  type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, layer: "below",
  line: { color, width, dash },
});

/** A line; with markers where there are too few points for one. */
const curve = (x, y, line) => ({ x, y, mode: x.length < 3 ? "lines+markers" : "lines", line });

const shortened = (name) => (name.length > 8 ? `${name.slice(0, 7)}…` : name);

export function loss(view, context) {
  const { colors, height, limits } = context;
  const panel = view.loss;
  const range = context.range ?? panel.limits;
  const [low, high] = range ? logRange(range) : [0, 1];
  const scale = (y) => (Math.log10(y) - low) / (high - low);
  const marks = (view.visits ?? []).filter((visit) => visit.stay !== "passed" && visit.gap > 0);
  const optimum = panel.optimum ? `<i>L</i> − ${written(panel.optimum)}` : "loss <i>L</i>";
  return {
    data: [
      curve(view.time.x, panel.y, { color: colors.ink, width: 1.8 }),
      {
        x: marks.map((visit) => Math.max(visit.t_closest, limits[0])),
        y: marks.map((visit) => visit.gap),
        mode: "markers", marker: { color: colors.ink, size: 6 }, cliponaxis: false,
      },
    ],
    layout: layout(colors, { r: RIGHT }, {
      xaxis: timeAxis(colors, view.time, limits, context.zoom),
      yaxis: range
        ? logAxis(colors, range, { fixedrange: true, title: title(optimum) })
        : axis(colors, { fixedrange: true, showticklabels: false, title: title(optimum) }),
      shapes: panel.levels.map(({ gap, seen }) => level(gap, colors.muted, seen ? "solid" : "dot")),
      annotations: marginLabels(panel.levels.map(({ gap, name, seen }) => ({
        y: gap, at: Math.log10(gap), text: shortened(name), weight: seen ? 2 : 1,
        color: seen ? colors.ink : colors.muted,
      })), scale, height),
    }),
  };
}

/** Modes with the same strength to learn have one label: "modes 2, 3", "modes 4–7". */
function modeLabels(series) {
  const groups = [];
  for (const one of series) {
    const last = groups.at(-1);
    if (last && Math.abs(last[0].s - one.s) <= 1e-6 * last[0].s) last.push(one);
    else groups.push([one]);
  }
  return groups.map((group) => {
    const [{ k, s, color }] = group, end = group.at(-1).k;
    const names = end === k ? `mode ${k}` : end === k + 1 ? `${k}, ${end}` : `${k}–${end}`;
    return {
      y: s, text: end === k ? names : `modes ${names}`, weight: -k, color: readable(color),
    };
  });
}

export function strengths(view, context) {
  const { colors, height, limits } = context;
  const panel = view.strengths;
  const range = context.range ?? panel.limits ?? [0, 1];
  const scale = (y) => (y - range[0]) / (range[1] - range[0]);
  return {
    data: panel.series.map(({ y, color, dash }) =>
      curve(view.time.x, y, { color, dash, width: 1.8 })),
    layout: layout(colors, { r: RIGHT }, {
      xaxis: timeAxis(colors, view.time, limits, context.zoom),
      yaxis: axis(colors, {
        range, fixedrange: true, nticks: 6, title: title("strength <i>p<sub>k</sub></i>"),
      }),
      shapes: panel.series.map(({ s, color }) => level(s, color, "dot")),
      annotations: marginLabels(modeLabels(panel.series), scale, height),
    }),
  };
}

export function drift(view, context) {
  const { colors, height, limits } = context;
  const panel = view.drift;
  const range = context.range ?? panel.limits;
  const [low, high] = logRange(range);
  const scale = (y) => (Math.log10(y) - low) / (high - low);
  return {
    data: [curve(view.time.x, panel.y, { color: colors.ink, width: 1.6 })],
    layout: layout(colors, { r: RIGHT }, {
      xaxis: timeAxis(colors, view.time, limits, context.zoom),
      yaxis: logAxis(colors, range, { fixedrange: true, title: title("drift of the laws") }),
      shapes: panel.references.map(({ y }) => level(y, colors.muted, "solid")),
      annotations: marginLabels(panel.references.map(({ y, name }) => ({
        y, at: Math.log10(y), text: name, weight: 1, color: colors.muted,
      })), scale, height),
    }),
  };
}
