// What went wrong outside of a field: it stays until it is closed.

import { make } from "deeplinear-explorer/dom.js";

export class Notice {
  constructor() {
    this.heading = make("strong", {});
    this.list = make("ul", {});
    this.button = make("button", {
      type: "button", class: "dl-button", text: "Close", "aria-label": "Close this message",
      onclick: () => this.close(),
    });
    this.element = make("section", { class: "dl-notice", role: "alert" },
      make("div", {}, this.heading, this.list), this.button);
    this.close();
  }

  /** A heading, and one line for each thing that is wrong: what it is called, and a sentence. */
  show({ heading, mistakes = [] }) {
    this.heading.textContent = heading;
    this.list.replaceChildren(...mistakes.map(([name, sentence]) =>
      make("li", {}, make("code", { text: name }), ` ${sentence}`)));
    this.list.hidden = !mistakes.length;
    this.element.hidden = false;
  }

  close() {
    this.element.hidden = true;
  }
}
