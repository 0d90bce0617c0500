// The frame of one chart: its head with what is read off, its overlays, its exports.

import { make, written } from "deeplinear-explorer/dom.js";

export const PANELS = [
  { name: "loss", title: "Loss", about: "loss above the optimum against time" },
  { name: "strengths", title: "Mode strengths", about: "strength of every mode against time" },
  { name: "lattice", title: "Saddle lattice", about: "critical points, and the path of the run" },
  { name: "network", title: "Network", about: "weights at the time of the cursor" },
  { name: "spectrum", title: "Hessian spectrum", about: "eigenvalues at the time of the cursor" },
  { name: "drift", title: "Conservation", about: "drift of the conservation laws against time" },
];
const FORMATS = ["png", "svg", "pdf"];

export class Panel {
  constructor(name, board) {
    const { title, about } = PANELS.find((one) => one.name === name);
    this.name = name;
    this.about = about;
    this.drawn = false;
    this.title = make("h3", { text: title });
    this.reading = make("span", { class: "dl-reading" });
    this.plot = make("div", { class: "dl-plot", role: "img", "aria-label": about });
    this.line = make("div", { class: "dl-cursor", "aria-hidden": "true" });
    this.shade = make("div", { class: "dl-shade", "aria-hidden": "true" });
    this.rings = Object.fromEntries(["here", "hot"].map(
      (kind) => [kind, make("div", { class: `dl-ring ${kind}` })]));
    this.overlays = [this.shade, this.line, this.rings.here, this.rings.hot];
    this.words = make("p", { class: "dl-note" });
    this.tools = make("span", { class: "dl-tools" }, ...this.buttons(name, board));
    this.element = make(
      "article", { class: "dl-panel", "data-panel": name, "aria-label": title },
      make("header", {}, this.title, this.reading, this.tools),
      make("div", { class: "dl-chart" }, this.plot, ...this.overlays, this.words),
    );
    this.note("");
    this.hideOverlays();
  }

  buttons(name, board) {
    const toggle = name === "network" && make("button", {
      type: "button", class: "dl-toggle", text: "matrix",
      "aria-label": "Show the weights as a matrix",
      onclick: (event) => {
        board.asNetwork = !board.asNetwork;
        const other = board.asNetwork ? "matrix" : "network";
        event.target.textContent = other;
        event.target.setAttribute("aria-label", `Show the weights as a ${other}`);
        this.at = undefined;
        board.draw(["network"]);
      },
    });
    const exports = FORMATS.map((format) => make("button", {
      type: "button", class: "dl-save", text: format,
      "aria-label": `Save this picture as ${format.toUpperCase()}`,
      onclick: () => board.page.save(board, name, format),
    }));
    const large = make("button", {
      type: "button", class: "dl-enlarge", text: "⤢", "aria-label": "Enlarge this panel",
      "aria-pressed": "false",
      onclick: (event) => {
        const on = this.element.classList.toggle("large");
        board.element.classList.toggle("enlarged", on);
        event.target.setAttribute("aria-pressed", String(on));
        board.draw();
      },
    });
    return [...exports, toggle, large].filter(Boolean);
  }

  hideOverlays() {
    for (const overlay of this.overlays) overlay.hidden = true;
  }

  note(text) {
    this.words.textContent = text || "";
    this.words.hidden = !text;
    if (text) {
      this.read("");
      this.plot.setAttribute("aria-label", `${this.about}: ${text}`);
      this.hideOverlays();
    }
  }

  read(html) {
    if (this.reading.innerHTML === html) return;
    this.reading.innerHTML = html;
    this.reading.title = this.reading.textContent; // where it is cut off
  }

  /** Moves the time line to a pixel; null hides it. */
  cursor(pixel, frame) {
    this.line.hidden = pixel === null;
    if (pixel === null) return;
    if (frame) {
      this.line.style.top = `${frame.top}px`;
      this.line.style.height = `${frame.height}px`;
    }
    this.line.style.transform = `translateX(${pixel.toFixed(1)}px)`;
  }

  band(span, frame) {
    this.shade.hidden = !span;
    if (!span) return;
    Object.assign(this.shade.style, {
      top: `${frame.top}px`, height: `${frame.height}px`, width: `${span[1] - span[0]}px`,
      transform: `translateX(${span[0].toFixed(1)}px)`,
    });
  }

  ring(which, place) {
    this.rings[which].hidden = !place;
    if (!place) return;
    const [x, y] = place.map((pixel) => pixel.toFixed(1));
    this.rings[which].style.transform = `translate(${x}px, ${y}px)`;
  }

  /** Dragging the time line. */
  grip(move) {
    this.line.addEventListener("pointerdown", (event) => {
      this.line.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    this.line.addEventListener("pointermove", (event) => {
      if (this.line.hasPointerCapture(event.pointerId)) move(event);
    });
  }

  describe(view) {
    const y = view[this.name]?.y;
    if (!y) return;
    const seen = y.filter((value) => value !== null);
    if (!seen.length) return;
    const ends = `from ${written(seen[0], 3)} to ${written(seen.at(-1), 3)}`;
    this.plot.setAttribute("aria-label", `${this.about}, ${ends}`);
  }
}
