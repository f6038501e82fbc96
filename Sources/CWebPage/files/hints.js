import { announce, icon, make, one } from "./dom.js";

// Hints: points of the photograph whose color is told.

/** Colors that are often asked for. */
const palette = [
  ["skin, light", "#e3b391"], ["skin, tan", "#c08a6a"], ["skin, dark", "#7c4f35"], ["hair, brown", "#5e3d26"],
  ["hair, blond", "#c9a46a"], ["lips", "#b5535a"], ["sky", "#7fb2e5"], ["water", "#3f7f95"],
  ["grass", "#6f9a3e"], ["leaves", "#3f6b35"], ["sand", "#d2b48c"], ["wood", "#8b5a2b"],
  ["brick", "#a4513c"], ["denim", "#42628f"], ["navy", "#2b3a67"], ["red", "#c0392b"],
  ["orange", "#dd7e2d"], ["yellow", "#e0c341"], ["green", "#2f8f57"], ["purple", "#76508f"],
  ["pink", "#d98ab0"], ["khaki", "#8c8459"], ["gold", "#b8912f"], ["gray", "#808080"],
];

/** The list, the marks on the stage, and the dialog of the colors. */
export class HintEditor {
  #stage;
  #change;
  #photograph = null;
  #dialog = one("#hint-dialog");
  #edited = null;
  #color = one("#hint-color");

  /** @param change Called with a photograph and its new hints. */
  constructor(stage, change) {
    this.#stage = stage;
    this.#change = change;
    for (const [name, color] of palette) {
      const button = make("button", { type: "button", title: name, "aria-label": name, "data-color": color });
      button.style.setProperty("--color", color);
      button.addEventListener("click", () => {
        this.#set(color);
        this.#dialog.close();
      });
      one("#palette").append(button);
    }
    this.#color.addEventListener("input", () => this.#set(this.#color.value));
    one("#hint-remove").addEventListener("click", () => {
      this.#remove(this.#edited);
      this.#dialog.close();
    });
    this.#dialog.addEventListener("click", (event) => { if (event.target === this.#dialog) this.#dialog.close(); });
    stage.addEventListener("point", (event) => this.#add(event.detail));
    stage.addEventListener("view", () => this.#placeMarkers());
    one("#undo").addEventListener("click", () => this.undo());
  }

  show(photograph) {
    this.#photograph = photograph;
    this.#render();
  }

  undo() {
    const earlier = this.#photograph?.history.pop();
    if (!earlier) return;
    this.#commit(earlier);
    announce("Undone");
  }

  #add(place) {
    if (!this.#photograph?.isDone) return;
    this.#remember();
    // It begins with the color that is there.
    const hints = [...this.#photograph.hints, { ...place, color: this.#stage.colorAt(place) }];
    this.#edited = hints.length - 1;
    this.#commit(hints);
    this.#open(this.#edited);
  }

  #remember() {
    this.#photograph.history.push(this.#photograph.hints);
  }

  #commit(hints) {
    this.#change(this.#photograph, hints);
    this.#render();
  }

  #open(index) {
    this.#edited = index;
    this.#color.value = this.#photograph.hints[index].color;
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#placeDialog(this.#photograph.hints[index]);
  }

  /** Puts the dialog beside its point, inside the window. */
  #placeDialog(hint) {
    const stage = one("#stage").getBoundingClientRect();
    const { left, top } = this.#stage.placeOf(hint);
    const { width, height } = this.#dialog.getBoundingClientRect();
    const margin = 12;
    const inside = (place, length, whole) => Math.max(margin, Math.min(place, whole - length - margin));
    const beside = stage.left + left + 24;
    const isFree = beside + width + margin < innerWidth;
    this.#dialog.style.left = `${inside(isFree ? beside : beside - width - 48, width, innerWidth)}px`;
    this.#dialog.style.top = `${inside(stage.top + top - height / 3, height, innerHeight)}px`;
  }

  #set(color) {
    const hints = this.#photograph.hints.map((hint, index) => (index === this.#edited ? { ...hint, color } : hint));
    this.#color.value = color;
    this.#commit(hints);
  }

  #edit(index) {
    this.#remember();
    this.#open(index);
  }

  #remove(index) {
    if (index === null) return;
    this.#remember();
    this.#commit(this.#photograph.hints.filter((_, other) => other !== index));
    this.#edited = null;
  }

  #render() {
    const hints = this.#photograph?.hints ?? [];
    one("#undo").disabled = !this.#photograph?.history.length;
    one("#hint-note").hidden = hints.length > 0;
    one("#hints").replaceChildren(...hints.map((hint, index) => {
      const number = index + 1;
      const button = make("button", {
        type: "button", class: "hint", "aria-label": `Hint ${number}, ${hint.color}: change its color`,
        onclick: () => this.#edit(index),
      }, make("i", { class: "hint-color" }), `${number}`, make("code", {}, hint.color));
      button.firstElementChild.style.background = hint.color;
      return make("li", {}, button, make("button", {
        type: "button", class: "tool", "aria-label": `Remove hint ${number}`, onclick: () => this.#remove(index),
      }, icon("close")));
    }));
    one("#markers").replaceChildren(...hints.map((hint, index) => {
      const marker = make("button", {
        type: "button", class: "marker", tabindex: -1, "aria-hidden": "true", title: `Hint ${index + 1}`,
        onclick: () => this.#edit(index),
      });
      marker.style.background = hint.color;
      return marker;
    }));
    this.#placeMarkers();
  }

  #placeMarkers() {
    const markers = one("#markers").children;
    for (const [index, hint] of (this.#photograph?.hints ?? []).entries()) {
      if (!markers[index]) continue;
      const { left, top } = this.#stage.placeOf({ x: hint.x + 0.5, y: hint.y + 0.5 });
      markers[index].style.transform = `translate(${left}px, ${top}px)`;
    }
  }
}
