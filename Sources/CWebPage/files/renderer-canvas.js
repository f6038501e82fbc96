import { encoded, lightnessOfLinear, linearInGamut, linearOfBytes, luminanceOf, writeBytes } from "./chroma.js";

// Draws a photograph and its colors on a canvas without WebGL: the same sums, on the processor.

/** Returns the place of each of `target` pixels on a grid of `source` ones, `scale` pixels apart from `origin` on. */
function samples(count, origin, scale, extent, source) {
  const low = new Int32Array(count);
  const part = new Float32Array(count);
  for (let index = 0; index < count; index += 1) {
    const place = ((origin + (index + 0.5) / scale) / extent) * source - 0.5;
    const clamped = Math.min(Math.max(place, 0), source - 1);
    low[index] = Math.floor(clamped);
    part[index] = clamped - low[index];
  }
  return { low, part };
}

/** A canvas on which the processor computes the colors. */
export class CanvasRenderer {
  #canvas;
  #context;
  #picture = null;
  #size = [1, 1];
  #lines = null;
  #colored = null;
  #drawn = "";

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { willReadFrequently: true });
    this.#colored = document.createElement("canvas");
  }

  get largestSide() { return 8192; }

  /** Takes a photograph of a size. Its ImageBitmap may be smaller. */
  setPicture(bitmap, width, height) {
    this.#picture = bitmap;
    this.#size = [width, height];
    this.#drawn = "";
  }

  /** Takes the lines of `fittedLines`; null shows the photograph alone. */
  setLines(lines, width, height) {
    this.#lines = lines ? { values: lines, width, height, isGray: lines.every((value) => value === 0) } : null;
    this.#drawn = "";
  }

  /** Draws the photograph left of the divider, and its colors right of it; see `GLRenderer.draw`. */
  draw(view) {
    if (!this.#picture) return;
    const { width, height } = this.#canvas;
    const context = this.#context;
    this.#drawPicture(context, view, width, height);
    if (!this.#lines) return;
    const place = [view.x, view.y, view.scale, width, height].join();
    if (place !== this.#drawn) {
      // The divider moves without a computation.
      this.#drawn = place;
      this.#color(view, width, height);
    }
    const divider = Math.min(Math.max(Math.round(view.divider), 0), width);
    if (divider === width) return;
    context.clearRect(divider, 0, width - divider, height);
    context.drawImage(this.#colored, divider, 0, width - divider, height, divider, 0, width - divider, height);
  }

  #drawPicture(context, view, width, height) {
    const { scale } = view;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.imageSmoothingEnabled = scale < 1 || (scale > 1 && scale < 4);
    context.imageSmoothingQuality = "high";
    context.fillStyle = "#fff";
    const box = [-view.x * scale, -view.y * scale, this.#size[0] * scale, this.#size[1] * scale];
    context.fillRect(...box);
    context.drawImage(this.#picture, ...box);
  }

  #color(view, width, height) {
    const image = this.#context.getImageData(0, 0, width, height);
    const { values, width: columns, height: rows, isGray } = this.#lines;
    const { data } = image;
    const across = samples(width, view.x, view.scale, this.#size[0], columns);
    const down = samples(height, view.y, view.scale, this.#size[1], rows);
    const between = new Float32Array(4 * columns);
    const line = new Float32Array(4);
    const color = new Float32Array(3);
    for (let y = 0; y < height; y += 1) {
      const upper = 4 * columns * down.low[y];
      const lower = 4 * columns * Math.min(down.low[y] + 1, rows - 1);
      for (let index = 0; index < 4 * columns; index += 1) {
        between[index] = values[upper + index] + (values[lower + index] - values[upper + index]) * down.part[y];
      }
      for (let x = 0; x < width; x += 1) {
        const first = 4 * (y * width + x);
        if (data[first + 3] === 0) continue;
        const light = [linearOfBytes[data[first]], linearOfBytes[data[first + 1]], linearOfBytes[data[first + 2]]];
        if (isGray) {
          data.fill(Math.round(255 * encoded(luminanceOf(...light))), first, first + 3);
          continue;
        }
        const [left, right] = [4 * across.low[x], 4 * Math.min(across.low[x] + 1, columns - 1)];
        for (let index = 0; index < 4; index += 1) {
          line[index] = between[left + index] + (between[right + index] - between[left + index]) * across.part[x];
        }
        const lightness = lightnessOfLinear(...light);
        linearInGamut(lightness, line[0] * lightness + line[2], line[1] * lightness + line[3], color);
        writeBytes(color, data, first);
      }
    }
    [this.#colored.width, this.#colored.height] = [width, height];
    this.#colored.getContext("2d").putImageData(image, 0, 0);
  }
}
