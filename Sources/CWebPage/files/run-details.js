import { make, one, swatch } from "./dom.js";
import { significant } from "./format.js";

// Samples, figures and settings of runs.

export class RunDetails {
  #store;
  #colorOf;
  #sampled = null;
  #epochs = [];
  #follows = true;

  constructor(store, colorOf) {
    this.#store = store;
    this.#colorOf = colorOf;
    one("#epoch").addEventListener("input", () => {
      this.#follows = Number(one("#epoch").value) === this.#epochs.length;
      this.#showSample();
    });
    one("#only-differences").addEventListener("change", (event) => {
      one("#settings").classList.toggle("short", event.target.checked);
    });
    one("#sample").addEventListener("load", (event) => {
      // Small samples are magnified without smoothing.
      event.target.classList.toggle("pixels", event.target.naturalWidth < 700);
    });
  }

  /** Shows the sample sheets of a run; the last one, and each that comes, until another is chosen. */
  showSamples(run) {
    const epochs = this.#store.details(run.id)?.samples ?? [];
    if (this.#sampled?.id !== run.id) this.#follows = true;
    this.#sampled = run;
    this.#epochs = epochs;
    one("#samples").hidden = epochs.length === 0;
    if (epochs.length === 0) return;
    const slider = one("#epoch");
    slider.max = epochs.length;
    slider.disabled = epochs.length === 1;
    if (this.#follows) slider.value = epochs.length;
    this.#showSample();
  }

  #showSample() {
    const epoch = this.#epochs[Number(one("#epoch").value) - 1];
    if (epoch === undefined) return;
    one("#epoch-value").textContent = epoch;
    one("#epoch").setAttribute("aria-valuetext", `epoch ${epoch}`);
    const image = one("#sample");
    const address = `/api/runs/${encodeURIComponent(this.#sampled.id)}/samples/${epoch}`;
    if (image.getAttribute("src") === address) return;
    image.src = address;
    image.alt = `Samples of ${this.#sampled.name} after epoch ${epoch}`;
  }

  #headings(runs) {
    return runs.map((run) => make("th", { scope: "col" }, swatch(`var(${this.#colorOf(run).color})`), run.name));
  }

  /** Shows the figures and the settings of runs, side by side. */
  showTables(runs, selected) {
    const shown = selected && !runs.includes(selected) ? [selected, ...runs] : runs;
    this.#showFigures(shown);
    this.#showSettings(shown);
  }

  #showFigures(runs) {
    // In the order of metrics.csv.
    const logged = runs.flatMap((run) => this.#store.details(run.id)?.columns ?? Object.keys(run.last ?? {}));
    const columns = [...new Set(logged)].filter((column) => column !== "step");
    const heading = (column) => {
      if (column === "epoch") return "Epoch";
      const { title, unit } = this.#store.words(`epoch/${column}`);
      return unit ? `${title}, ${unit}` : title;
    };
    one("#figures").replaceChildren(
      make("thead", {}, make("tr", {}, make("td"),
        ...columns.map((column) => make("th", { scope: "col" }, heading(column))))),
      make("tbody", {}, ...runs.map((run) => make("tr", {},
        make("th", { scope: "row" }, swatch(`var(${this.#colorOf(run).color})`), run.name),
        ...columns.map((column) => make("td", {}, significant(run.last?.[column], 5)))))));
  }

  #showSettings(runs) {
    const leaves = runs.map((run) => new Map(this.#store.details(run.id)?.leaves ?? []));
    const keys = [...new Set(leaves.flatMap((one) => [...one.keys()]))].sort();
    one("#settings").replaceChildren(
      make("thead", {}, make("tr", {}, make("td"), ...this.#headings(runs))),
      make("tbody", {}, ...keys.map((key) => {
        const values = leaves.map((one) => one.get(key));
        const isSame = values.every((value) => value === values[0]);
        return make("tr", { class: isSame ? "same" : "differs" }, make("th", { scope: "row" }, key),
          ...values.map((value) => make("td", { title: value }, value ?? "–")));
      })));
    one("#only-differences").disabled = runs.length < 2;
  }
}
