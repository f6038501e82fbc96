import { announce, make, swatch } from "./dom.js";
import { significant } from "./format.js";
import { logarithmicScale, rangeScale, tickLabel, timeUnit, valueScale } from "./scale.js";
import { decimated, lowerBound } from "./series.js";

// One quantity over steps or time, a line for each run, on a canvas: the look of Sources/Report/LineChart.swift, for
// any number of points.

const edges = { left: 56, right: 12, top: 10, bottom: 36 };

/** Returns a color of the style sheet. */
const colorOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Tells of `range`: a part of the axis, or null for all of it, was chosen. */
export class Chart extends EventTarget {
  #canvas = make("canvas", { tabindex: 0, role: "img" });
  // Drawn by the processor: where a program takes the place of the graphics processor, thousands of short lines take it
  // ten times as long.
  #context = this.#canvas.getContext("2d", { willReadFrequently: true });
  #note = make("small");
  #overlay = make("div", { class: "chart-cursor", hidden: true });
  #selection = make("div", { class: "chart-selection", hidden: true });
  #tip = make("div", { class: "tip", hidden: true });
  #lines = [];
  #options = {};
  #scales = null;
  #drag = null;
  #cursor = null;

  /** @param {{title: string, unit: string}} words */
  constructor(words) {
    super();
    this.words = words;
    this.#canvas.setAttribute("aria-label", words.title);
    this.element = make("figure", { class: "chart live" },
      make("figcaption", {}, make("b", {}, words.title), " ", this.#note),
      make("div", { class: "chart-plot" }, this.#canvas, this.#overlay, this.#selection), this.#tip);
    this.#listen();
  }

  /**
   * Shows lines.
   * @param {object[]} lines `series`, `name`, `color` (of the style sheet), `isDashed`, `isSmoothed`
   * @param {object} options `axis` ("step" or "time"), `window` (of the smoothing), `isLogarithmic`, `range`
   */
  show(lines, options) {
    this.#lines = lines.filter((line) => line.series.length > 0);
    this.#options = options;
    this.draw();
  }

  get #columns() { return Math.max(Math.round(this.#canvas.clientWidth - edges.left - edges.right), 10); }

  #makeScales() {
    const { axis, range, window, isLogarithmic } = this.#options;
    let [low, high] = [Infinity, -Infinity];
    for (const { series } of this.#lines) {
      const x = series.x(axis);
      low = Math.min(low, x[0]);
      high = Math.max(high, x[x.length - 1]);
    }
    if (!(low <= high)) [low, high] = [0, 1];
    const seconds = (range ? range[1] : high) - (range ? range[0] : low);
    const unit = axis === "time" ? timeUnit(seconds) : [1, "step"];
    const x = rangeScale((range?.[0] ?? low) / unit[0], (range?.[1] ?? high) / unit[0]);
    const plain = { low: x.low * unit[0], high: x.high * unit[0] };
    let [least, greatest, positive] = [Infinity, -Infinity, Infinity];
    const parts = this.#lines.map((line) => {
      const places = line.series.x(axis);
      const isSmooth = line.isSmoothed && window > 0;
      const raw = decimated(places, line.series.points, this.#columns, plain);
      const main = isSmooth ? decimated(places, line.series.smooth(window), this.#columns, plain) : raw;
      for (let index = 1; index < main.length; index += 4) {
        least = Math.min(least, main[index] === main[index] ? main[index] : Infinity);
        greatest = Math.max(greatest, main[index + 1] === main[index + 1] ? main[index + 1] : -Infinity);
        if (main[index] > 0) positive = Math.min(positive, main[index]);
      }
      return { line, main, raw: isSmooth ? raw : null };
    });
    if (!(least <= greatest)) [least, greatest] = [0, 1];
    const takesLogarithm = isLogarithmic && greatest > 0 && Number.isFinite(positive);
    const y = takesLogarithm ? logarithmicScale(positive, Math.max(greatest, positive)) : valueScale(least, greatest);
    this.#scales = { x, y, unit };
    return parts;
  }

  draw() {
    const density = window.devicePixelRatio || 1;
    const [width, height] = [this.#canvas.clientWidth, this.#canvas.clientHeight];
    if (width === 0) return;
    if (this.#canvas.width !== Math.round(width * density) || this.#canvas.height !== Math.round(height * density)) {
      [this.#canvas.width, this.#canvas.height] = [Math.round(width * density), Math.round(height * density)];
    }
    const parts = this.#makeScales();
    const context = this.#context;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, width, height);
    this.#drawAxes(context, width, height);
    context.save();
    context.beginPath();
    context.rect(edges.left, 0, width - edges.left - edges.right, height - edges.bottom + 1);
    context.clip();
    for (const { line, raw } of parts) if (raw) this.#drawBand(context, line, raw);
    for (const { line, main } of parts) this.#drawLine(context, line, main);
    context.restore();
    const notes = [this.words.unit, this.#scales.y.isLogarithmic ? "logarithmic" : ""].filter((note) => note);
    this.#note.textContent = notes.join(", ");
    this.#describe();
    if (this.#cursor !== null) this.#point(this.#cursor);
  }

  #left(position) { return edges.left + position * (this.#canvas.clientWidth - edges.left - edges.right); }
  #top(position) {
    const bottom = this.#canvas.clientHeight - edges.bottom;
    return bottom - position * (bottom - edges.top);
  }

  #drawAxes(context, width, height) {
    const { x, y, unit } = this.#scales;
    const [muted, line] = [colorOf("--muted"), colorOf("--line")];
    context.font = `10.5px ${getComputedStyle(document.body).fontFamily}`;
    context.fillStyle = muted;
    context.lineWidth = 1;
    context.textBaseline = "middle";
    context.textAlign = "right";
    context.strokeStyle = line;
    const bottom = height - edges.bottom;
    for (const tick of y.ticks) {
      const top = Math.round(this.#top(y.position(tick))) + 0.5;
      context.beginPath();
      context.moveTo(edges.left, top);
      context.lineTo(width - edges.right, top);
      context.stroke();
      context.fillText(tickLabel(tick), edges.left - 6, top);
    }
    context.strokeStyle = muted;
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    context.beginPath();
    let free = -Infinity;
    for (const tick of x.ticks) {
      const left = Math.round(this.#left(x.position(tick))) + 0.5;
      context.moveTo(left, bottom);
      context.lineTo(left, bottom + 4);
      const text = tickLabel(tick);
      const half = context.measureText(text).width / 2;
      // A label that would touch the one before it is left out.
      if (left - half < free) continue;
      context.fillText(text, Math.min(left, width - half), bottom + 15);
      free = left + half + 8;
    }
    context.moveTo(edges.left + 0.5, edges.top);
    context.lineTo(edges.left + 0.5, bottom + 0.5);
    context.lineTo(width - edges.right, bottom + 0.5);
    context.stroke();
    const label = this.#options.axis === "time" ? `time, ${unit[1]}` : "step";
    context.fillText(label, (edges.left + width - edges.right) / 2, height - 4);
  }

  /** Draws what is between the least and the greatest value, faintly; of few points, the line through them. */
  #drawBand(context, line, parts) {
    const { y } = this.#scales;
    const columns = parts.length / 4;
    const [upper, lower] = [[], []];
    let wide = 0;
    for (let column = 0; column < columns; column += 1) {
      const [least, greatest] = [parts[4 * column + 1], parts[4 * column + 2]];
      if (least !== least) continue;
      const left = this.#left((column + 0.5) / columns);
      upper.push([left, this.#top(y.position(greatest))]);
      lower.push([left, this.#top(y.position(least))]);
      if (greatest > least) wide += 1;
    }
    const isBand = 2 * wide > upper.length;
    context.strokeStyle = colorOf(line.color);
    context.fillStyle = context.strokeStyle;
    context.globalAlpha = isBand ? 0.2 : 0.3;
    context.lineWidth = 1;
    context.beginPath();
    for (const place of upper) context.lineTo(...place);
    if (isBand) {
      for (const place of lower.reverse()) context.lineTo(...place);
      context.fill();
    } else {
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  #drawLine(context, line, parts) {
    const { y } = this.#scales;
    const columns = parts.length / 4;
    context.strokeStyle = colorOf(line.color);
    context.fillStyle = context.strokeStyle;
    context.lineWidth = 1.8;
    context.setLineDash(line.isDashed ? [5, 3] : []);
    context.beginPath();
    let isSteep = false;
    const dots = [];
    for (let column = 0; column < columns; column += 1) {
      const first = parts[4 * column];
      if (first !== first) continue;
      const left = this.#left((column + 0.5) / columns);
      const tops = [1, 2, 3].map((place) => this.#top(y.position(parts[4 * column + place])));
      // Where the extremes are a pixel apart, one point is the line.
      if (tops[0] - tops[1] >= 1) {
        context.lineTo(left, this.#top(y.position(first)));
        context.lineTo(left, tops[0]);
        context.lineTo(left, tops[1]);
        isSteep = true;
      }
      context.lineTo(left, tops[2]);
      dots.push([left, tops[2]]);
    }
    // Round joins of a line that goes up and down in each column are not seen, and take most of its time.
    context.lineJoin = isSteep ? "bevel" : "round";
    context.stroke();
    context.setLineDash([]);
    // Dots that would touch are left out.
    if (dots.length > 1 && dots.at(-1)[0] - dots[0][0] < 8 * (dots.length - 1)) return;
    for (const [left, top] of dots) {
      context.beginPath();
      context.arc(left, top, 2.4, 0, 7);
      context.fill();
    }
  }

  /** Says the chart's last values in words. */
  #describe() {
    const values = this.#lines.map(({ name, series }) => `${name} ${significant(series.values[series.length - 1], 4)}`);
    const unit = this.words.unit ? `, ${this.words.unit}` : "";
    this.#canvas.setAttribute("aria-label", `${this.words.title}${unit}. Last values: ${values.join(", ") || "none"}. `
      + "The arrow keys go through the points.");
  }

  /** Returns what the lines have nearest to a place of the axis: `x`, and a value of each line. */
  #nearest(place) {
    const { axis, window } = this.#options;
    const found = [];
    for (const line of this.#lines) {
      const x = line.series.x(axis);
      const after = Math.min(lowerBound(x, place), x.length - 1);
      const index = after > 0 && place - x[after - 1] < x[after] - place ? after - 1 : after;
      const values = line.isSmoothed ? line.series.smooth(window).values : line.series.values;
      found.push({ line, x: x[index], value: values[index], distance: Math.abs(x[index] - place) });
    }
    return found.sort((first, second) => first.distance - second.distance);
  }

  /** Shows the values nearest to a place of the axis; returns the line of text. */
  #point(place) {
    const found = this.#nearest(place);
    if (found.length === 0) return "";
    const { x, y, unit } = this.#scales;
    const nearest = found[0].x;
    const left = this.#left(x.position(nearest / unit[0]));
    // Runs with points only far from there are not told.
    const reach = 0.03 * (x.high - x.low) * unit[0];
    const told = found.filter((one) => Math.abs(one.x - nearest) <= reach && Number.isFinite(one.value));
    const heading = this.#options.axis === "time"
      ? `${significant(nearest / unit[0], 4)} ${unit[1]}` : `step ${tickLabel(nearest)}`;
    told.sort((first, second) => second.value - first.value);
    const rows = told.map(({ line, value }) => make("div", {}, swatch(`var(${line.color})`),
      `${line.name}: ${significant(value, 5)}${this.words.unit ? ` ${this.words.unit}` : ""}`));
    this.#tip.replaceChildren(make("b", {}, heading), ...rows);
    this.#tip.hidden = false;
    const isRight = left > this.#canvas.clientWidth / 2;
    this.#tip.style.left = isRight ? "auto" : `${left + 28}px`;
    this.#tip.style.right = isRight ? `${this.#canvas.clientWidth - left + 28}px` : "auto";
    this.#overlay.hidden = false;
    this.#overlay.style.left = `${left}px`;
    this.#overlay.replaceChildren(...told.map(({ line, value }) => {
      const dot = make("i");
      dot.style.top = `${this.#top(y.position(value))}px`;
      dot.style.background = `var(${line.color})`;
      return dot;
    }));
    this.#cursor = place;
    return `${heading}: ${told.map(({ line, value }) => `${line.name} ${significant(value, 4)}`).join(", ")}`;
  }

  #leave() {
    this.#cursor = null;
    this.#tip.hidden = true;
    this.#overlay.hidden = true;
  }

  /** Returns the place of the axis at a place of the canvas. */
  #place(left) {
    const share = (left - edges.left) / (this.#canvas.clientWidth - edges.left - edges.right);
    return this.#scales.x.value(Math.min(Math.max(share, 0), 1)) * this.#scales.unit[0];
  }

  #listen() {
    const canvas = this.#canvas;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.#scales || event.pointerType === "touch") return;
      canvas.setPointerCapture(event.pointerId);
      this.#drag = event.offsetX;
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.#scales) return;
      this.#point(this.#place(event.offsetX));
      if (this.#drag === null) return;
      const [low, high] = [Math.min(this.#drag, event.offsetX), Math.max(this.#drag, event.offsetX)];
      this.#selection.hidden = high - low < 5;
      this.#selection.style.left = `${low}px`;
      this.#selection.style.width = `${high - low}px`;
    });
    canvas.addEventListener("pointerup", (event) => {
      const start = this.#drag;
      this.#drag = null;
      this.#selection.hidden = true;
      if (start === null || Math.abs(event.offsetX - start) < 5) return;
      const range = [this.#place(Math.min(start, event.offsetX)), this.#place(Math.max(start, event.offsetX))];
      this.dispatchEvent(new CustomEvent("range", { detail: range }));
    });
    canvas.addEventListener("pointercancel", () => {
      this.#drag = null;
      this.#selection.hidden = true;
    });
    canvas.addEventListener("dblclick", () => this.dispatchEvent(new CustomEvent("range", { detail: null })));
    canvas.addEventListener("pointerleave", () => { if (this.#drag === null) this.#leave(); });
    canvas.addEventListener("blur", () => this.#leave());
    canvas.addEventListener("keydown", (event) => {
      if (!this.#scales || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      event.preventDefault();
      const { x, unit } = this.#scales;
      const step = ((x.high - x.low) * unit[0]) / 50;
      const from = this.#cursor ?? x.low * unit[0];
      const place = from + (event.key === "ArrowRight" ? step : -step);
      announce(this.#point(Math.min(Math.max(place, x.low * unit[0]), x.high * unit[0])));
    });
  }
}
