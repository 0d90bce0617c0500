// The panels against time: what Plotly draws for the loss, the strengths and the drift.

import { written } from "deeplinear-explorer/dom.js";
import { readable } from "deeplinear-explorer/theme.js";

export const FONT = "Roboto, system-ui, sans-serif";
const SMALL = 10.5;

/** The layout that all charts share. */
export function layout(colors, margin, extra = {}) {
  return {
    margin: { l: 48, r: 12, t: 6, b: 30, ...margin },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: FONT, size: SMALL, color: colors.ink },
    showlegend: false,
    hovermode: false,
    dragmode: "zoom",
    ...extra,
  };
}

export function axis(colors, extra = {}) {
  return {
    gridcolor: colors.grid,
    linecolor: colors.muted,
    tickcolor: colors.muted,
    zeroline: false,
    showline: true,
    ticks: "outside",
    ticklen: 3,
    exponentformat: "power",
    minexponent: 4,
    automargin: false,
    title: { standoff: 4 },
    ...extra,
  };
}

const title = (text) => ({ text, standoff: 4, font: { size: SMALL } });
const logRange = ([low, high]) => [Math.log10(low), Math.log10(high)];

/** Ticks of a logarithmic axis: powers of ten, or 1, 2, 5 where they are few. */
function logTicks([low, high]) {
  const decades = Math.log10(high / low);
  const steps = decades < 0.9 ? [1, 2, 3, 4, 5, 7] : decades < 2.4 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(decades / 6));
  const tickvals = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1)
    if (power % every === 0) tickvals.push(...steps.map((step) => step * 10 ** power));
  return { tickvals, ticktext: tickvals.map((value) => powerName(value)) };
}

/** 0.01 to 5000 as they are, else a power of ten. */
export function powerName(value) {
  const size = Math.abs(value), sign = value < 0 ? "−" : "";
  if (size >= 0.0099 && size < 9999) return sign + Number(size.toPrecision(3));
  const power = Math.floor(Math.log10(size) + 1e-9), mantissa = Math.round(size / 10 ** power);
  return `${sign}${mantissa === 1 ? "" : `${mantissa}·`}10<sup>${String(power).replace("-", "−")}</sup>`;
}

function logAxis(colors, limits, extra) {
  return axis(colors, { type: "log", range: logRange(limits), ...logTicks(limits), ...extra });
}

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

const few = (x) => (x.length < 3 ? "lines+markers" : "lines");

export function loss(view, context) {
  const { colors, height, limits } = context;
  const panel = view.loss;
  const range = context.lossLimits ?? panel.limits;
  const [low, high] = range ? logRange(range) : [0, 1];
  const scale = (y) => (Math.log10(y) - low) / (high - low);
  const marks = (view.visits ?? []).filter((visit) => visit.stay !== "passed" && visit.gap > 0);
  const optimum = panel.optimum ? `<i>L</i> − ${written(panel.optimum)}` : "loss <i>L</i>";
  return {
    data: [
      { x: view.time.x, y: panel.y, mode: few(view.time.x), line: { color: colors.ink, width: 1.8 } },
      {
        x: marks.map((visit) => Math.max(visit.t_closest, limits[0])), y: marks.map((visit) => visit.gap),
        mode: "markers", marker: { color: colors.ink, size: 6 }, cliponaxis: false,
      },
    ],
    layout: layout(colors, { r: 50 }, {
      xaxis: timeAxis(colors, view.time, limits, context.zoom),
      yaxis: range ? logAxis(colors, range, { fixedrange: true, title: title(optimum) })
        : axis(colors, { fixedrange: true, showticklabels: false, range: [0, 1], title: title(optimum) }),
      shapes: panel.levels.map(({ gap, seen }) => level(gap, colors.muted, seen ? "solid" : "dot")),
      annotations: marginLabels(panel.levels.map(({ gap, name, seen }) => ({
        y: gap, at: Math.log10(gap), text: name.length > 8 ? `${name.slice(0, 7)}…` : name, weight: seen ? 2 : 1,
        color: seen ? colors.ink : colors.muted,
      })), scale, height),
    }),
  };
}

export function strengths(view, context) {
  const { colors, height, limits } = context;
  const panel = view.strengths;
  const range = panel.limits ?? [0, 1];
  const scale = (y) => (y - range[0]) / (range[1] - range[0]);
  return {
    data: panel.series.map(({ y, color, dash }) => ({
      x: view.time.x, y, mode: few(view.time.x), line: { color, dash, width: 1.8 },
    })),
    layout: layout(colors, { r: 50 }, {
      xaxis: timeAxis(colors, view.time, limits, context.zoom),
      yaxis: axis(colors, {
        range, fixedrange: true, nticks: 6, title: title("strength <i>p<sub>k</sub></i>"),
      }),
      shapes: panel.series.map(({ s, color }) => level(s, color, "dot")),
      annotations: marginLabels(panel.series.map(({ k, s, color }) => ({
        y: s, text: `mode ${k}`, weight: -k, color: readable(color),
      })), scale, height),
    }),
  };
}

export function drift(view, context) {
  const { colors, height, limits } = context;
  const panel = view.drift;
  const [low, high] = logRange(panel.limits);
  const scale = (y) => (Math.log10(y) - low) / (high - low);
  return {
    data: [{ x: view.time.x, y: panel.y, mode: few(view.time.x), line: { color: colors.ink, width: 1.6 } }],
    layout: layout(colors, { r: 50 }, {
      xaxis: timeAxis(colors, view.time, limits, context.zoom),
      yaxis: logAxis(colors, panel.limits, { fixedrange: true, title: title("drift of the laws") }),
      shapes: panel.references.map(({ y }) => level(y, colors.muted, "solid")),
      annotations: marginLabels(panel.references.map(({ y, name }) => ({
        y, at: Math.log10(y), text: name, weight: 1, color: colors.muted,
      })), scale, height),
    }),
  };
}
