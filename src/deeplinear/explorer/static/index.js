// The page: boards of panels with one time cursor, fed with views of runs by the server.

import { Board, TIMED } from "deeplinear-explorer/board.js";
import { Card } from "deeplinear-explorer/card.js";
import { Cursor } from "deeplinear-explorer/cursor.js";
import { make } from "deeplinear-explorer/dom.js";
import { Keys } from "deeplinear-explorer/keys.js";
import { Notice } from "deeplinear-explorer/notice.js";
import { Strip } from "deeplinear-explorer/strip.js";
import { onThemeChange, restoreTheme, switchTheme } from "deeplinear-explorer/theme.js";

const NARROW = matchMedia("(max-width: 900px)");
const PIN = "Pin this run beside the next ones";
const SETTLED = 300; // milliseconds after which the time goes into the link

const union = (limits) =>
  [Math.min(...limits.map(([low]) => low)), Math.max(...limits.map(([, high]) => high))];

export class Page {
  constructor(root, act) {
    this.root = root;
    this.act = act;
    this.zoom = null;
    this.readLink();
    restoreTheme();
    this.boards = { main: new Board("main", this) };
    this.boardsElement = make("div", { class: "dl-boards" }, this.boards.main.element);
    this.cursor = new Cursor(this);
    this.strip = new Strip(this);
    this.words = make("p", { class: "dl-words", role: "alert" });
    this.words.hidden = true;
    this.status = make("output", { class: "dl-status", role: "status", text: "starting" });
    this.notice = new Notice();
    root.append(this.notice.element, this.words, this.boardsElement, this.transport());
    this.card = new Card(root);
    this.keys = new Keys(this, root);
    onThemeChange(() => this.draw());
    this.whenPlotly(() => this.draw());
  }

  remove() {
    this.keys.remove();
    this.cursor.stop();
  }

  transport() {
    const button = (name, text, label, onclick) => make("button", {
      type: "button", class: `dl-button ${name}`, text, title: label, "aria-label": label, onclick,
    });
    this.cancel = button("cancel", "cancel", "Cancel the run (Esc)", () => this.act("cancel", {}));
    this.cancel.disabled = true;
    this.pin = button("pin", "pin", PIN, () => this.act(this.boards.pinned ? "unpin" : "pin", {}));
    this.side = button("side", "☰", "Show or hide the settings", () => this.toggleSide());
    this.side.setAttribute("aria-expanded", String(!NARROW.matches));
    this.whole = button("whole", "all times", "Show all times again", () => this.zoomTo(null));
    this.whole.hidden = true;
    return make("footer", { class: "dl-transport" },
      this.side, this.cursor.button,
      make("div", { class: "dl-track" }, this.strip.element, this.cursor.slider),
      this.cursor.text, this.status, this.whole, this.cancel, this.pin,
      button("link", "link", "Copy a link to this state", () => this.copyLink()),
      button("theme", "◐", "Switch between light and dark", switchTheme),
      button("help", "?", "Help (?)", () => this.keys.help()),
    );
  }

  /** The settings are a column beside the pictures, or a drawer over them where it is narrow. */
  toggleSide() {
    const [name, opens] = NARROW.matches ? ["dl-open", true] : ["dl-closed", false];
    const on = document.body.classList.toggle(name);
    this.side.setAttribute("aria-expanded", String(on === opens));
    if (NARROW.matches && on) document.querySelector(".dl-side :is(input, button)")?.focus();
  }

  /** Plotly is a script of its own, which loads while the page is built. */
  whenPlotly(callback) {
    if (window.Plotly) callback();
    else document.getElementById("dl-plotly").addEventListener("load", callback, { once: true });
  }

  receive(message) {
    const { kind, slot = "main" } = message;
    if (kind === "link") this.writeLink(message);
    else if (kind === "status") this.showStatus(message);
    else if (kind === "notice") this.notice.show(message);
    else if (kind === "drop") this.unpin();
    else if (kind === "view") this.showView(slot, message.view);
    else if (kind === "frames") this.boards[slot]?.showFrames(message);
  }

  showStatus({ slot, text, running, words, outdated }) {
    if (slot === "pinned") {
      if (words) this.say(words);
      return;
    }
    this.status.textContent = text;
    this.status.setAttribute("aria-live", running ? "off" : "polite");
    this.root.classList.toggle("computing", Boolean(running));
    this.root.classList.toggle("outdated", Boolean(outdated));
    this.cancel.disabled = !running;
    this.words.textContent = words ?? "";
    this.words.hidden = !words;
  }

  showView(slot, view) {
    if (slot !== "main" && !this.boards[slot]) this.addBoard(slot);
    const board = this.boards[slot];
    if (slot === "main" && this.zoom && !view.partial && board.view?.run !== view.run) {
      this.zoom = null;
      this.whole.hidden = true;
    }
    board.element.setAttribute("aria-label", view.title ?? "run");
    const others = Object.values(this.boards).filter((other) => other !== board && other.view);
    const before = this.scales();
    board.show(view);
    this.headings();
    if (this.scales() !== before) others.forEach((other) => other.draw());
    if (this.wanted !== null && !view.partial && view.time) {
      this.cursor.moveTo(this.wanted);
      this.wanted = null;
    }
    this.refresh();
  }

  addBoard(slot) {
    this.boards[slot] = new Board(slot, this);
    this.boardsElement.prepend(this.boards[slot].element);
    this.boardsElement.classList.add("two");
    this.pin.textContent = "unpin";
    this.pin.setAttribute("aria-label", "Unpin the run beside");
  }

  /** What is run, board by board, and in bold what differs from the other one. */
  headings() {
    const parts = (board) => (board.view?.title ?? "").split(" · ");
    for (const board of Object.values(this.boards)) {
      const others = Object.values(this.boards).filter((one) => one !== board).flatMap(parts);
      const words = parts(board).flatMap((part, k) => [
        k ? " · " : "", others.includes(part) ? part : make("b", { text: part })]);
      const name = board.slot === "pinned" ? "pinned" : "settings on the left";
      board.heading.replaceChildren(make("span", { text: name }), " · ", ...words);
      board.heading.title = board.heading.textContent;
    }
  }

  unpin() {
    this.boards.pinned?.remove();
    delete this.boards.pinned;
    this.boardsElement.classList.remove("two");
    this.pin.textContent = "pin";
    this.pin.setAttribute("aria-label", PIN);
    this.draw();
  }

  draw() {
    for (const board of Object.values(this.boards)) board.draw();
    this.refresh();
  }

  /** After something was drawn: the marks on the track follow the axis of time. */
  refresh() {
    this.strip.show(this.boards.main, this.scale().share);
    this.cursor.set(this.cursor.share);
  }

  /** From shares of the way of the cursor, which ends where the last run does, to times, and back. */
  scale() {
    const { limits: [low], end, log } = this.axis();
    const start = log ? low : Math.max(low, 0), at = (t) => Math.log(Math.max(t, start) / start);
    const along = (t) => (log ? at(t) / at(end) : (t - start) / (end - start));
    return {
      time: (share) => (log ? start * (end / start) ** share : start + (end - start) * share),
      share: (t) => Math.min(Math.max(along(t), 0), 1),
    };
  }

  /** For tests and measurements: how often, and when, the pictures of a run were drawn. */
  drawn(board) {
    const { view, slot } = board;
    const { run, partial = false, visits } = view;
    this.root.dataset[slot === "main" ? "drawn" : "pinned"] = partial ? `${run}-partial` : run;
    this.root.dispatchEvent(new CustomEvent("drawn", { detail: { slot, run, partial, saddles: !!visits } }));
  }

  /** The axis of time: what all runs need that have the same scale as the main one. */
  axis() {
    const views = Object.values(this.boards).map(({ view }) => view).filter((view) => view?.time);
    const main = this.boards.main.view?.time ?? views[0]?.time;
    if (!main) return { limits: [0, 1], end: 1, log: false };
    const alike = views.map(({ time }) => time).filter(({ log }) => log === main.log);
    const limits = union(alike.map((time) => time.limits));
    const last = Math.max(...alike.map(({ x }) => x.at(-1) ?? limits[0]));
    return { log: main.log, limits, end: last > limits[0] ? Math.min(last, limits[1]) : limits[1] };
  }

  limits(board) {
    const shared = this.axis();
    return board.view.time.log === shared.log ? shared.limits : board.view.time.limits;
  }

  /** Two runs side by side have one scale of the loss, of the strengths, of the drift. */
  range(name) {
    const all = Object.values(this.boards).map(({ view }) => view?.[name]?.limits).filter(Boolean);
    return all.length ? union(all) : null;
  }

  scales() {
    return JSON.stringify([this.axis(), ...TIMED.map((name) => this.range(name))]);
  }

  follow(t) {
    for (const board of Object.values(this.boards)) board.follow(t);
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.keepTime(), SETTLED);
  }

  zoomTo(range) {
    if (JSON.stringify(range) === JSON.stringify(this.zoom)) return;
    this.zoom = range;
    this.whole.hidden = range === null;
    this.draw();
  }

  point(board, visit, event) {
    if (visit === this.pointed && visit === null) return;
    if (visit !== this.pointed)
      for (const other of Object.values(this.boards))
        other.highlight(other === board ? visit : null);
    this.pointed = visit;
    if (visit) this.card.visit(visit, event);
    else this.card.hide();
  }

  pointClass(board, node, event) {
    this.point(board, null);
    if (node) this.card.critical(node, event);
    else this.card.hide();
  }

  chooseSaddle(board, node) {
    if (board.slot === "main" && node.kind !== "global minimum")
      this.act("saddle", { modes: node.modes });
  }

  save(board, panel, format) {
    const { slot, asNetwork: network } = board;
    this.act("save", { slot, panel, format, t: this.cursor.time, network });
  }

  readLink() {
    const inside = new URLSearchParams(location.hash.slice(1));
    const t = Number(inside.get("t"));
    this.wanted = inside.has("t") && Number.isFinite(t) ? t : null;
    this.beside = inside.get("beside");
  }

  writeLink({ query, beside }) {
    this.query = query;
    if (beside !== undefined) this.beside = beside;
    this.keepTime();
  }

  keepTime() {
    if (this.query === undefined || this.wanted !== null) return;
    const inside = new URLSearchParams();
    if (this.cursor.share < 1) inside.set("t", Number(this.cursor.time.toPrecision(4)));
    if (this.beside !== null && this.beside !== undefined) inside.set("beside", this.beside);
    const hash = inside.toString();
    const address = new URL(location.href);
    address.search = this.query;
    address.hash = hash;
    if (address.href !== location.href) history.replaceState(history.state, "", address);
  }

  async copyLink() {
    this.keepTime();
    let copied = true;
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      const field = make("textarea", {});
      field.value = location.href;
      this.root.append(field);
      field.select();
      copied = document.execCommand("copy");
      field.remove();
    }
    this.say(copied ? "Link copied" : `Copy the address: ${location.href}`);
  }

  say(message) {
    Quasar.Notify.create({ message, timeout: 3000, position: "bottom" });
  }
}
