import { Events, getJSON } from "./api.js";
import { makeColorPart } from "./color.js";
import { all, announce, one } from "./dom.js";
import { makeRunsPart } from "./runs.js";

// The page: its two parts, and the server's presence.

const events = new Events();
const parts = {};

/** The part of an address: `#run=ID` is of the runs. */
function partOf(hash) {
  if (!parts.color) return "runs";
  return hash.startsWith("#run") ? "runs" : "color";
}

function show() {
  const shown = partOf(location.hash);
  for (const name of ["color", "runs"]) one(`#${name}`).hidden = name !== shown;
  for (const link of all("[data-part]")) {
    if (link.dataset.part === shown) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = shown === "color" ? "Recolor" : "Runs · Recolor";
  parts[shown]?.show(new URLSearchParams(location.hash.slice(1)));
}

function serverIsGone(isGone) {
  one("#gone").hidden = !isGone;
  document.body.classList.toggle("offline", isGone);
  if (!isGone) announce("The server is back.");
}

/** Names the machine that serves the page, where it is another one. */
function nameMachine() {
  if (["127.0.0.1", "localhost", "[::1]"].includes(location.hostname)) return;
  for (const place of all(".machine")) place.textContent = location.hostname;
}

async function start() {
  nameMachine();
  let state = null;
  while (!state) {
    try {
      state = await getJSON("/api/state");
    } catch {
      serverIsGone(true);
      await new Promise((done) => { setTimeout(done, 1000); });
    }
  }
  one("#gone").hidden = true;
  one('[data-part="color"]').hidden = !state.colors;
  one(".privacy").hidden = !state.colors;
  parts.color = state.colors ? makeColorPart(state, events) : null;
  parts.runs = makeRunsPart(state, events);
  events.on("gone", () => serverIsGone(true));
  events.on("back", () => serverIsGone(false));
  addEventListener("hashchange", show);
  addEventListener("pagehide", (event) => events.leave(event.persisted));
  addEventListener("pageshow", (event) => { if (event.persisted) events.open(); });
  show();
  events.open();
}

start();
