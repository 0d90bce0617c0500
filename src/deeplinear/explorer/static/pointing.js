// The mouse over the charts: what it points at, where it puts the cursor, what it zooms.

import { inside, pixelTime, point } from "deeplinear-explorer/axes.js";
import { perFrame } from "deeplinear-explorer/dom.js";
import { height } from "deeplinear-explorer/lattice.js";

const STILL = 3; // pixels up to which a press is a click
const REACH = 16; // pixels around a class of the lattice

/** Pointing at a time shows its visit; a click, or the dragged line, moves the cursor. */
export function listenTime(board, panel) {
  const { page } = board, { plot } = panel;
  const time = (event) => (panel.drawn ? pixelTime(plot, inside(plot, event)) : null);
  plot.addEventListener("pointermove", perFrame((event) => {
    const t = time(event);
    page.point(board, t === null ? null : board.visitAt(t) ?? null, event);
  }));
  plot.addEventListener("pointerleave", () => page.point(board, null));
  plot.addEventListener("pointerdown", (start) => {
    // Plotly covers the page while the button is down: the end is heard by the window.
    window.addEventListener("pointerup", (end) => {
      const t = time(end);
      if (Math.abs(end.clientX - start.clientX) < STILL && t !== null) page.cursor.moveTo(t);
    }, { once: true, capture: true });
  }, true);
  panel.grip((event) => {
    const t = time(event);
    if (t !== null) page.cursor.moveTo(t);
  });
}

/** What is zoomed in one chart is zoomed in all. */
export function listenZoom(board, plot) {
  plot.on("plotly_relayout", (change) => {
    const low = change["xaxis.range[0]"], high = change["xaxis.range[1]"];
    if (low === undefined || high === undefined) return;
    board.page.zoomTo(board.view.time.log ? [10 ** low, 10 ** high] : [low, high]);
  });
  plot.on("plotly_doubleclick", () => board.page.zoomTo(null));
}

/** Pointing at a class tells what it is; a click puts the start on its saddle. */
export function listenLattice(board, panel) {
  const { page } = board, { plot } = panel;
  const nearest = (event) => {
    if (!panel.drawn || !board.view.lattice?.nodes) return null;
    const box = plot.getBoundingClientRect();
    const distances = board.view.lattice.nodes.map((node) => {
      const [x, y] = point(plot, node.x, height(node.gap));
      return Math.hypot(event.clientX - box.left - x, event.clientY - box.top - y);
    });
    const best = distances.indexOf(Math.min(...distances));
    return distances[best] < REACH ? best : null;
  };
  plot.addEventListener("pointermove", perFrame((event) => {
    const at = nearest(event);
    const step = at === null ? -1 : board.view.lattice.path.findIndex(({ node }) => node === at);
    if (step >= 0) page.point(board, board.view.visits[step], event);
    else page.pointClass(board, at === null ? null : board.view.lattice.nodes[at], event);
    plot.style.cursor = at === null ? "" : "pointer";
  }));
  plot.addEventListener("pointerleave", () => page.point(board, null));
  plot.addEventListener("click", (event) => {
    const at = nearest(event);
    if (at !== null) page.chooseSaddle(board, board.view.lattice.nodes[at]);
  });
}
