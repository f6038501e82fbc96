import { lab, lineAt, linearInGamut, writeBytes } from "./chroma.js";
import { announce, delayed, one, perFrame } from "./dom.js";
import { makeRenderer } from "./renderer.js";
import { Pointers } from "./pointers.js";

// The place where a photograph is seen: zoom, the divider between the original and the colored photograph, and the
// choice of points.

const largestScale = 16;
/** Pixels of CSS for one of a small photograph that is fitted into the stage. */
const largestFit = 2;
/** Distance from the divider within which it is dragged, in CSS pixels. */
const grasp = 22;

/**
 * The stage. It tells of `point` (a place of the photograph was chosen), `view` (the view has changed).
 */
export class Stage extends EventTarget {
  #stage = one("#stage");
  #canvas = one("#canvas");
  #divider = one("#divider");
  #crosshair = one("#crosshair");
  #renderer;
  #size = null;
  #bitmap = null;
  /** The arguments of `setLines`; null without colors. */
  #lines = null;
  #isFitted = true;
  #share = 0.5;
  #choosesPoints = false;
  /** The crosshair's place, as shares of the stage. */
  #aim = { x: 0.5, y: 0.5 };
  /** `x`, `y`: the photograph's place at the stage's corner; `scale`: pixels of the screen for one of its own. */
  #view = { x: 0, y: 0, scale: 1 };
  #draw = perFrame(() => this.#drawNow());

  constructor() {
    super();
    this.#renderer = makeRenderer(this.#canvas);
    new ResizeObserver(() => this.#resize()).observe(this.#stage);
    this.#listen();
  }

  get renderer() { return this.#renderer; }
  get choosesPoints() { return this.#choosesPoints; }

  /** Pixels of the screen for one of CSS. */
  get #density() { return this.#canvas.width / Math.max(this.#stage.clientWidth, 1); }

  /** Shows a photograph of a size; null shows none. */
  setPicture(bitmap, size) {
    const isOther = !this.#size || !size || this.#size.width !== size.width || this.#size.height !== size.height;
    this.#size = bitmap ? size : null;
    this.#bitmap = bitmap;
    if (bitmap) this.#renderer.setPicture(bitmap, size.width, size.height);
    else this.setLines(null);
    this.#stage.classList.toggle("empty", !bitmap);
    if (isOther) this.#isFitted = true;
    this.#resize();
  }

  /** Shows colors, by the lines of `fittedLines`; null shows the original alone. */
  setLines(lines, width, height) {
    this.#renderer.setLines(lines, width, height);
    this.#lines = lines ? [lines, width, height] : null;
    this.#stage.classList.toggle("plain", !lines);
    this.#draw();
  }

  /** Whether a click chooses a point, instead of moving the divider. */
  set choosesPoints(isOn) {
    this.#choosesPoints = isOn;
    this.#stage.classList.toggle("choosing", isOn);
    this.#crosshair.hidden = !isOn;
    this.#draw();
  }

  /** Returns the place of the photograph at a place of the stage, in CSS pixels. */
  pictureAt(left, top) {
    const step = this.#density / this.#view.scale;
    return { x: this.#view.x + left * step, y: this.#view.y + top * step };
  }

  /** Returns the place on the stage, in CSS pixels, of a place of the photograph. */
  placeOf({ x, y }) {
    const step = this.#view.scale / this.#density;
    return { left: (x - this.#view.x) * step, top: (y - this.#view.y) * step };
  }

  /** Returns the color, `#rrggbb`, that the colored photograph has at a place. */
  colorAt({ x, y }) {
    const { width, height } = this.#size;
    const context = new OffscreenCanvas(1, 1).getContext("2d");
    const scale = this.#bitmap.width / width;
    context.drawImage(this.#bitmap, -Math.floor(x * scale), -Math.floor(y * scale));
    const bytes = context.getImageData(0, 0, 1, 1).data;
    if (this.#lines) {
      const lightness = lab(...bytes.subarray(0, 3))[0];
      const line = lineAt(...this.#lines, { x, y, width, height });
      const color = [0, 0, 0];
      linearInGamut(lightness, line[0] * lightness + line[2], line[1] * lightness + line[3], color);
      writeBytes(color, bytes, 0);
    }
    return `#${[...bytes.subarray(0, 3)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }

  isInside({ x, y }) {
    return this.#size && x >= 0 && y >= 0 && x < this.#size.width && y < this.#size.height;
  }

  #resize() {
    const density = window.devicePixelRatio || 1;
    const [width, height] = [this.#stage.clientWidth, this.#stage.clientHeight];
    if (width === 0 || height === 0) return;
    this.#canvas.width = Math.round(width * density);
    this.#canvas.height = Math.round(height * density);
    if (this.#isFitted) this.fit();
    else this.#settle();
  }

  get #fittedScale() {
    const { width, height } = this.#canvas;
    return Math.min(width / this.#size.width, height / this.#size.height, largestFit * this.#density);
  }

  /** Shows the whole photograph; a small one larger than it is. */
  fit() {
    this.#isFitted = true;
    if (this.#size) this.#view.scale = this.#fittedScale;
    this.#settle();
  }

  /** Zooms about a place of the stage, in CSS pixels; about its center without one. */
  zoom(scale, left = this.#stage.clientWidth / 2, top = this.#stage.clientHeight / 2) {
    if (!this.#size) return;
    const fixed = this.pictureAt(left, top);
    this.#view.scale = Math.min(Math.max(scale, Math.min(this.#fittedScale, 1)), largestScale);
    this.#isFitted = this.#view.scale === this.#fittedScale;
    const step = this.#density / this.#view.scale;
    this.#view.x = fixed.x - left * step;
    this.#view.y = fixed.y - top * step;
    this.#settle();
  }

  zoomBy(factor, left, top) { this.zoom(this.#view.scale * factor, left, top); }

  /** Moves the photograph by CSS pixels. */
  pan(left, top) {
    const step = this.#density / this.#view.scale;
    this.#view.x -= left * step;
    this.#view.y -= top * step;
    this.#settle();
  }

  /** Keeps the photograph on the stage: centered where it is smaller. */
  #settle() {
    if (this.#size) {
      for (const [place, extent, length] of [
        ["x", this.#size.width, this.#canvas.width], ["y", this.#size.height, this.#canvas.height]]) {
        const seen = length / this.#view.scale;
        const free = extent - seen;
        this.#view[place] = free <= 0 ? free / 2 : Math.min(Math.max(this.#view[place], 0), free);
        // Whole pixels of the screen, so that at full size every pixel is the photograph's own.
        this.#view[place] = Math.round(this.#view[place] * this.#view.scale) / this.#view.scale;
      }
    }
    this.#stage.classList.toggle("zoomed", !this.#isFitted);
    this.#draw();
    this.dispatchEvent(new Event("view"));
  }

  get scale() { return this.#view.scale; }
  get isFitted() { return this.#isFitted; }

  /** The left and right edge of the photograph on the stage, in CSS pixels. */
  get #edges() {
    const width = this.#stage.clientWidth;
    if (!this.#size) return [0, width];
    return [Math.max(this.placeOf({ x: 0, y: 0 }).left, 0),
      Math.min(this.placeOf({ x: this.#size.width, y: 0 }).left, width)];
  }

  /** The upper and lower edge of the photograph on the stage, in CSS pixels. */
  get #heights() {
    const height = this.#stage.clientHeight;
    if (!this.#size) return [0, height];
    return [Math.max(this.placeOf({ x: 0, y: 0 }).top, 0),
      Math.min(this.placeOf({ x: 0, y: this.#size.height }).top, height)];
  }

  get #dividerLeft() {
    const [left, right] = this.#edges;
    return left + this.#share * (right - left);
  }

  /** The share of the seen photograph that is left of the divider. */
  get share() { return this.#share; }
  set share(share) {
    this.#share = Math.min(Math.max(share, 0), 1);
    this.#draw();
  }

  #drawNow() {
    const left = this.#dividerLeft;
    this.#renderer.draw({ ...this.#view, divider: left * this.#density });
    this.#divider.style.transform = `translateX(${left}px)`;
    const percent = Math.round(100 * this.#share);
    this.#divider.setAttribute("aria-valuenow", percent);
    this.#divider.setAttribute("aria-valuetext", `${percent} % original, ${100 - percent} % colored`);
    const [first, last] = this.#edges;
    this.#stage.style.setProperty("--original", left - first > 90 ? 1 : 0);
    this.#stage.style.setProperty("--colored", last - left > 90 ? 1 : 0);
    this.#stage.style.setProperty("--first", `${first}px`);
    this.#stage.style.setProperty("--last", `${this.#stage.clientWidth - last}px`);
    const [top, bottom] = this.#heights;
    this.#stage.style.setProperty("--top", `${top}px`);
    this.#stage.style.setProperty("--bottom", `${this.#stage.clientHeight - bottom}px`);
    this.#crosshair.style.left = `${100 * this.#aim.x}%`;
    this.#crosshair.style.top = `${100 * this.#aim.y}%`;
  }

  #dragDivider(left) {
    const [first, last] = this.#edges;
    this.share = (left - first) / Math.max(last - first, 1);
  }

  #choose(left, top) {
    const place = this.pictureAt(left, top);
    if (!this.isInside(place)) return;
    this.dispatchEvent(new CustomEvent("point", { detail: { x: Math.floor(place.x), y: Math.floor(place.y) } }));
  }

  #listen() {
    let dragsDivider = false;
    new Pointers(this.#stage, {
      down: ({ left, target }) => {
        const isNear = Math.abs(left - this.#dividerLeft) < grasp;
        dragsDivider = this.#divider.contains(target) || (!this.#choosesPoints && (isNear || this.#isFitted));
        if (dragsDivider) this.#dragDivider(left);
      },
      move: ({ left, dx, dy }) => {
        if (dragsDivider) this.#dragDivider(left);
        else this.pan(dx, dy);
      },
      pinch: ({ factor, left, top, dx, dy }) => {
        this.pan(dx, dy);
        this.zoomBy(factor, left, top);
      },
      tap: ({ left, top, target }) => {
        if (this.#choosesPoints && !this.#divider.contains(target)) this.#choose(left, top);
      },
    });
    this.#stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      const box = this.#stage.getBoundingClientRect();
      const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002));
      this.zoomBy(factor, event.clientX - box.left, event.clientY - box.top);
    }, { passive: false });
    this.#stage.addEventListener("dblclick", (event) => {
      if (this.#choosesPoints) return;
      const box = this.#stage.getBoundingClientRect();
      if (this.#isFitted) this.zoom(1, event.clientX - box.left, event.clientY - box.top);
      else this.fit();
    });
    this.#divider.addEventListener("keydown", (event) => this.#dividerKey(event));
    this.#stage.addEventListener("keydown", (event) => {
      if (event.target === this.#stage) this.#stageKey(event);
    });
  }

  #say = delayed(() => announce(this.#divider.getAttribute("aria-valuetext")), 400);

  #dividerKey(event) {
    const steps = {
      ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02,
      PageUp: 0.1, PageDown: -0.1, Home: -1, End: 1,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    this.share += steps[event.key];
    this.#say();
  }

  #stageKey(event) {
    const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const direction = directions[event.key];
    if (direction && this.#choosesPoints) {
      const step = event.shiftKey ? 0.002 : 0.02;
      for (const [index, axis] of ["x", "y"].entries()) {
        this.#aim[axis] = Math.min(Math.max(this.#aim[axis] + direction[index] * step, 0), 1);
      }
      this.#draw();
    } else if (direction) {
      this.pan(-60 * direction[0], -60 * direction[1]);
    } else if (event.key === "Enter" && this.#choosesPoints) {
      this.#choose(this.#aim.x * this.#stage.clientWidth, this.#aim.y * this.#stage.clientHeight);
    } else if (event.key === "+" || event.key === "=") {
      this.zoomBy(1.5);
    } else if (event.key === "-") {
      this.zoomBy(1 / 1.5);
    } else if (event.key === "0") {
      this.fit();
    } else if (event.key === "1") {
      this.zoom(1);
    } else {
      return;
    }
    event.preventDefault();
  }
}
