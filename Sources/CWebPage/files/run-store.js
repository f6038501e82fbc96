import { getJSON, postJSON } from "./api.js";
import { Series } from "./series.js";

// Runs as the server has told of them: their list, their points, their details.

/** Tells of `runs` (the list), `run` (one of it), `points` and `details` (of a run). */
export class RunStore extends EventTarget {
  #events;
  #numbers = new Map();
  #series = new Map();
  #details = new Map();
  #loading = new Set();
  #watched = [];
  runs = [];
  /** Whether the list has come. */
  isKnown = false;

  constructor(events) {
    super();
    this.#events = events;
    events.on("runs", ({ runs }) => {
      this.runs = runs.map((run) => this.#numbered(run));
      this.isKnown = true;
      this.#tell("runs");
    });
    events.on("run", (run) => {
      const index = this.runs.findIndex((other) => other.id === run.id);
      if (index < 0) return;
      this.runs[index] = this.#numbered(run);
      this.#tell("run", this.runs[index]);
    });
    events.on("series", ({ id, series }) => this.#splice(id, series));
    events.on("samples", ({ id, epochs }) => {
      const details = this.#details.get(id);
      if (!details) return;
      details.samples = epochs;
      this.#tell("details", id);
    });
    // After an interruption points may be missing: they are fetched from where they end.
    events.on("session", () => this.#again());
    events.on("back", () => this.#again());
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** A run keeps its number, and so its color. */
  #numbered(run) {
    if (!this.#numbers.has(run.id)) this.#numbers.set(run.id, this.#numbers.size);
    return { ...run, number: this.#numbers.get(run.id) };
  }

  details(id) { return this.#details.get(id) ?? null; }

  /** Returns the title and the unit of a tag, such as `epoch/validation_mse`. */
  words(tag) {
    for (const { titles } of this.#details.values()) {
      if (titles[tag]) return { title: titles[tag][0], unit: titles[tag][1] };
    }
    return { title: tag.replace(/^[^/]*\//, "").replaceAll("_", " "), unit: "" };
  }

  tags(id) { return [...(this.#series.get(id)?.keys() ?? [])]; }
  series(id, tag) { return this.#series.get(id)?.get(tag) ?? null; }

  /** Follows runs: their points come from now on. */
  async watch(ids) {
    if (!this.#events.session) return;
    const earlier = this.#watched;
    const isSame = ids.length === this.#watched.length && ids.every((id, index) => id === this.#watched[index]);
    if (!isSame) {
      this.#watched = ids;
      await postJSON(`/api/sessions/${this.#events.session}/watch`, { runs: ids }).catch(() => {});
    }
    // Runs that were not followed for a while have gaps.
    for (const id of ids) if (!this.#details.has(id) || !earlier.includes(id)) this.#load(id);
  }

  async #again() {
    const watched = this.#watched;
    this.#watched = [];
    await this.watch(watched);
  }

  async #load(id) {
    if (this.#loading.has(id)) return;
    this.#loading.add(id);
    try {
      const details = await getJSON(`/api/runs/${encodeURIComponent(id)}`);
      this.#details.set(id, details);
      if (!this.#series.has(id)) this.#series.set(id, new Map());
      this.#tell("details", id);
      for (const tag of Object.keys(details.series)) await this.#fetch(id, tag);
    } catch { /* The run is gone, or the server, which the page says. */ }
    this.#loading.delete(id);
  }

  /** Fetches the points of a tag that are not there yet. */
  async #fetch(id, tag) {
    const own = this.#series.get(id);
    for (;;) {
      const from = own.get(tag)?.length ?? 0;
      const query = new URLSearchParams({ tag, from });
      const { series } = await getJSON(`/api/runs/${encodeURIComponent(id)}/series?${query}`);
      const part = series[tag];
      if (!part || part.steps.length === 0) return;
      if (!own.has(tag)) own.set(tag, new Series());
      // Points may have come as events meanwhile.
      if (part.from + part.steps.length <= own.get(tag).length) return;
      own.get(tag).splice(part);
      this.#tell("points", id);
      if (part.steps.length < 100_000) return;
    }
  }

  #splice(id, parts) {
    const own = this.#series.get(id);
    if (!own) return;
    for (const [tag, part] of Object.entries(parts)) {
      if (!own.has(tag)) own.set(tag, new Series());
      if (!own.get(tag).splice(part) && !this.#loading.has(id)) this.#fetch(id, tag).catch(() => {});
    }
    this.#tell("points", id);
  }
}

/** The order of charts; others are beside their like. */
const order = [
  "mse", "mae", "l1", "g_l1", "g_adversarial", "d_real", "d_fake", "validation_mse", "validation_colorfulness",
  "validation_psnr", "validation_ssim", "validation_", "images_per_second", "learning_rate", "seconds",
];

/** Returns the tags of charts: without the means over epochs of what is there for single steps, in the order of use. */
export function shownTags(tags) {
  const all = new Set(tags);
  const place = (tag) => {
    const column = tag.slice(tag.indexOf("/") + 1);
    const exact = order.indexOf(column);
    if (exact >= 0) return exact;
    return order.indexOf(column.startsWith("validation_") ? "validation_" : "d_fake");
  };
  return [...all].filter((tag) => !/^epoch\/(epoch|step)$/.test(tag))
    .filter((tag) => !(tag.startsWith("epoch/") && all.has(tag.replace("epoch/", "train/"))))
    .sort((first, second) => place(first) - place(second) || first.localeCompare(second));
}
