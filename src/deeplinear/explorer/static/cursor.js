// The time cursor: scrubbed, played, moved by keys; everything else follows it.

import { make, perFrame, reducedMotion, written } from "deeplinear-explorer/dom.js";

const STEPS = 1000; // of the slider over the whole axis
const PLAYED = 9000; // milliseconds for the whole axis
const STILL = 18; // positions that are shown where motion is to be reduced

export class Cursor {
  constructor(page) {
    this.page = page;
    this.share = 1; // of the axis of time
    this.playing = false;
    this.button = make("button", {
      type: "button", class: "dl-play", "aria-label": "Play", title: "Play (space)", text: "▶",
      onclick: () => this.toggle(),
    });
    this.slider = make("input", {
      type: "range", class: "dl-scrub", min: 0, max: STEPS, step: 1, value: STEPS,
      "aria-label": "Time",
      oninput: () => { this.stop(); this.set(this.slider.value / STEPS); },
    });
    this.text = make("output", { class: "dl-time", "aria-live": "off" });
    this.tell = perFrame(() => page.follow(this.time));
  }

  get time() {
    return this.page.scale().time(this.share);
  }

  set(share) {
    this.share = Math.min(Math.max(share, 0), 1);
    this.slider.value = Math.round(this.share * STEPS);
    const text = `t = ${written(this.time)}`;
    this.text.textContent = text;
    this.slider.setAttribute("aria-valuetext", text);
    this.tell();
  }

  moveTo(t) {
    this.stop();
    this.set(this.page.scale().share(t));
  }

  step(by) {
    this.stop();
    this.set(this.share + by);
  }

  toggle() {
    if (this.playing) this.stop();
    else this.play();
  }

  play() {
    if (this.share >= 1) this.set(0);
    this.playing = true;
    this.label("Pause", "❚❚");
    const begun = performance.now(), from = this.share;
    const move = (now) => {
      if (!this.playing) return;
      const passed = Math.max(now - begun, 0) / PLAYED;
      const share = from + (reducedMotion() ? Math.floor(passed * STILL) / STILL : passed);
      this.set(share);
      if (share >= 1) this.stop();
      else requestAnimationFrame(move);
    };
    requestAnimationFrame(move);
  }

  stop() {
    if (!this.playing) return;
    this.playing = false;
    this.label("Play", "▶");
  }

  label(name, sign) {
    this.button.textContent = sign;
    this.button.setAttribute("aria-label", name);
    this.button.title = `${name} (space)`;
  }
}
