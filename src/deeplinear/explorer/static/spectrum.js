// The eigenvalues of the Hessian at the cursor: negative, zero and positive ones.

import { written } from "deeplinear-explorer/dom.js";
import { unpacked } from "deeplinear-explorer/frames.js";
import { axis, layout, powerName, title } from "deeplinear-explorer/layout.js";

const POINTS = 500; // eigenvalues drawn at most
const LINEAR = 0.4; // decades that the linear part of the height takes on each side

/** The spectra so far and some more, with what their scale needs. */
export function joined(before, { x, n, values, note }) {
  if (note) return { note };
  const all = before?.x ? { ...before } : { x: [], rows: [], largest: 0, lowest: 0, smallest: Infinity, n };
  const numbers = unpacked(values);
  x.forEach((t, k) => {
    const row = Array.from(numbers.subarray(k * n, (k + 1) * n));
    if (!row.every(Number.isFinite)) return;
    all.x.push(t);
    all.rows.push(row);
    for (const value of row) if (value) all.smallest = Math.min(all.smallest, Math.abs(value));
    all.lowest = Math.min(all.lowest, row[0]);
    all.largest = Math.max(all.largest, row.at(-1), -row[0]);
  });
  // The server has set to zero what is round-off, so that no eigenvalue drawn is in the linear part.
  all.least = all.largest ? 10 ** Math.floor(Math.log10(all.smallest)) : 1;
  return all.x.length ? all : { note: "the Hessian is not finite along this run" };
}

/**
 * How many are negative, zero and positive at a place; the server has set to zero what is
 * round-off. How far down the lowest points tells a saddle from a state close to a minimum.
 */
export function inertia(values, place) {
  const negative = values.filter((value) => value < 0).length;
  const positive = values.filter((value) => value > 0).length;
  const lowest = negative ? ` (≥ ${written(values[0], 2)})` : "";
  const zero = values.length - negative - positive;
  return `${negative} negative${lowest} · ${zero} zero · ${positive} positive ${place}`;
}

/** Signed powers of ten from `least` up, linear below: the scale of the eigenvalues. */
function scaled(value, least) {
  const size = Math.abs(value) / least;
  return Math.sign(value) * (LINEAR * Math.min(size, 1) + Math.log10(Math.max(size, 1)));
}

/** Places of the negative, the zero and the positive eigenvalues. */
function points(values, least) {
  const step = Math.max(1, Math.ceil(values.length / POINTS));
  const groups = [0, 1, 2].map(() => ({ x: [], y: [] }));
  values.forEach((value, k) => {
    if (k % step && k !== values.length - 1) return;
    const group = groups[1 + Math.sign(value)];
    group.x.push(k);
    group.y.push(scaled(value, least));
  });
  return groups;
}

/** A few powers of ten, of both signs, and zero. */
function ticks({ least, largest }) {
  const powers = [];
  for (let power = Math.round(Math.log10(least)); 10 ** power <= largest * 1.01; power += 1)
    powers.push(10 ** power);
  if (powers.length > 3) powers.shift(); // no room beside zero
  const step = Math.ceil(powers.length / 3);
  const kept = powers.reverse().filter((_, k) => k % step === 0).reverse();
  const both = [...kept.map((tick) => -tick).reverse(), 0, ...kept];
  return {
    tickvals: both.map((tick) => scaled(tick, least)),
    ticktext: both.map((tick) => (tick ? powerName(tick) : "0")),
  };
}

export function spectrumFigure(spectra, values, { colors }) {
  const { n, largest, least, lowest } = spectra;
  const looks = [
    { symbol: "triangle-down", color: "#d55e00" },
    { symbol: "line-ew-open", color: colors.muted },
    { symbol: "circle", color: "#0072b2" },
  ];
  const top = scaled(largest, least) * 1.08 || 1;
  const bottom = Math.min(scaled(lowest, least) * 1.1, -0.12 * top);
  const shade = scaled(least, least);
  return {
    data: points(values, least).map((group, k) => ({
      ...group, mode: "markers", cliponaxis: false,
      marker: { size: values.length > 200 ? 4 : 5.5, ...looks[k] },
    })),
    layout: layout(colors, {}, {
      dragmode: false,
      xaxis: axis(colors, {
        range: [-0.03 * n - 0.5, 1.03 * n - 0.5], nticks: 6, fixedrange: true, showgrid: false,
        title: title("eigenvalues, ascending"),
      }),
      yaxis: axis(colors, {
        range: [bottom, top], ...ticks(spectra), fixedrange: true,
        title: title(`eigenvalue (linear to ±${powerName(least)})`),
      }),
      shapes: [{
        type: "rect", xref: "paper", x0: 0, x1: 1, y0: Math.max(-shade, bottom), y1: shade,
        layer: "below", line: { width: 0 }, fillcolor: colors.muted, opacity: 0.12,
      }, {
        type: "line", xref: "paper", x0: 0, x1: 1, y0: 0, y1: 0, layer: "below",
        line: { color: colors.muted, width: 0.8 },
      }],
    }),
  };
}

/** What Plotly.restyle needs to move the eigenvalues on. */
export function spectrumUpdate(spectra, values) {
  const groups = points(values, spectra.least);
  return [{ x: groups.map(({ x }) => x), y: groups.map(({ y }) => y) }, [0, 1, 2]];
}
