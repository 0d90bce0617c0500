"""How fast the page is, in seconds and frames, as its visitor sees it."""

from tests.system.visitor import Visitor

_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"

_SLIDE = """async ([label, value, saddles]) => {
  const root = document.querySelector(".dl-explorer");
  const drawn = new Promise(done => root.addEventListener("drawn", function listen({ detail }) {
    if (detail.partial || (saddles && !detail.saddles)) return;
    root.removeEventListener("drawn", listen);
    requestAnimationFrame(() => setTimeout(() => done(performance.now())));
  }));
  const slider = document.querySelector(`.dl-side input[type=range][aria-label="${label}"]`);
  slider.value = value;
  const begun = performance.now();
  slider.dispatchEvent(new Event("input"));
  return ((await drawn) - begun) / 1000;
}"""

_FRAMES = """async seconds => {
  document.querySelector(".dl-play").click();
  const line = document.querySelector("[data-panel=loss] .dl-cursor");
  const begun = performance.now();
  let places = 0, before = null;
  while (performance.now() - begun < 1000 * seconds) {
    await new Promise(requestAnimationFrame);
    if (line.style.transform !== before) places += 1;
    before = line.style.transform;
  }
  document.querySelector(".dl-play").click();
  return places / seconds;
}"""


def first_paint(visitor: Visitor) -> float:
    """Seconds from the request of the page to its first paint with content."""
    return float(visitor.page.evaluate(_PAINT))


def slider_to_pictures(visitor: Visitor, count: int, *, saddles: bool = False) -> list[float]:
    """Seconds from a move of a slider until the curves, or saddles too, are painted, some times."""
    times = []
    for k in range(count):
        times.append(float(visitor.page.evaluate(_SLIDE, ["s0", 4.0 - 0.1 * (k + 1), saddles])))
        visitor.settled()
        visitor.page.wait_for_timeout(400)
    return times


def frames_per_second(visitor: Visitor, seconds: float = 3.0) -> float:
    """How many places of the time line are painted in a second while it plays."""
    return float(visitor.page.evaluate(_FRAMES, seconds))
