// The keyboard, and the dialog that tells it.

import { listing, make } from "deeplinear-explorer/dom.js";

const KEYS = [
  ["space", "play or pause"], ["← →", "move the time cursor"], ["shift ← →", "move it far"],
  ["Home, End", "to the start, to the end"], ["Esc", "cancel the run that computes"],
  ["double click", "show all times again"], ["?", "this help"],
];
const MOUSE = "Drag across a curve to zoom in on a stretch of time. Point at a plateau, or at a "
  + "saddle of the lattice, to see what it is; click a saddle to start there.";
const FIELDS =
  "input:not(.dl-scrub), textarea, [role=combobox], [role=listbox], .q-menu, dialog[open]";
const BUTTONS = "button, a, summary, [role=button], [role=checkbox]";

export class Keys {
  constructor(page, root) {
    this.page = page;
    this.dialog = make("dialog", { class: "dl-help", "aria-label": "Help" },
      make("h2", { text: "Keys" }),
      listing(KEYS),
      make("p", { text: MOUSE }),
      make("form", { method: "dialog" }, make("button", { class: "dl-button", text: "Close" })),
    );
    root.append(this.dialog);
    this.pressed = (event) => this.press(event);
    document.addEventListener("keydown", this.pressed);
  }

  remove() {
    document.removeEventListener("keydown", this.pressed);
  }

  help() {
    if (!this.dialog.open) this.dialog.showModal();
  }

  press(event) {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === "Escape" && !document.querySelector("dialog[open], .q-menu, .q-dialog")) {
      if (document.body.classList.contains("dl-open")) this.page.toggleSide();
      else this.page.act("cancel", {});
      return;
    }
    if (target.closest?.(FIELDS)) return;
    const { cursor } = this.page;
    const by = event.shiftKey ? 0.1 : 0.01;
    const onButton = target.closest?.(BUTTONS);
    if (key === " " && !onButton) cursor.toggle();
    else if (key === "ArrowRight") cursor.step(by);
    else if (key === "ArrowLeft") cursor.step(-by);
    else if (key === "Home") { cursor.stop(); cursor.set(0); }
    else if (key === "End") { cursor.stop(); cursor.set(1); }
    else if (key === "?") this.help();
    else return;
    event.preventDefault();
  }
}
