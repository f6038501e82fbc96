// Short forms for the elements of the page.

export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Returns a new element with attributes, properties that begin with `on`, and contents. */
export function make(tag, attributes = {}, ...contents) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...contents.filter((part) => part !== null && part !== undefined));
  return element;
}

/** Returns a drawing of the page's symbols. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Returns the colored dot of a run. */
export function swatch(color) {
  const dot = make("i", { class: "swatch", "aria-hidden": "true" });
  dot.style.setProperty("--color", color);
  return dot;
}

/** Has a screen reader say a line. */
export function announce(text) {
  one("#announcer").textContent = text;
}

/** Returns `action`, called once for all calls within `milliseconds`, with the last arguments. */
export function delayed(action, milliseconds) {
  let timer = null;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), milliseconds);
  };
}

/** Returns `action`, called at most once for each frame of the screen. */
export function perFrame(action) {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      action();
    });
  };
}
