// The six panels of one run: drawn from its view, with the overlays that the cursor moves.

import * as curves from "deeplinear-explorer/curves.js";
import { nearest, unpacked } from "deeplinear-explorer/frames.js";
import {
  inertia, joined, spectrumFigure, spectrumUpdate,
} from "deeplinear-explorer/spectrum.js";
import {
  canDrawNetwork, matrixFigure, networkFigure, weightsUpdate,
} from "deeplinear-explorer/weights.js";
import { frameOf, point, timePixel, timeSpan } from "deeplinear-explorer/axes.js";
import { make, perFrame, written } from "deeplinear-explorer/dom.js";
import { height, lattice, legend } from "deeplinear-explorer/lattice.js";
import { magnification, magnify } from "deeplinear-explorer/layout.js";
import { palette } from "deeplinear-explorer/theme.js";
import { PANELS, Panel } from "deeplinear-explorer/panel.js";
import { listenLattice, listenTime, listenZoom } from "deeplinear-explorer/pointing.js";

export const TIMED = ["loss", "strengths", "drift"];
const CONFIG = {
  displayModeBar: false, doubleClick: false, responsive: false, scrollZoom: false, showTips: false,
};
const HEAVY = 70; // milliseconds between two updates of what follows the cursor

export class Board {
  constructor(slot, page) {
    this.slot = slot;
    this.page = page;
    this.view = null;
    this.asNetwork = true;
    this.heading = make("h2", { class: "dl-board-title" });
    const attributes = { class: "dl-board", "data-slot": slot, "aria-label": "run" };
    this.element = make("section", attributes, this.heading);
    this.panels = {};
    for (const { name } of PANELS) {
      this.panels[name] = new Panel(name, this);
      this.element.append(this.panels[name].element);
    }
    for (const name of TIMED) listenTime(this, this.panels[name]);
    listenLattice(this, this.panels.lattice);
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
    if (this.pointed) this.highlight(null); // a visit of the run before
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
    if (!weights.note) weights.values = unpacked(weights.weights);
    this.frames = { ...weights, run };
    this.fade("network", false);
    this.draw(["network"]);
  }

  keepSpectra(run, part) {
    const before = this.spectra?.run === run ? this.spectra : null;
    this.spectra = { ...joined(before, part), run };
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
    const { clientWidth: width, clientHeight: height } = panel.plot;
    const by = magnification(width, height);
    panel.element.style.setProperty("--dl-by", by);
    const { figure, note } = this.figure(name, width / by, height / by);
    panel.note(note);
    if (!figure || height < 40) {
      if (panel.drawn) window.Plotly.purge(panel.plot);
      panel.drawn = false;
      return;
    }
    if (by > 1) magnify(figure, by);
    Object.assign(figure.layout, { width, height });
    const data = figure.data.map((trace) => ({ type: "scatter", hoverinfo: "skip", ...trace }));
    window.Plotly.react(panel.plot, data, figure.layout, CONFIG);
    if (!panel.drawn && TIMED.includes(name)) listenZoom(this, panel.plot);
    panel.drawn = true;
    panel.describe(this.view);
  }

  figure(name, width, tall) {
    const { view } = this, panel = this.panels[name];
    const context = {
      colors: this.colors, width: Math.max(width - 60, 10), height: Math.max(tall - 36, 10), zoom: this.page.zoom,
      limits: this.page.limits(this), range: this.page.range(name),
    };
    if (TIMED.includes(name)) {
      if (!view[name]) return { note: this.later() };
      return view[name].note ? { note: view[name].note } : { figure: curves[name](view, context) };
    }
    if (name === "lattice") {
      const figure = lattice(view, context);
      panel.read(view.lattice ? legend(view.lattice) : "");
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
    if (!all) return { note: this.later() };
    if (all.note) return { note: all.note };
    const network = this.asNetwork && canDrawNetwork(all.widths);
    this.networkDrawn = network;
    const draw = network ? networkFigure : matrixFigure;
    this.panels.network.at = nearest(all.x, this.page.cursor.time, this.view.time.log);
    return { figure: draw(all, this.weightsAt(this.page.cursor.time), context) };
  }

  spectrumFigure(context) {
    if (!this.spectra) return { note: this.later() };
    if (this.spectra.note) return { note: this.spectra.note };
    const values = this.eigenvaluesAt(this.page.cursor.time);
    this.panels.spectrum.at = values;
    return { figure: spectrumFigure(this.spectra, values, context) };
  }

  weightsAt(t) {
    const all = this.frames;
    const k = nearest(all.x, t, this.view.time.log);
    const n = all.values.length / all.x.length;
    return all.values.subarray(k * n, (k + 1) * n);
  }

  eigenvaluesAt(t) {
    return this.spectra.rows[nearest(this.spectra.x, t, this.view.time.log)];
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
    if (now) this.followHeavy();
    else if (!this.pending) this.pending = setTimeout(() => {
      this.pending = null;
      this.followHeavy();
    }, HEAVY);
  }

  /** Weights and eigenvalues of the cursor, or of the visit that is pointed at. */
  followHeavy() {
    const { network, spectrum } = this.panels, { pointed } = this;
    const t = pointed ? pointed.t_closest : this.page.cursor.time;
    const place = pointed ? "near this saddle" : "at the cursor";
    if (network.drawn && this.frames?.values) {
      const k = nearest(this.frames.x, t, this.view.time.log);
      if (k !== network.at) {
        const update = weightsUpdate(this.frames, this.weightsAt(t), this.networkDrawn);
        window.Plotly.restyle(network.plot, ...update);
        network.at = k;
      }
      network.read(`largest |<i>w</i>| ${written(this.frames.largest, 3)}${pointed ? ` · ${place}` : ""}`);
    }
    if (spectrum.drawn && this.spectra?.rows) {
      const values = this.eigenvaluesAt(t);
      if (values !== spectrum.at) {
        window.Plotly.restyle(spectrum.plot, ...spectrumUpdate(this.spectra, values));
        spectrum.at = values;
      }
      spectrum.read(inertia(values, place));
    }
  }

  readOut(t) {
    const { x } = this.view.time;
    if (!x.length) return;
    const { loss, strengths, drift } = this.panels;
    const k = nearest(x, t, this.view.time.log), visit = this.visitAt(t);
    if (loss.drawn) loss.read(`<i>L</i> − <i>L</i>* = ${written(this.view.loss.y[k], 3)}`);
    if (drift.drawn) drift.read(written(this.view.drift.y[k], 2));
    if (strengths.drawn) strengths.read(visit ? `learned: ${visit.name}` : "");
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
    this.pointed = visit;
    for (const name of ["network", "spectrum"])
      this.panels[name].element.classList.toggle("pointed", Boolean(visit));
    this.followHeavy();
  }

  extent(visit) {
    const last = this.view.visits.at(-1) === visit;
    const end = this.page.limits(this)[1];
    return [Math.min(visit.t[0], end), last ? end : Math.min(visit.t[1], end)];
  }
}
