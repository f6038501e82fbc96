// The server: requests, errors, and its events.

/** An error with one line for people. */
export class ServerError extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

const wait = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

async function problem(response) {
  try {
    const { error, code } = await response.json();
    return new ServerError(error, code);
  } catch {
    return new ServerError(`The server answers ${response.status} ${response.statusText}.`, "failed");
  }
}

/**
 * Returns the answer to a request. A server that has no place at the moment is asked again.
 * @throws {ServerError}
 */
export async function request(path, { method = "GET", json, retries = 20 } = {}) {
  const headers = { "X-Recolor": "1" };
  if (json !== undefined) headers["Content-Type"] = "application/json";
  for (let attempt = 0; ; attempt += 1) {
    let response;
    try {
      response = await fetch(path, { method, headers, body: json === undefined ? undefined : JSON.stringify(json) });
    } catch {
      throw new ServerError("The server does not answer.", "gone");
    }
    if (response.ok) return response;
    if (response.status !== 503 || attempt >= retries) throw await problem(response);
    await wait(1000 * (Number(response.headers.get("Retry-After")) || 1));
  }
}

export const getJSON = async (path) => (await request(path)).json();
export const postJSON = async (path, json) => (await request(path, { method: "POST", json })).json();

/**
 * Sends a file's bytes, and calls `progress` with the sent share of them.
 * @throws {ServerError}
 */
export async function upload(path, file, progress, signal) {
  for (;;) {
    // It may have been removed while it waited.
    if (signal?.aborted) throw new ServerError("", "aborted");
    const answer = await new Promise((done, fail) => {
      const sending = new XMLHttpRequest();
      sending.open("POST", path);
      sending.setRequestHeader("X-Recolor", "1");
      sending.setRequestHeader("Content-Type", "application/octet-stream");
      sending.upload.addEventListener("progress", (event) => progress(event.loaded / Math.max(event.total, 1)));
      sending.addEventListener("load", () => done(sending));
      sending.addEventListener("error", () => fail(new ServerError("The server does not answer.", "gone")));
      sending.addEventListener("abort", () => fail(new ServerError("", "aborted")));
      signal?.addEventListener("abort", () => sending.abort(), { once: true });
      sending.send(file);
    });
    if (answer.status === 503) {
      await wait(1000 * (Number(answer.getResponseHeader("Retry-After")) || 1));
      continue;
    }
    let content = null;
    try {
      content = JSON.parse(answer.responseText);
    } catch { /* No JSON: the status says it. */ }
    if (answer.status < 300 && content) return content;
    throw new ServerError(content?.error ?? `The server answers ${answer.status}.`, content?.code ?? "failed");
  }
}

/**
 * The server's events, and whether it is there. `EventTarget` tells of `gone`, `back` and of each event of the server,
 * with its JSON as `detail`.
 */
export class Events extends EventTarget {
  static #names = ["photograph", "runs", "run", "series", "samples", "state"];
  #source = null;
  #delay = 1000;
  #isGone = false;
  session = null;

  open() {
    const address = this.session ? `/api/events?session=${this.session}` : "/api/events";
    const source = new EventSource(address);
    this.#source = source;
    source.addEventListener("hello", (event) => {
      const { session } = JSON.parse(event.data);
      const isNew = session !== this.session;
      this.session = session;
      this.#delay = 1000;
      const wasGone = this.#isGone;
      this.#isGone = false;
      if (wasGone) this.#tell("back", { isNew });
      if (isNew) this.#tell("session", { session });
    });
    for (const name of Events.#names) {
      source.addEventListener(name, (event) => this.#tell(name, JSON.parse(event.data)));
    }
    source.addEventListener("error", () => {
      if (source !== this.#source) return;
      source.close();
      if (!this.#isGone) {
        this.#isGone = true;
        this.#tell("gone", {});
      }
      setTimeout(() => { if (source === this.#source) this.open(); }, this.#delay);
      this.#delay = Math.min(2 * this.#delay, 8000);
    });
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** Calls `action` with the content of each event of a name. */
  on(name, action) {
    this.addEventListener(name, (event) => action(event.detail));
  }

  /**
   * Ends the events of a page that is left: a browser has few connections for all pages of a server. Where the page
   * does not come back, the server forgets its photographs.
   */
  leave(comesBack) {
    this.#source?.close();
    this.#source = null;
    if (this.session && !comesBack) navigator.sendBeacon(`/api/sessions/${this.session}/close`);
  }
}
