// The look that all charts share: margins, fonts, axes and their ticks.

const FONT = "Roboto, system-ui, sans-serif";
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

const NOMINAL = [440, 230], LARGEST = 1.8; // pixels that the looks are made for

/** How much larger than the nominal size a chart of this size is to be written and drawn. */
export const magnification = (width, height) =>
  Math.min(Math.max(Math.min(width / NOMINAL[0], height / NOMINAL[1]), 1), LARGEST);

/** Writes and draws a figure larger: an enlarged panel is read from the last row. */
export function magnify({ data, layout: look }, by) {
  const scale = (object, ...names) => names.forEach((name) => {
    if (typeof object?.[name] === "number") object[name] *= by;
  });
  for (const { line, marker, colorbar } of data) {
    scale(line, "width");
    scale(marker, "size");
    scale(marker?.line, "width");
    scale(colorbar, "thickness");
    scale(colorbar?.tickfont, "size");
    if (Array.isArray(marker?.size)) marker.size = marker.size.map((size) => size * by);
  }
  scale(look.font, "size");
  scale(look.margin, "l", "r", "t", "b");
  for (const one of [look.xaxis, look.yaxis]) {
    scale(one?.title?.font, "size");
    scale(one?.title, "standoff");
  }
  for (const note of look.annotations ?? []) {
    scale(note.font, "size");
    scale(note, "xshift", "yshift", "arrowwidth", "standoff", "startstandoff");
  }
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

export const title = (text) => ({ text, standoff: 4, font: { size: SMALL } });
export const logRange = ([low, high]) => [Math.log10(low), Math.log10(high)];

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
  const factor = mantissa === 1 ? "" : `${mantissa}·`;
  return `${sign}${factor}10<sup>${String(power).replace("-", "−")}</sup>`;
}

export function logAxis(colors, limits, extra) {
  return axis(colors, { type: "log", range: logRange(limits), ...logTicks(limits), ...extra });
}
