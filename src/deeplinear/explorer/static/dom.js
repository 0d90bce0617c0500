// Elements of the page.

/** An element with attributes ("on..." are listeners, "text" is its text) and children. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** Names with what they stand for. */
export const listing = (rows) => make("dl", {}, ...rows.flatMap(([name, value]) => [
  make("dt", { text: name }), make("dd", { text: String(value) }),
]));

/** A number for people: three or four digits, a power of ten where it is shorter. */
export function written(value, digits = 4) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return value;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) {
    const [mantissa, exponent] = value.toExponential(Math.min(digits, 3) - 1).split("e");
    const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
    return `${short}e${Number(exponent)}`.replace("-", "−").replace("e-", "e−");
  }
  return Number(value.toPrecision(digits)).toString().replace("-", "−");
}

export const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Calls at most once a frame, with the latest arguments. */
export function perFrame(callback) {
  let pending = null;
  return (...args) => {
    if (pending === null) requestAnimationFrame(() => {
      const latest = pending;
      pending = null;
      callback(...latest);
    });
    pending = args;
  };
}
