import { ServerError, postJSON, request, upload } from "./api.js";
import { adjusted, fittedLines, lightnesses } from "./chroma.js";

// The photographs of this page, and what the server has made of them.

const simultaneousUploads = 2;
/** Photographs that stay decoded, besides the one that is shown. */
const keptBitmaps = 2;

/** The colors that a network gives a photograph, on a small copy of it. */
export class Chroma {
  constructor(buffer) {
    const header = new DataView(buffer);
    if (header.getUint32(0, false) !== 0x52434348 || header.getUint32(4, true) !== 1) {
      throw new ServerError("The server is of another version than this page. Load the page anew.", "failed");
    }
    this.width = header.getUint32(8, true);
    this.height = header.getUint32(12, true);
    const count = this.width * this.height;
    this.network = new Float32Array(buffer, 16, 2 * count);
    const guide = new Uint8Array(buffer, 16 + 8 * count, 3 * count);
    this.lightness = lightnesses(guide);
    const rest = 16 + 11 * count;
    // The share of hints in each pixel's color, and the a* and b* that they add, which no strength changes. Their place
    // in the file is no multiple of 4.
    this.hints = buffer.byteLength > rest ? new Float32Array(buffer.slice(rest, rest + 12 * count)) : null;
  }

  /** Returns the lines that `Renderer.setLines` takes. */
  lines(strength, contrast) {
    const chroma = adjusted(this.network, strength, contrast);
    if (this.hints) {
      for (let pixel = 0; pixel < this.width * this.height; pixel += 1) {
        const [share, a, b] = this.hints.subarray(3 * pixel, 3 * pixel + 3);
        chroma[2 * pixel] = chroma[2 * pixel] * (1 - share) + a;
        chroma[2 * pixel + 1] = chroma[2 * pixel + 1] * (1 - share) + b;
      }
    }
    return fittedLines(chroma, this.lightness, this.width, this.height);
  }
}

/** A photograph. `change` of its list tells of everything that happens to it. */
class Photograph {
  /** The server's last report; null before. */
  remote = null;
  /** The sent share of the file. */
  sent = 0;
  /** One line where it cannot be colored. */
  error = null;
  chroma = null;
  /** The `revision` of `chroma`. */
  revision = null;
  strength = null;
  contrast = null;
  hints = [];
  /** Earlier lists of hints. */
  history = [];
  bitmap = null;
  sending = new AbortController();

  constructor(file, number) {
    this.file = file;
    this.number = number;
    this.name = file.name || "pasted.png";
  }

  get isDone() { return this.remote?.state === "done" && this.chroma !== null; }
  get isBusy() { return !this.error && !this.isDone; }

  lines() { return this.chroma.lines(this.strength, this.contrast); }
}

/** The photographs, in their order. */
export class Photographs extends EventTarget {
  #events;
  #number = 0;
  #waiting = [];
  #uploads = 0;
  #recent = [];
  list = [];
  /** The model and the working size of new photographs; null for the server's own. */
  defaults = { model: null, workingSize: null };

  constructor(events) {
    super();
    this.#events = events;
    events.on("photograph", (remote) => this.#take(remote));
    // A server that was started anew has no photographs: they are sent again.
    events.on("session", () => this.#sendAgain());
  }

  #tell(photograph) {
    this.dispatchEvent(new CustomEvent("change", { detail: photograph }));
  }

  address(photograph, part = "", parameters = {}) {
    const query = new URLSearchParams({ session: this.#events.session, ...parameters });
    return `/api/photographs/${photograph.remote.id}${part}?${query}`;
  }

  add(files) {
    const added = files.map((file) => new Photograph(file, (this.#number += 1)));
    this.list.push(...added);
    this.#waiting.push(...added);
    this.dispatchEvent(new CustomEvent("list"));
    this.#send();
    return added;
  }

  remove(photograph) {
    this.list = this.list.filter((other) => other !== photograph);
    this.#waiting = this.#waiting.filter((other) => other !== photograph);
    this.#recent = this.#recent.filter((other) => other !== photograph);
    photograph.sending.abort();
    photograph.bitmap?.close();
    if (photograph.remote) request(this.address(photograph), { method: "DELETE" }).catch(() => {});
    this.dispatchEvent(new CustomEvent("list"));
  }

  #sendAgain() {
    for (const photograph of this.list) {
      const { model, workingSize } = photograph.remote ?? {};
      Object.assign(photograph, { earlier: { model, workingSize }, remote: null, revision: null, sent: 0 });
      if (photograph.error && !photograph.isLost) continue;
      photograph.error = null;
      if (!this.#waiting.includes(photograph)) this.#waiting.push(photograph);
      this.#tell(photograph);
    }
    this.#send();
  }

  async #send() {
    while (this.#events.session && this.#uploads < simultaneousUploads && this.#waiting.length > 0) {
      this.#upload(this.#waiting.shift());
    }
  }

  async #upload(photograph) {
    this.#uploads += 1;
    const { session } = this.#events;
    const parameters = new URLSearchParams({ session, name: photograph.name });
    const { model, workingSize } = photograph.earlier?.model ? photograph.earlier : this.defaults;
    if (model) parameters.set("model", model);
    if (workingSize) parameters.set("workingSize", workingSize);
    photograph.isLost = false;
    try {
      const remote = await upload(`/api/photographs?${parameters}`, photograph.file, (share) => {
        photograph.sent = share;
        this.#tell(photograph);
      }, photograph.sending.signal);
      // An event may have said more already.
      const early = this.#early.get(remote.id);
      this.#early.delete(remote.id);
      photograph.remote = early ?? remote;
      if (photograph.hints.length > 0) await this.setHints(photograph, photograph.hints);
      this.#follow(photograph);
    } catch (error) {
      // Of a session that is over it says nothing: the photograph waits to be sent again.
      if (error.code !== "aborted" && session === this.#events.session) {
        photograph.error = error.message;
        photograph.isLost = error.code === "gone";
      }
    } finally {
      this.#uploads -= 1;
      if (this.list.includes(photograph)) this.#tell(photograph);
      else if (photograph.remote) request(this.address(photograph), { method: "DELETE" }).catch(() => {});
      this.#send();
    }
  }

  #early = new Map();

  #take(remote) {
    const photograph = this.list.find((one) => one.remote?.id === remote.id);
    if (!photograph) {
      if (remote.state !== "gone" && this.#uploads > 0) this.#early.set(remote.id, remote);
      return;
    }
    if (remote.state === "gone") {
      photograph.error = "The server has forgotten it.";
      photograph.isLost = true;
      this.#tell(photograph);
      return;
    }
    photograph.remote = remote;
    this.#follow(photograph);
    this.#tell(photograph);
  }

  /** Fetches the colors, where they are new. */
  async #follow(photograph) {
    const { remote } = photograph;
    if (remote.state === "failed") photograph.error = remote.error;
    if (remote.state !== "done" || photograph.revision === remote.revision) return;
    photograph.error = null;
    photograph.revision = remote.revision;
    if (photograph.strength === null) this.resetColors(photograph);
    try {
      const answer = await request(this.address(photograph, "/chroma", { r: remote.revision }));
      const chroma = new Chroma(await answer.arrayBuffer());
      if (photograph.revision !== remote.revision) return;
      photograph.chroma = chroma;
    } catch (error) {
      photograph.error = error.message;
      photograph.revision = null;
    }
    this.#tell(photograph);
  }

  /** Gives a photograph the strength and the contrast that its model recommends. */
  resetColors(photograph) {
    photograph.strength = photograph.remote.strength;
    photograph.contrast = photograph.remote.contrast;
  }

  setColors(photograph, strength, contrast) {
    Object.assign(photograph, { strength, contrast });
    this.#tell(photograph);
  }

  /** Colors a photograph by another model or at another working size. */
  async setModel(photograph, settings) {
    const isOtherModel = settings.model !== undefined && settings.model !== photograph.remote.model;
    photograph.remote = await postJSON(this.address(photograph, "/color"), settings);
    if (isOtherModel) photograph.strength = null;
    this.#follow(photograph);
    this.#tell(photograph);
  }

  async setHints(photograph, hints) {
    photograph.hints = hints;
    this.#tell(photograph);
    const remote = await postJSON(this.address(photograph, "/color"), { hints });
    // An answer may be late.
    if (!photograph.remote || remote.revision >= photograph.remote.revision) photograph.remote = remote;
    this.#follow(photograph);
  }

  /** Returns the photograph's pixels. */
  async bitmap(photograph) {
    if (!photograph.bitmap) photograph.bitmap = await this.#decode(photograph);
    this.#recent = [photograph, ...this.#recent.filter((other) => other !== photograph)];
    for (const other of this.#recent.splice(keptBitmaps + 1)) {
      other.bitmap?.close();
      other.bitmap = null;
    }
    return photograph.bitmap;
  }

  async #decode(photograph) {
    const options = { premultiplyAlpha: "none", imageOrientation: "from-image" };
    const { width, height } = photograph.remote ?? {};
    try {
      const bitmap = await createImageBitmap(photograph.file, options);
      if (!width || (bitmap.width === width && bitmap.height === height)) return bitmap;
      bitmap.close();
    } catch { /* A format that the browser does not read: the server does. */ }
    if (!width) return null;
    const answer = await request(this.address(photograph, "/original", { size: "full" }));
    return createImageBitmap(await answer.blob(), options);
  }
}

/** Returns a line about a photograph that is not colored yet, or cannot be. */
export function statusOf(photograph) {
  if (photograph.error) return photograph.error;
  const { remote, sent } = photograph;
  if (!remote) return sent > 0 && sent < 1 ? `Sending, ${Math.round(100 * sent)} %` : "Waiting";
  if (remote.state === "waiting") return remote.position > 1 ? `Waiting, ${remote.position - 1} before it` : "Waiting";
  return remote.state === "reading" ? "Reading" : "Coloring";
}
