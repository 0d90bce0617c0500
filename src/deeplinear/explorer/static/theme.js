// Colors of the charts, read from the style sheet, and the switch between light and dark.

const NAMES = ["ink", "muted", "grid", "paper", "accent", "negative", "positive", "band"];

export function palette() {
  const style = getComputedStyle(document.body);
  const found = {};
  for (const name of NAMES) found[name] = style.getPropertyValue(`--dl-${name}`).trim();
  return found;
}

export const isDark = () => document.body.classList.contains("body--dark");

/** A mode's color for words: lighter on a dark ground, where its own is hard to read. */
export function readable(color) {
  if (!isDark()) return color;
  const parts = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  return `rgb(${parts.map((part) => Math.round(part + 0.35 * (255 - part))).join(",")})`;
}

/** The person's own choice, "light" or "dark", kept on this machine; null follows the system. */
export function restoreTheme() {
  let chosen = null;
  try {
    chosen = localStorage.getItem("deeplinear-theme");
  } catch {
    return; // storage is blocked
  }
  if (chosen) Quasar.Dark.set(chosen === "dark");
}

export function switchTheme() {
  const dark = !isDark();
  Quasar.Dark.set(dark);
  try {
    localStorage.setItem("deeplinear-theme", dark ? "dark" : "light");
  } catch {
    // the choice lasts as long as the page
  }
}

export function onThemeChange(callback) {
  let before = isDark();
  new MutationObserver(() => {
    if (isDark() === before) return;
    before = isDark();
    callback();
  }).observe(document.body, { attributes: true, attributeFilter: ["class"] });
}
