// The itinerary above the slider: one button for each visit, for the mouse, touch and keys.

import { make, written } from "deeplinear-explorer/dom.js";

export class Strip {
  constructor(page) {
    this.page = page;
    const attributes = { class: "dl-strip", role: "group", "aria-label": "Visits of the run" };
    this.element = make("div", attributes);
  }

  /** The visits of a board, placed by their shares of the axis of time. */
  show(board, share) {
    const visits = board?.view?.visits ?? [];
    const last = visits.length - 1;
    this.element.replaceChildren(
      ...visits.map((visit, k) => this.button(board, visit, share, k === last)));
  }

  button(board, visit, share, last) {
    const left = share(visit.t[0]), right = last ? 1 : share(visit.t[1]);
    const middle = Math.min(Math.max(share(visit.t_closest), left), right);
    const show = (event) => {
      const box = event.currentTarget.getBoundingClientRect();
      this.page.point(board, visit, { clientX: box.left + box.width / 2, clientY: box.top - 110 });
    };
    const hide = () => this.page.point(board, null);
    const room = (right - left) * (this.element.clientWidth || 600) > 7 * visit.name.length;
    const span = `from ${written(visit.t[0])} to ${written(visit.t[1])}`;
    const button = make("button", {
      type: "button", class: `dl-visit ${visit.stay}`, text: room ? visit.name : "",
      "aria-label": `${visit.stay}, learned ${visit.name}, ${span}, ${visit.kind}`,
      "aria-describedby": "dl-card",
      onclick: () => this.page.cursor.set(middle),
      onfocus: show, onpointerenter: show,
      onblur: hide, onpointerleave: hide,
    });
    Object.assign(button.style, { left: `${100 * left}%`, width: `${100 * (right - left)}%` });
    return button;
  }
}
