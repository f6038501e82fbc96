// Mouse, pen and fingers on one element: drags, taps, and two fingers that pinch.

/** Distance from which on a movement is a drag, in CSS pixels. */
const slack = 4;

export class Pointers {
  #element;
  #actions;
  #active = new Map();
  #start = null;

  /**
   * @param {object} actions `down`, `move` (one finger), `pinch` (two), `tap` (no movement); places are relative to the
   *   element
   */
  constructor(element, actions) {
    this.#element = element;
    this.#actions = actions;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#up(event, false));
    element.addEventListener("pointercancel", (event) => this.#up(event, true));
  }

  #place(event) {
    const box = this.#element.getBoundingClientRect();
    return { left: event.clientX - box.left, top: event.clientY - box.top };
  }

  #down(event) {
    if (event.button !== 0 || event.target.closest("button")) return;
    this.#element.setPointerCapture(event.pointerId);
    const place = this.#place(event);
    this.#active.set(event.pointerId, place);
    if (this.#active.size === 1) {
      this.#start = { ...place, target: event.target, isTap: true };
      this.#actions.down({ ...place, target: event.target });
    } else {
      this.#start.isTap = false;
    }
  }

  #move(event) {
    const old = this.#active.get(event.pointerId);
    if (!old) return;
    const place = this.#place(event);
    if (this.#start.isTap && Math.hypot(place.left - this.#start.left, place.top - this.#start.top) < slack) return;
    this.#start.isTap = false;
    this.#active.set(event.pointerId, place);
    if (this.#active.size === 1) {
      this.#actions.move({ ...place, dx: place.left - old.left, dy: place.top - old.top });
      return;
    }
    const other = [...this.#active].find(([id]) => id !== event.pointerId)[1];
    const distance = (point) => Math.hypot(point.left - other.left, point.top - other.top);
    this.#actions.pinch({
      factor: distance(place) / Math.max(distance(old), 1),
      left: (place.left + other.left) / 2, top: (place.top + other.top) / 2,
      dx: (place.left - old.left) / 2, dy: (place.top - old.top) / 2,
    });
  }

  #up(event, isCanceled) {
    if (!this.#active.delete(event.pointerId) || this.#active.size > 0) return;
    if (this.#start.isTap && !isCanceled) this.#actions.tap({ ...this.#place(event), target: this.#start.target });
  }
}
