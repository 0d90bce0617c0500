// Places on the axes of a drawn chart, in pixels of its element.

const place = (axis, value) =>
  axis._offset + axis.l2p(axis.type === "log" ? Math.log10(value) : value);

/** The pixel of a time, or null outside of the view. */
export function timePixel(plot, time) {
  const axis = plot._fullLayout?.xaxis;
  if (!axis || (axis.type === "log" && !(time > 0))) return null;
  const pixel = place(axis, time);
  const start = axis._offset - 0.5, end = axis._offset + axis._length + 0.5;
  return pixel >= start && pixel <= end ? pixel : null;
}

/** The pixels of a stretch of time, cut to the view; null if none of it is seen. */
export function timeSpan(plot, from, to) {
  const axis = plot._fullLayout?.xaxis;
  if (!axis) return null;
  const log = axis.type === "log";
  const start = axis._offset, end = axis._offset + axis._length;
  const left = log && !(from > 0) ? start : Math.max(place(axis, from), start);
  const right = log && !(to > 0) ? start : Math.min(place(axis, to), end);
  return right > left ? [left, right] : null;
}

/** The time under a pixel, or null beside the axes. */
export function pixelTime(plot, pixel) {
  const axis = plot._fullLayout?.xaxis;
  if (!axis) return null;
  const along = pixel - axis._offset;
  if (along < -4 || along > axis._length + 4) return null;
  const value = axis.p2l(Math.min(Math.max(along, 0), axis._length));
  return axis.type === "log" ? 10 ** value : value;
}

export function point(plot, x, y) {
  const { xaxis, yaxis } = plot._fullLayout ?? {};
  return xaxis && yaxis ? [place(xaxis, x), place(yaxis, y)] : null;
}

export function frameOf(plot) {
  const size = plot._fullLayout?._size;
  return size ? { left: size.l, top: size.t, width: size.w, height: size.h } : null;
}

/** The horizontal pixel of an event in the element of a chart. */
export const inside = (plot, event) => event.clientX - plot.getBoundingClientRect().left;
