// The small card that tells what a visit or a class of critical points is.

import { listing, make, written } from "deeplinear-explorer/dom.js";

const STAYS = { plateau: "plateau", passed: "passed without waiting", end: "where the run ends" };

export class Card {
  constructor(root) {
    this.element = make("div", { class: "dl-card", role: "tooltip", id: "dl-card" });
    this.element.hidden = true;
    root.append(this.element);
  }

  visit(visit, at) {
    const learned = visit.modes.length ? `learned: ${visit.name}` : "nothing learned";
    const rows = [
      ["critical point", visit.kind],
      ["index", visit.index ?? "–"],
      ["escape order", visit.order ?? "–"],
      ["loss there", written(visit.value)],
      ["distance", visit.distance === null ? "–" : written(visit.distance, 2)],
      ["from, to", `${written(visit.t[0])}, ${written(visit.t[1])}`],
    ];
    if (visit.next.length) {
      rows.push([`mode ${visit.next[0]} predicted`, written(visit.predicted)]);
      rows.push(["observed", written(visit.observed)]);
    }
    this.fill(`${learned} · ${STAYS[visit.stay]}`, rows, at);
  }

  critical(node, at) {
    this.fill(node.modes.length ? `class of modes ${node.name}` : "class of no modes", [
      ["canonical point", node.kind],
      ["index", node.index ?? "–"],
      ["escape order", node.order ?? "–"],
      ["loss there", written(node.value)],
      ["", node.kind === "global minimum" ? "not visited" : "not visited; click to start here"],
    ], at);
  }

  fill(title, rows, at) {
    this.element.replaceChildren(
      make("strong", { text: title }),
      listing(rows),
    );
    this.element.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const x = at.clientX + 18 + width > innerWidth ? at.clientX - width - 14 : at.clientX + 18;
    const y = Math.min(Math.max(at.clientY - height / 2, 6), innerHeight - height - 6);
    this.element.style.transform = `translate(${Math.max(x, 4)}px, ${y}px)`;
  }

  hide() {
    this.element.hidden = true;
  }
}
