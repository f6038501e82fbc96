import { CanvasRenderer } from "./renderer-canvas.js";
import { GLRenderer } from "./renderer-gl.js";

/** Returns what draws photographs on a canvas: by WebGL where the browser has it. */
export function makeRenderer(canvas) {
  return GLRenderer.make(canvas) ?? new CanvasRenderer(canvas);
}
