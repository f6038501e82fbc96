import { icon, make, one } from "./dom.js";
import { statusOf } from "./photographs.js";
import { CanvasRenderer } from "./renderer-canvas.js";

// The row of small pictures below the stage.

/** The shorter side of a small picture, in pixels. */
const side = 120;

export class Strip {
  #photographs;
  #actions;
  #items = new Map();
  #shown = null;

  /** @param actions `choose` and `remove` */
  constructor(photographs, actions) {
    this.#photographs = photographs;
    this.#actions = actions;
  }

  /** Shows the list, and which of the photographs is on the stage. */
  show(shown) {
    this.#shown = shown;
    const { list } = this.#photographs;
    for (const photograph of this.#items.keys()) if (!list.includes(photograph)) this.#items.delete(photograph);
    for (const photograph of list) {
      if (!this.#items.has(photograph)) this.#items.set(photograph, this.#make(photograph));
    }
    const strip = one("#strip");
    const elements = list.map((photograph) => this.#items.get(photograph).element);
    const isSame = elements.length === strip.children.length
      && elements.every((element, index) => strip.children[index] === element);
    if (!isSame) {
      strip.replaceChildren(...elements);
    }
    for (const photograph of list) this.update(photograph);
  }

  #make(photograph) {
    const canvas = make("canvas", { "aria-hidden": "true", width: side, height: side });
    const state = make("span", { class: "thumbnail-state" });
    const button = make("button", {
      type: "button", class: "thumbnail", onclick: () => this.#actions.choose(photograph),
    }, canvas, state);
    const remove = make("button", {
      type: "button", class: "thumbnail-remove", "aria-label": `Remove ${photograph.name}`, title: "Remove",
      onclick: () => this.#actions.remove(photograph),
    }, icon("close"));
    const item = {
      element: make("li", {}, button, remove), button, state, canvas, renderer: new CanvasRenderer(canvas), drawn: null,
    };
    this.#drawPicture(photograph, item);
    return item;
  }

  /** Draws a photograph, small; where the browser cannot read the file, when the server has. */
  async #drawPicture(photograph, item) {
    if (item.bitmap || item.isDrawing) return;
    item.isDrawing = true;
    try {
      const options = { imageOrientation: "from-image", resizeQuality: "medium" };
      let source = photograph.file;
      if (photograph.remote?.width) {
        const answer = await fetch(this.#photographs.address(photograph, "/original"));
        if (answer.ok) source = await answer.blob();
      }
      const whole = await createImageBitmap(source, options);
      const scale = side / Math.min(whole.width, whole.height);
      const [width, height] = [whole.width, whole.height].map((length) => Math.max(1, Math.round(length * scale)));
      item.bitmap = await createImageBitmap(whole, {
        resizeWidth: Math.min(width, 4 * side), resizeHeight: Math.min(height, 4 * side), resizeQuality: "high",
      });
      whole.close();
      item.renderer.setPicture(item.bitmap, item.bitmap.width, item.bitmap.height);
    } catch { /* The server says what is wrong with it, or reads it. */ }
    item.isDrawing = false;
    this.update(photograph);
  }

  update(photograph) {
    const item = this.#items.get(photograph);
    if (!item) return;
    const isShown = photograph === this.#shown;
    const status = photograph.isDone ? "" : statusOf(photograph);
    item.button.setAttribute("aria-label", status ? `${photograph.name}: ${status}` : photograph.name);
    item.button.title = item.button.getAttribute("aria-label");
    if (isShown) item.button.setAttribute("aria-current", "true");
    else item.button.removeAttribute("aria-current");
    item.state.className = `thumbnail-state ${photograph.error ? "failed" : photograph.isBusy ? "busy" : ""}`;
    item.state.style.setProperty("--sent", photograph.remote ? 1 : photograph.sent);
    item.state.textContent = photograph.error ? "!" : "";
    if (!item.bitmap) {
      if (photograph.remote?.width) this.#drawPicture(photograph, item);
      return;
    }
    const isColored = photograph.isDone && photograph.strength !== null;
    const drawn = isColored
      ? [photograph.revision, photograph.strength, photograph.contrast].join() : "original";
    if (drawn === item.drawn) return;
    item.drawn = drawn;
    const { width, height } = item.bitmap;
    if (isColored) item.renderer.setLines(photograph.lines(), photograph.chroma.width, photograph.chroma.height);
    else item.renderer.setLines(null);
    item.renderer.draw({ x: (width - side) / 2, y: (height - side) / 2, scale: 1, divider: 0 });
  }
}
