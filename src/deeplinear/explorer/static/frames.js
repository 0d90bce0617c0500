// What is known at many times, and which of these times is nearest to the cursor.

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
