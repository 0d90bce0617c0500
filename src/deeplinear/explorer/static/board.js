// The six panels of one run: drawn from its view, with the overlays that the cursor moves.

import * as curves from "deeplinear-explorer/curves.js";
import * as frames from "deeplinear-explorer/frames.js";
import { frameOf, pixelTime, point, timePixel, timeSpan } from "deeplinear-explorer/axes.js";
import { make, perFrame, written } from "deeplinear-explorer/dom.js";
import { height, lattice } from "deeplinear-explorer/lattice.js";
import { palette } from "deeplinear-explorer/theme.js";
import { PANELS, Panel } from "deeplinear-explorer/panel.js";

export const TIMED = ["loss", "strengths", "drift"];
const CONFIG = { displayModeBar: false, doubleClick: false, responsive: false, scrollZoom: false };
const HEAVY = 70; // milliseconds between two updates of what follows the cursor

export class Board {
  constructor(slot, page) {
    this.slot = slot;
    this.page = page;
    this.view = null;
    this.asNetwork = true;
    this.heading = make("h2", { class: "dl-board-title" });
    this.element = make("section", { class: "dl-board", "data-slot": slot, "aria-label": "run" }, this.heading);
    this.panels = {};
    for (const { name } of PANELS) {
      this.panels[name] = new Panel(name, this);
      this.element.append(this.panels[name].element);
    }
    for (const name of TIMED) this.listen(this.panels[name]);
    this.listenLattice();
    this.resized = new ResizeObserver(perFrame(() => this.draw()));
    this.resized.observe(this.element);
  }

  remove() {
    this.resized.disconnect();
    for (const panel of Object.values(this.panels)) window.Plotly?.purge(panel.plot);
    this.element.remove();
  }

  /** A finished or a streamed run. What comes later stays as it was, faded, until it comes. */
  show(view) {
    const before = this.view;
    this.view = view;
    if (view.partial || !view.time) this.frames = this.spectra = null;
    const same = before?.run === view.run && !before.partial;
    this.fade("lattice", !view.visits);
    this.fade("network", this.frames?.run !== view.run);
    this.fade("spectrum", this.spectra?.run !== view.run);
    if (view.partial || !before || before.partial) this.draw();
    else this.draw([...(same ? ["loss"] : TIMED), ...(view.visits ? ["lattice"] : [])]);
  }

  fade(name, faded) {
    this.panels[name].element.classList.toggle("stale", faded && !this.view.partial);
  }

  showFrames({ run, weights, spectra }) {
    if (run !== this.view?.run) return;
    if (weights) this.keepWeights(run, weights);
    if (spectra) this.keepSpectra(run, spectra);
  }

  keepWeights(run, weights) {
    if (!weights.note) weights.values = frames.unpacked(weights.weights);
    this.frames = { ...weights, run };
    this.fade("network", false);
    this.draw(["network"]);
  }

  keepSpectra(run, part) {
    const before = this.spectra?.run === run ? this.spectra : null;
    this.spectra = { ...frames.joined(before, part), run };
    this.fade("spectrum", false);
    this.draw(["spectrum"]);
  }

  draw(names = PANELS.map(({ name }) => name)) {
    if (!this.view || !window.Plotly || !this.element.isConnected) return;
    this.colors = palette();
    for (const name of names) this.drawOne(name);
    this.follow(this.page.cursor.time, true);
    this.page.drawn(this);
  }

  drawOne(name) {
    const panel = this.panels[name];
    const { figure, note } = this.figure(name, panel);
    panel.note(note);
    if (!figure || panel.plot.clientHeight < 40) {
      if (panel.drawn) window.Plotly.purge(panel.plot);
      panel.drawn = false;
      return;
    }
    figure.layout.width = panel.plot.clientWidth;
    figure.layout.height = panel.plot.clientHeight;
    const data = figure.data.map((trace) => ({ type: "scatter", hoverinfo: "skip", ...trace }));
    window.Plotly.react(panel.plot, data, figure.layout, CONFIG);
    if (!panel.drawn && TIMED.includes(name)) this.listenZoom(panel.plot);
    panel.drawn = true;
    panel.describe(this.view);
  }

  figure(name, panel) {
    const view = this.view;
    const context = {
      colors: this.colors, width: Math.max(panel.plot.clientWidth - 60, 10),
      height: Math.max(panel.plot.clientHeight - 36, 10), zoom: this.page.zoom,
      limits: this.page.limits(this), lossLimits: this.page.lossLimits(),
    };
    if (TIMED.includes(name)) {
      const note = view[name]?.note;
      return note || !view[name] ? { note: note ?? this.later() } : { figure: curves[name](view, context) };
    }
    if (name === "lattice") {
      const figure = lattice(view, context);
      panel.read(view.lattice?.remark ?? "");
      return { figure, note: view.lattice?.note ?? this.later() };
    }
    if (name === "network") return this.networkFigure(context);
    return this.spectrumFigure(context);
  }

  later() {
    return this.view.partial ? "follows when the run has ended" : "";
  }

  networkFigure(context) {
    const all = this.frames;
    if (!all || all.note) return { note: all ? all.note : this.later() };
    const network = this.asNetwork && frames.canDrawNetwork(all.widths);
    this.networkDrawn = network;
    const draw = network ? frames.networkFigure : frames.matrixFigure;
    this.panels.network.at = frames.nearest(all.x, this.page.cursor.time, this.view.time.log);
    return { figure: draw(all, this.weightsAt(this.page.cursor.time), context) };
  }

  spectrumFigure(context) {
    if (!this.spectra || this.spectra.note) return { note: this.spectra ? this.spectra.note : this.later() };
    const values = this.eigenvaluesAt(this.page.cursor.time);
    this.panels.spectrum.at = values;
    return { figure: frames.spectrumFigure(this.spectra, values, context) };
  }

  weightsAt(t) {
    const all = this.frames;
    const k = frames.nearest(all.x, t, this.view.time.log);
    const n = all.values.length / all.x.length;
    return all.values.subarray(k * n, (k + 1) * n);
  }

  eigenvaluesAt(t) {
    return this.spectra.rows[frames.nearest(this.spectra.x, t, this.view.time.log)];
  }

  /** Moves the overlays to a time at once, and the heavy panels a little later. */
  follow(t, now = false) {
    if (!this.view?.time) return;
    for (const name of TIMED) {
      const panel = this.panels[name];
      if (panel.drawn) panel.cursor(timePixel(panel.plot, t), frameOf(panel.plot));
    }
    this.readOut(t);
    this.ringAt(t);
    if (now) this.followHeavy(t);
    else if (!this.pending) this.pending = setTimeout(() => {
      this.pending = null;
      this.followHeavy(this.page.cursor.time);
    }, HEAVY);
  }

  followHeavy(t) {
    const { network, spectrum } = this.panels;
    if (network.drawn && this.frames?.values) {
      const k = frames.nearest(this.frames.x, t, this.view.time.log);
      if (k !== network.at) {
        window.Plotly.restyle(network.plot, ...frames.weightsUpdate(this.frames, this.weightsAt(t), this.networkDrawn));
        network.at = k;
      }
      network.read(`largest |<i>w</i>| ${written(this.frames.largest, 3)}`);
    }
    if (spectrum.drawn && this.spectra?.rows) {
      const values = this.eigenvaluesAt(t);
      if (values !== spectrum.at) {
        window.Plotly.restyle(spectrum.plot, ...frames.spectrumUpdate(this.spectra, values));
        spectrum.at = values;
      }
      const signs = frames.inertia(values);
      if (signs) spectrum.read(`${signs.negative} negative · ${signs.zero} zero · ${signs.positive} positive`);
    }
  }

  readOut(t) {
    const { x } = this.view.time;
    if (!x.length) return;
    const k = frames.nearest(x, t, this.view.time.log);
    if (this.panels.loss.drawn) this.panels.loss.read(`<i>L</i> − <i>L</i>* = ${written(this.view.loss.y[k], 3)}`);
    if (this.panels.drift.drawn) this.panels.drift.read(written(this.view.drift.y[k], 2));
    const visit = this.visitAt(t);
    if (this.panels.strengths.drawn) this.panels.strengths.read(visit ? `learned: ${visit.name}` : "");
  }

  visitAt(t) {
    const visits = this.view?.visits ?? [];
    return visits.find(({ t: [from, to] }, k) => t >= from && (t < to || k === visits.length - 1));
  }

  nodePlace(visit) {
    const panel = this.panels.lattice;
    const step = this.view.lattice?.path?.[this.view.visits.indexOf(visit)];
    const node = step ? this.view.lattice.nodes[step.node] : null;
    return node && panel.drawn ? point(panel.plot, node.x, height(node.gap)) : null;
  }

  ringAt(t) {
    const visit = this.visitAt(t);
    this.panels.lattice.ring("here", visit ? this.nodePlace(visit) : null);
  }

  /** Shows one visit in every panel; null takes it away. */
  highlight(visit) {
    for (const name of TIMED) {
      const panel = this.panels[name];
      const span = visit && panel.drawn ? timeSpan(panel.plot, ...this.extent(visit)) : null;
      panel.band(span, frameOf(panel.plot));
    }
    this.panels.lattice.ring("hot", visit ? this.nodePlace(visit) : null);
  }

  extent(visit) {
    const last = this.view.visits.at(-1) === visit;
    return [visit.t[0], last ? Infinity : visit.t[1]].map((t) => Math.min(t, this.page.limits(this)[1]));
  }

  listen(panel) {
    const time = (event) => pixelTime(panel.plot, event.clientX - panel.plot.getBoundingClientRect().left);
    let pressed = null;
    panel.plot.addEventListener("pointermove", perFrame((event) => {
      const t = panel.drawn ? time(event) : null;
      this.page.point(this, t === null ? null : this.visitAt(t), event);
    }));
    panel.plot.addEventListener("pointerleave", () => this.page.point(this, null));
    panel.plot.addEventListener("pointerdown", (event) => {
      pressed = event.clientX;
      // Plotly covers the page while the button is down: the end is heard by the window.
      window.addEventListener("pointerup", (end) => {
        const t = panel.drawn ? time(end) : null;
        if (Math.abs(end.clientX - pressed) < 3 && t !== null) this.page.cursor.moveTo(t);
      }, { once: true, capture: true });
    }, true);
    panel.grip((event) => {
      const t = pixelTime(panel.plot, event.clientX - panel.plot.getBoundingClientRect().left);
      if (t !== null) this.page.cursor.moveTo(t);
    });
  }

  listenZoom(plot) {
    plot.on("plotly_relayout", (change) => {
      const low = change["xaxis.range[0]"], high = change["xaxis.range[1]"];
      if (low === undefined || high === undefined) return;
      this.page.zoomTo(this.view.time.log ? [10 ** low, 10 ** high] : [low, high]);
    });
    plot.on("plotly_doubleclick", () => this.page.zoomTo(null));
  }

  listenLattice() {
    const panel = this.panels.lattice;
    const nearest = (event) => {
      if (!panel.drawn || !this.view.lattice?.nodes) return null;
      const box = panel.plot.getBoundingClientRect();
      const distances = this.view.lattice.nodes.map((node) => {
        const [x, y] = point(panel.plot, node.x, height(node.gap));
        return Math.hypot(event.clientX - box.left - x, event.clientY - box.top - y);
      });
      const best = distances.indexOf(Math.min(...distances));
      return distances[best] < 16 ? best : null;
    };
    panel.plot.addEventListener("pointermove", perFrame((event) => {
      const at = nearest(event);
      const step = at === null ? -1 : this.view.lattice.path.findIndex(({ node }) => node === at);
      if (step >= 0) this.page.point(this, this.view.visits[step], event);
      else this.page.pointClass(this, at === null ? null : this.view.lattice.nodes[at], event);
      panel.plot.style.cursor = at === null ? "" : "pointer";
    }));
    panel.plot.addEventListener("pointerleave", () => this.page.point(this, null));
    panel.plot.addEventListener("click", (event) => {
      const at = nearest(event);
      if (at !== null) this.page.chooseSaddle(this, this.view.lattice.nodes[at]);
    });
  }
}
