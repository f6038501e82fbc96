import { announce, delayed, one, perFrame } from "./dom.js";
import { count } from "./format.js";
import { HintEditor } from "./hints.js";
import { Photographs, statusOf } from "./photographs.js";
import { Saving } from "./saving.js";
import { Stage } from "./stage.js";
import { Strip } from "./strip.js";

// The part that colors photographs: what is shown, and its settings.

class ColorPart {
  #state;
  #photographs;
  #stage = new Stage();
  #strip;
  #hints;
  #saving;
  #shown = null;
  /** The bitmap, the colors and the settings that are on the stage. */
  #staged = {};

  constructor(state, events) {
    this.#state = state;
    this.#photographs = new Photographs(events);
    this.#strip = new Strip(this.#photographs, {
      choose: (photograph) => this.choose(photograph), remove: (photograph) => this.#remove(photograph),
    });
    this.#hints = new HintEditor(this.#stage, (photograph, hints) => this.#sendHints(photograph, hints));
    this.#saving = new Saving(state, this.#photographs, () => this.#shown);
    one("#files").accept = state.accepts;
    this.#listenToFiles();
    this.#listenToSettings();
    this.#listenToZoom();
    this.#takeState(state);
    events.on("state", (newer) => this.#takeState(newer));
    this.#photographs.addEventListener("list", () => this.#update());
    this.#photographs.addEventListener("change", (event) => {
      this.#strip.update(event.detail);
      if (event.detail === this.#shown) this.#showPhotograph();
    });
    this.#update();
  }

  show() { this.#update(); }

  #takeState(state) {
    this.#state = state;
    const chosen = one("#model").value;
    one("#model").replaceChildren(...state.models.map((model) => new Option(model.name, model.id)));
    if (state.models.some((model) => model.id === chosen)) one("#model").value = chosen;
    for (const [name, range] of [["strength", state.strengths], ["contrast", state.contrasts],
      ["working-size", state.workingSizes]]) {
      [one(`#${name}`).min, one(`#${name}`).max] = range;
    }
    this.#showSettings();
  }

  /** Colors files; others than files are passed over. */
  #open(files) {
    if (files.length === 0) return;
    const added = this.#photographs.add(files);
    announce(files.length === 1 ? `Coloring ${added[0].name}` : `Coloring ${files.length} photographs`);
    this.choose(added[0]);
  }

  #listenToFiles() {
    const files = one("#files");
    files.addEventListener("change", () => {
      this.#open([...files.files]);
      files.value = "";
    });
    addEventListener("paste", (event) => {
      const pasted = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/"));
      if (pasted.length === 0 || one("#color").hidden) return;
      event.preventDefault();
      this.#open(pasted);
    });
    const dropping = one("#dropping");
    let depth = 0;
    const holdsFiles = (event) => [...event.dataTransfer.types].includes("Files") && !one("#color").hidden;
    addEventListener("dragenter", (event) => {
      if (!holdsFiles(event)) return;
      depth += 1;
      dropping.hidden = false;
    });
    addEventListener("dragleave", () => {
      depth = Math.max(0, depth - 1);
      if (depth === 0) dropping.hidden = true;
    });
    addEventListener("dragover", (event) => { if (holdsFiles(event)) event.preventDefault(); });
    addEventListener("drop", (event) => {
      depth = 0;
      dropping.hidden = true;
      if (!holdsFiles(event)) return;
      event.preventDefault();
      this.#open([...event.dataTransfer.files]);
    });
  }

  #listenToSettings() {
    one("#panel").addEventListener("submit", (event) => event.preventDefault());
    const recolor = () => {
      if (!this.#shown?.remote) return;
      this.#photographs.setColors(this.#shown, Number(one("#strength").value), Number(one("#contrast").value));
    };
    for (const name of ["strength", "contrast"]) one(`#${name}`).addEventListener("input", recolor);
    one("#reset").addEventListener("click", () => {
      if (!this.#shown?.remote) return;
      this.#photographs.resetColors(this.#shown);
      this.#photographs.setColors(this.#shown, this.#shown.strength, this.#shown.contrast);
    });
    const set = (settings) => this.#guard(this.#shown, () => this.#photographs.setModel(this.#shown, settings));
    one("#model").addEventListener("change", () => {
      this.#photographs.defaults.model = one("#model").value;
      this.#photographs.defaults.workingSize = null;
      set({ model: one("#model").value, workingSize: null });
    });
    one("#working-size").addEventListener("change", (event) => {
      const size = event.target;
      if (!size.checkValidity() && !size.validity.stepMismatch) {
        size.reportValidity();
        return;
      }
      const workingSize = size.value === "" ? null : Math.round(Number(size.value));
      this.#photographs.defaults.workingSize = workingSize;
      set({ workingSize });
    });
    one("#apply-all").addEventListener("click", () => this.#applyToAll());
    one("#hint-tool").addEventListener("click", () => this.#choosePoints(!this.#stage.choosesPoints));
    addEventListener("keydown", (event) => {
      if (one("#color").hidden || !this.#shown) return;
      if (event.key === "Escape" && this.#stage.choosesPoints) this.#choosePoints(false);
      const isText = event.target.matches("input, select, textarea") && event.target.type !== "range";
      if (event.key === "z" && (event.ctrlKey || event.metaKey) && !isText) {
        event.preventDefault();
        this.#hints.undo();
      }
    });
  }

  #choosePoints(isOn) {
    this.#stage.choosesPoints = isOn;
    one("#hint-tool").setAttribute("aria-pressed", isOn);
    if (isOn) {
      announce("Point at the photograph. By keyboard: the arrow keys move the cross, Enter chooses the point.");
      one("#stage").focus({ preventScroll: true });
    }
  }

  #listenToZoom() {
    one("#zoom-in").addEventListener("click", () => this.#stage.zoomBy(1.5));
    one("#zoom-out").addEventListener("click", () => this.#stage.zoomBy(1 / 1.5));
    one("#zoom-fit").addEventListener("click", () => this.#stage.fit());
    one("#zoom-level").addEventListener("click", () => this.#stage.zoom(1));
    this.#stage.addEventListener("view", () => {
      one("#zoom-level").textContent = `${Math.round(100 * this.#stage.scale)} %`;
    });
  }

  /** Runs what may fail, and says why it did. */
  async #guard(photograph, action) {
    if (!photograph?.remote) return;
    try {
      await action();
    } catch (error) {
      this.#saving.say(error.message);
    }
  }

  #sendHints(photograph, hints) {
    photograph.hints = hints;
    this.#strip.update(photograph);
    this.#sendHintsSoon(photograph, hints);
  }

  #sendHintsSoon = delayed((photograph, hints) => {
    this.#guard(photograph, () => this.#photographs.setHints(photograph, hints));
  }, 60);

  #applyToAll() {
    const { strength, contrast, remote } = this.#shown;
    if (!remote) return;
    for (const other of this.#photographs.list) {
      if (other === this.#shown || !other.remote) continue;
      this.#guard(other, async () => {
        const { model, workingSize } = remote;
        if (other.remote.model !== model || other.remote.workingSize !== workingSize) {
          await this.#photographs.setModel(other, { model, workingSize });
        }
        this.#photographs.setColors(other, strength, contrast);
      });
    }
    this.#saving.say("All photographs have these settings.");
  }

  #remove(photograph) {
    const { list } = this.#photographs;
    const index = list.indexOf(photograph);
    const next = list[index + 1] ?? list[index - 1] ?? null;
    this.#photographs.remove(photograph);
    if (photograph === this.#shown) this.choose(next);
    announce(`${photograph.name} removed`);
  }

  /** Shows a photograph; null where there is none. */
  choose(photograph) {
    this.#shown = photograph;
    this.#staged = {};
    if (!photograph?.bitmap) this.#stage.setPicture(null, null);
    this.#stage.share = 0.5;
    this.#hints.show(photograph);
    this.#update();
  }

  #update() {
    const hasSome = this.#photographs.list.length > 0;
    one("#color-empty").hidden = hasSome;
    one("#workbench").hidden = !hasSome;
    one("#several").hidden = this.#photographs.list.length < 2;
    this.#strip.show(this.#shown);
    if (!hasSome) this.#stage.setPicture(null, null);
    if (this.#shown) this.#showPhotograph();
  }

  async #showPhotograph() {
    const photograph = this.#shown;
    this.#showFacts(photograph);
    this.#showSettings();
    this.#hints.show(photograph);
    const bitmap = await this.#photographs.bitmap(photograph).catch((error) => {
      photograph.error ??= error.message;
      return null;
    });
    if (photograph !== this.#shown) return;
    if (bitmap && this.#staged.bitmap !== bitmap) {
      this.#staged = { bitmap };
      const { width, height } = photograph.remote?.width ? photograph.remote : bitmap;
      const fitting = await this.#fitting(bitmap);
      // Another one may have been chosen meanwhile.
      if (this.#staged.bitmap !== bitmap) return;
      this.#stage.setPicture(fitting, { width, height });
      this.#stage.setLines(null);
    }
    this.#showColors();
  }

  /** Returns a bitmap that the renderer can hold. */
  async #fitting(bitmap) {
    const scale = this.#stage.renderer.largestSide / Math.max(bitmap.width, bitmap.height);
    if (scale >= 1) return bitmap;
    return createImageBitmap(bitmap, {
      resizeWidth: Math.floor(bitmap.width * scale), resizeHeight: Math.floor(bitmap.height * scale),
      resizeQuality: "high", premultiplyAlpha: "none",
    });
  }

  #showColors = perFrame(() => {
    const photograph = this.#shown;
    if (!photograph?.isDone || !this.#staged.bitmap || photograph.strength === null) return;
    const { chroma, strength, contrast } = photograph;
    const staged = this.#staged;
    if (staged.chroma === chroma && staged.strength === strength && staged.contrast === contrast) return;
    if (!staged.chroma) announce(`${photograph.name} is colored.`);
    Object.assign(this.#staged, { chroma, strength, contrast });
    this.#stage.setLines(photograph.lines(), chroma.width, chroma.height);
  });

  #showFacts(photograph) {
    const { remote } = photograph;
    const facts = remote?.width
      ? [`${count(remote.width)} × ${count(remote.height)}`, remote.format?.toUpperCase(),
        photograph.isDone ? `colored in ${remote.seconds.toFixed(2)} s` : null]
      : [];
    one("#photograph-name").textContent = photograph.name;
    one("#photograph-facts").textContent = facts.filter((fact) => fact).join(" · ");
    const remarks = photograph.error ? [] : remote?.remarks ?? [];
    one("#remarks").textContent = remarks.join(" ");
    one("#canvas").setAttribute("aria-label", photograph.isDone
      ? `${photograph.name}: the original left of the divider, the colored photograph right of it`
      : photograph.name);
    const status = one("#stage-status");
    status.hidden = !photograph.isBusy && !photograph.error;
    status.classList.toggle("failed", photograph.error !== null);
    status.textContent = statusOf(photograph);
    for (const name of ["hint-tool", "save"]) one(`#${name}`).disabled = !photograph.isDone;
  }

  #showSettings() {
    const photograph = this.#shown;
    const remote = photograph?.remote;
    const isKnown = photograph !== null && photograph?.strength !== null && photograph?.strength !== undefined;
    const model = this.#state.models.find((one) => one.id === (remote?.model ?? this.#photographs.defaults.model))
      ?? this.#state.models[0];
    const strength = isKnown ? photograph.strength : model?.strength ?? 1;
    const contrast = isKnown ? photograph.contrast : model?.contrast ?? 0;
    for (const [name, value] of [["strength", strength], ["contrast", contrast]]) {
      one(`#${name}`).value = value;
      one(`#${name}-value`).textContent = value.toFixed(2);
    }
    one("#reset").disabled = !isKnown || !remote
      || (photograph.strength === remote.strength && photograph.contrast === remote.contrast);
    if (model) one("#model").value = model.id;
    one("#model-note").textContent = model?.description ?? "";
    if (document.activeElement !== one("#working-size")) {
      one("#working-size").value = remote?.workingSize ?? model?.workingSize ?? "";
    }
  }
}

export function makeColorPart(state, events) {
  return new ColorPart(state, events);
}
