import { ServerError, postJSON, request } from "./api.js";
import { announce, make, one } from "./dom.js";

// Saving: one photograph, or all of them in a ZIP file with a sheet.

/** Saves a file of this page under a name. */
function save(address, name) {
  const link = make("a", { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
}

/** Returns the name that an answer gives its file. */
function nameOf(response, otherwise) {
  const disposition = response.headers.get("Content-Disposition") ?? "";
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
  if (encoded) return decodeURIComponent(encoded);
  return /filename="?([^";]+)"?/i.exec(disposition)?.[1] ?? otherwise;
}

export class Saving {
  #state;
  #photographs;
  #shown;

  /** @param shown Returns the photograph that is shown. */
  constructor(state, photographs, shown) {
    this.#state = state;
    this.#photographs = photographs;
    this.#shown = shown;
    one("#format").replaceChildren(...state.formats.map((format) => new Option(format.name, format.id)));
    one("#quality").value = state.quality;
    const show = () => {
      one("#quality-setting").hidden = !this.#format.hasQuality;
      one("#quality-value").textContent = one("#quality").value;
    };
    one("#format").addEventListener("change", show);
    one("#quality").addEventListener("input", show);
    show();
    one("#save").addEventListener("click", () => this.#during(one("#save"), () => this.#saveOne()));
    one("#save-all").addEventListener("click", () => this.#during(one("#save-all"), () => this.#saveAll()));
  }

  get #format() { return this.#state.formats.find((format) => format.id === one("#format").value); }

  /** The parameters of the chosen format. */
  get #settings() {
    const format = this.#format;
    return format.hasQuality ? { format: format.id, quality: Number(one("#quality").value) } : { format: format.id };
  }

  /** Says a line beside the buttons. */
  say(text) { one("#save-note").textContent = text; }

  async #during(button, action) {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    this.say("");
    try {
      await action();
    } catch (error) {
      this.say(error instanceof ServerError ? error.message : String(error));
    } finally {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  }

  /** Returns what differs from the model's own settings, which the server then takes exactly. */
  #colors(photograph) {
    const colors = {};
    if (photograph.strength !== photograph.remote.strength) colors.strength = photograph.strength;
    if (photograph.contrast !== photograph.remote.contrast) colors.contrast = photograph.contrast;
    return colors;
  }

  async #saveOne() {
    const photograph = this.#shown();
    const address = this.#photographs.address(
      photograph, "/colored", { ...this.#settings, ...this.#colors(photograph), save: 1 });
    const answer = await request(address);
    const content = URL.createObjectURL(await answer.blob());
    const name = nameOf(answer, `${photograph.name.replace(/\.[^.]*$/, "")}-colored.${this.#format.extension}`);
    save(content, name);
    setTimeout(() => URL.revokeObjectURL(content), 60_000);
    this.say(`${name} is saved where the browser puts downloads.`);
    announce(`${name} is saved`);
  }

  async #saveAll() {
    const done = this.#photographs.list.filter((photograph) => photograph.isDone);
    if (done.length === 0) {
      this.say("No photograph is colored yet.");
      return;
    }
    const session = new URLSearchParams(this.#photographs.address(done[0]).split("?")[1]).get("session");
    const { url } = await postJSON(`/api/archives?session=${session}`, {
      ...this.#settings,
      photographs: done.map((photograph) => ({ id: photograph.remote.id, ...this.#colors(photograph) })),
    });
    save(url, "recolor.zip");
    const missing = this.#photographs.list.length - done.length;
    this.say(missing > 0 ? `Without ${missing} that ${missing === 1 ? "is" : "are"} not colored.` : "");
  }
}
