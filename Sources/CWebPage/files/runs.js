import { request } from "./api.js";
import { Chart } from "./chart.js";
import { announce, make, one, perFrame, swatch } from "./dom.js";
import { duration, plural } from "./format.js";
import { RunDetails } from "./run-details.js";
import { RunStore, shownTags } from "./run-store.js";

// The part that shows training runs: their list, their curves, and one of them in detail.

const colorCount = 8;
/** Runs whose curves are shown without being asked for. */
const shownAtFirst = 6;
/** Most runs of a page that is saved. */
const reportLimit = 20;
/** Points over which curves are smoothed, for each place of the slider. */
const windows = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
const stateWords = { training: "training", finished: "finished", stopped: "stopped", empty: "no epoch yet" };

class RunsPart {
  #state;
  #store;
  #details;
  #charts = new Map();
  #hidden = new Set();
  #known = new Set();
  #selected = null;
  #range = null;
  #isSeen = false;
  #visible = new Set();
  #observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) this.#visible.add(entry.target);
      else this.#visible.delete(entry.target);
    }
    this.#drawSoon();
  }, { rootMargin: "200px" });
  #drawSoon = perFrame(() => this.#draw());

  constructor(state, events) {
    this.#state = state;
    this.#store = new RunStore(events);
    this.#details = new RunDetails(this.#store, (run) => this.#colorOf(run));
    this.#store.addEventListener("runs", () => this.#takeRuns());
    this.#store.addEventListener("run", (event) => this.#takeRun(event.detail));
    this.#store.addEventListener("points", () => this.#drawSoon());
    this.#store.addEventListener("details", (event) => this.#takeDetails(event.detail));
    for (const name of ["axis", "smoothing", "logarithmic"]) {
      one(`#${name}`).addEventListener("input", () => {
        if (name === "axis") this.#range = null;
        this.#drawSoon();
      });
    }
    one("#whole-range").addEventListener("click", () => this.#setRange(null));
    one("#all-runs").addEventListener("change", (event) => {
      const others = this.#runs.map((run) => run.id).filter((id) => id !== this.#selected);
      this.#hidden = new Set(event.target.checked ? [] : others);
      this.#takeRuns();
    });
    one("#stop-run").addEventListener("click", () => this.#askToStop());
    one("#stop-dialog").addEventListener("close", () => {
      if (one("#stop-dialog").returnValue === "stop") this.#stop();
    });
    addEventListener("resize", () => this.#drawSoon());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#drawSoon());
  }

  get #runs() { return this.#store.runs; }
  get #run() { return this.#runs.find((run) => run.id === this.#selected); }
  get #shown() { return this.#runs.filter((run) => !this.#hidden.has(run.id)); }

  #colorOf(run) { return { color: `--series-${run.number % colorCount}`, isDashed: run.number >= colorCount }; }

  /** Shows the part; `run` of the address is the run in detail. */
  show(parameters) {
    this.#isSeen = true;
    const id = parameters.get("run");
    if (id && id !== this.#selected) this.#select(id);
    this.#takeRuns();
  }

  #takeRuns() {
    for (const run of this.#runs) {
      if (this.#known.has(run.id)) continue;
      this.#known.add(run.id);
      if (this.#known.size > shownAtFirst && run.state !== "training") this.#hidden.add(run.id);
    }
    if (!this.#run) {
      const first = this.#runs.find((run) => run.state === "training")
        ?? [...this.#runs].sort((a, b) => (b.updated ?? 0) - (a.updated ?? 0))[0];
      if (first) this.#select(first.id);
    }
    this.#showEmpty();
    if (!this.#isSeen) return;
    this.#showList();
    this.#watch();
    this.#showRun();
    this.#details.showTables(this.#shown, this.#run);
    const query = new URLSearchParams(this.#shown.map((run) => ["run", run.id]));
    one("#save-runs").hidden = this.#shown.length < 2 || this.#shown.length > reportLimit;
    one("#save-runs").href = `/api/report?${query}`;
    this.#drawSoon();
  }

  #showEmpty() {
    const isEmpty = this.#store.isKnown && this.#runs.length === 0;
    one("#runs-empty").hidden = !isEmpty;
    one("#runs-board").hidden = this.#runs.length === 0;
    if (!isEmpty) return;
    const { places } = this.#state;
    one("#runs-empty-title").textContent = this.#state.runs ? "No runs yet" : "No folder of runs was given";
    one("#runs-empty-text").textContent = this.#state.runs
      ? `Runs in ${places.join(", ")} appear here as soon as they begin. This starts one:`
      : "The program shows the runs of the folders that it is given. Start it like this:";
    one("#runs-empty-command").textContent = this.#state.runs
      ? `recolor train unet --data cifar10 --recipe quick --out ${places[0]}/first` : "recolor serve runs";
  }

  #takeRun(run) {
    const item = one(`[data-run="${CSS.escape(run.id)}"]`);
    // The text alone: what has the focus stays.
    if (item) one(".progress-text", item).textContent = progressText(run, false);
    if (run.id === this.#selected) this.#showRun();
  }

  #takeDetails(id) {
    if (id === this.#selected) this.#details.showSamples(this.#run);
    this.#details.showTables(this.#shown, this.#run);
    this.#drawSoon();
  }

  #select(id) {
    this.#selected = id;
    this.#hidden.delete(id);
  }

  #watch() {
    const ids = new Set(this.#shown.map((run) => run.id));
    if (this.#selected) ids.add(this.#selected);
    this.#store.watch([...ids]);
    if (this.#run) this.#details.showSamples(this.#run);
  }

  #showList() {
    const focused = document.activeElement?.closest("[data-run]")?.dataset.run;
    const isBox = document.activeElement?.matches("input");
    one("#run-list").replaceChildren(...this.#runs.map((run) => this.#item(run)));
    const again = focused && one(`[data-run="${CSS.escape(focused)}"]`);
    if (again) one(isBox ? "input" : "a", again).focus();
    const all = one("#all-runs");
    all.checked = this.#hidden.size === 0;
    all.indeterminate = this.#hidden.size > 0 && this.#shown.length > 1;
  }

  #item(run) {
    const { color, isDashed } = this.#colorOf(run);
    const box = make("input", {
      type: "checkbox", "aria-label": `Curves of ${run.name}`, onchange: () => {
        if (box.checked) this.#hidden.delete(run.id);
        else this.#hidden.add(run.id);
        this.#takeRuns();
      },
    });
    box.checked = !this.#hidden.has(run.id);
    box.style.accentColor = `var(${color})`;
    const about = facts(run.model, run.width ? `width ${run.width}` : null, run.data);
    const state = make("span", { class: `state ${run.state}` }, stateWords[run.state] ?? run.state);
    const link = make("a", { href: `#run=${encodeURIComponent(run.id)}`, title: run.path },
      make("span", { class: "run-title" }, swatch(`var(${color})`), make("b", {}, run.name), state),
      make("small", {}, about), make("small", { class: "progress-text" }, progressText(run, false)));
    if (run.id === this.#selected) link.setAttribute("aria-current", "true");
    if (isDashed) one(".swatch", link).classList.add("dashed");
    return make("li", { "data-run": run.id }, box, link);
  }

  #showRun() {
    const run = this.#run;
    if (!run) return;
    one("#run-name").textContent = run.name;
    one("#run-facts").textContent = facts(run.path, run.model, run.width ? `width ${run.width}` : null,
      run.imageSize ? `${run.imageSize} × ${run.imageSize}` : null, run.data, run.device);
    const share = run.steps > 0 ? Math.min(run.step / run.steps, 1) : 0;
    const track = one("#run-progress .track");
    one("i", track).style.width = `${100 * share}%`;
    track.setAttribute("aria-valuenow", Math.round(100 * share));
    track.classList.toggle("live", run.state === "training");
    one("#run-progress-text").textContent = facts(stateWords[run.state], progressText(run));
    one("#stop-run").hidden = !(run.state === "training" && run.canStop);
    one("#save-run").href = `/api/runs/${encodeURIComponent(run.id)}/report`;
    one("#run-problem").hidden = !run.problem;
    one("#run-problem").textContent = run.problem ?? "";
  }

  #askToStop() {
    one("#stop-command").textContent = `recolor train --resume ${this.#run.path}`;
    one("#stop-dialog").returnValue = "";
    one("#stop-dialog").showModal();
  }

  async #stop() {
    const { id, name } = this.#run;
    one("#stop-run").disabled = true;
    try {
      await request(`/api/runs/${encodeURIComponent(id)}/stop`, { method: "POST" });
      announce(`${name} is stopping`);
      one("#run-progress-text").textContent = "stopping";
    } catch (error) {
      one("#run-problem").hidden = false;
      one("#run-problem").textContent = error.message;
    } finally {
      one("#stop-run").disabled = false;
    }
  }

  #setRange(range) {
    this.#range = range;
    this.#drawSoon();
  }

  /** Returns the chart of a tag, which is made when it is first needed. */
  #chart(tag) {
    if (!this.#charts.has(tag)) {
      const chart = new Chart(this.#store.words(tag));
      chart.addEventListener("range", (event) => this.#setRange(event.detail));
      this.#observer.observe(chart.element);
      this.#charts.set(tag, chart);
    }
    return this.#charts.get(tag);
  }

  #draw() {
    if (one("#runs").hidden) return;
    const window = windows[Number(one("#smoothing").value)];
    const words = window > 0 ? `about ${plural(window, "point")}` : "none";
    one("#smoothing-value").textContent = words;
    one("#smoothing").setAttribute("aria-valuetext", words);
    one("#whole-range").disabled = this.#range === null;
    const options = {
      axis: one("#axis").value, window, isLogarithmic: one("#logarithmic").checked, range: this.#range,
    };
    const tags = shownTags(this.#shown.flatMap((run) => this.#store.tags(run.id)));
    const charts = tags.map((tag) => this.#chart(tag));
    const place = one("#charts");
    const isSame = charts.length === place.children.length
      && charts.every((chart, index) => place.children[index] === chart.element);
    if (!isSame) {
      place.replaceChildren(...charts.map((chart) => chart.element));
    }
    for (const [index, tag] of tags.entries()) {
      if (!this.#visible.has(charts[index].element)) continue;
      const lines = this.#shown.flatMap((run) => {
        const series = this.#store.series(run.id, tag);
        return series ? [{ series, name: run.name, isSmoothed: tag.startsWith("train/"), ...this.#colorOf(run) }] : [];
      });
      charts[index].show(lines, options);
    }
  }
}

/** Returns facts in a line, without those that are unknown. */
const facts = (...parts) => parts.filter((part) => part).join(" · ");

/** Returns how far a run is, in words. */
function progressText(run, tellsSpeed = true) {
  const epochs = run.epochs ? `epoch ${run.epoch ?? 0} of ${run.epochs}` : null;
  if (run.state !== "training") return epochs ?? "";
  const speed = run.imagesPerSecond;
  return facts(epochs, Number.isFinite(run.secondsLeft) ? `${duration(run.secondsLeft)} left` : null,
    speed && tellsSpeed ? `${speed.toFixed(speed < 10 ? 1 : 0)} images/s` : null);
}

export const makeRunsPart = (state, events) => new RunsPart(state, events);
