"use strict";
// The page can be read without this; here is what moves.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);
const make = (tag, text = "", parent = null) => {
  const element = document.createElement(tag);
  element.textContent = text;
  parent?.append(element);
  return element;
};

// Pictures: their size, their figures, and a row large.
const sheet = one(".sheet");
if (sheet) {
  const size = one("#tile-size");
  size.addEventListener("input", () => sheet.style.setProperty("--tile", `${size.value}px`));
  one("#show-scores").addEventListener("change", (event) => sheet.classList.toggle("scored", event.target.checked));

  const zoom = one("#zoom");
  const rows = all("tbody tr", sheet);
  let shown = 0;
  const show = (index) => {
    shown = (index + rows.length) % rows.length;
    zoom.replaceChildren();
    zoom.style.setProperty("--columns", all("td", rows[shown]).length);
    const heading = make("h3", one("th", rows[shown])?.textContent ?? "", zoom);
    const buttons = make("span", "", heading);
    for (const [label, title, action] of [["←", "previous row", () => show(shown - 1)],
      ["→", "next row", () => show(shown + 1)], ["×", "close", () => zoom.close()]]) {
      const button = make("button", label, buttons);
      button.title = title;
      button.addEventListener("click", action);
    }
    const line = make("div", "", zoom);
    line.className = "row";
    for (const cell of all("td", rows[shown])) {
      const figure = make("figure", "", line);
      const image = one("img", cell).cloneNode();
      figure.append(image);
      make("figcaption", image.dataset.name, figure);
      make("small", one("small", cell).textContent, figure);
    }
    if (!zoom.open) zoom.showModal();
  };
  rows.forEach((row, index) => all("button", row).forEach((button) => {
    button.addEventListener("click", () => show(index));
  }));
  zoom.addEventListener("click", (event) => { if (event.target === zoom) zoom.close(); });
  zoom.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft" || event.key === "ArrowUp") show(shown - 1);
    if (event.key === "ArrowRight" || event.key === "ArrowDown") show(shown + 1);
  });
}

// Classes: one figure at a time.
const figure = one("#class-figure");
if (figure) {
  const choose = () => all(".class-figure").forEach((table) => { table.hidden = table.dataset.figure !== figure.value; });
  figure.addEventListener("change", choose);
  choose();
}

// Curves: runs can be hidden, and the numbers at the pointer are shown.
for (const key of all(".key")) {
  key.addEventListener("click", () => {
    const isShown = key.getAttribute("aria-pressed") === "false";
    key.setAttribute("aria-pressed", isShown);
    all(`.series[data-run="${key.dataset.run}"]`).forEach((series) => series.classList.toggle("hidden", !isShown));
  });
}
for (const svg of all(".chart svg[data-x]")) {
  const chart = svg.parentElement;
  let tip = null;
  let cursor = null;
  const leave = () => { tip?.remove(); cursor?.remove(); tip = cursor = null; };
  const move = (event) => {
    const series = all(".series:not(.hidden)", svg).map((group) => ({ group, points: all("circle", group) }));
    const scale = svg.viewBox.baseVal.width / svg.clientWidth;
    const place = (event.clientX - svg.getBoundingClientRect().left) * scale;
    const left = (point) => Number(point.getAttribute("cx"));
    const nearest = series.flatMap((one) => one.points)
      .reduce((best, point) => !best || Math.abs(left(point) - place) < Math.abs(left(best) - place) ? point : best, null);
    leave();
    if (!nearest) return;
    const x = left(nearest);
    cursor = document.createElementNS("http://www.w3.org/2000/svg", "line");
    cursor.setAttribute("class", "cursor");
    for (const [name, value] of [["x1", x], ["x2", x], ["y1", 10], ["y2", 184]]) cursor.setAttribute(name, value);
    svg.append(cursor);
    tip = make("div", "", chart);
    tip.className = "tip";
    make("b", `${svg.dataset.x} ${nearest.dataset.x}`, tip);
    for (const { group, points } of series) {
      const point = points.find((candidate) => candidate.dataset.x === nearest.dataset.x);
      if (!point) continue;
      const line = make("div", "", tip);
      const swatch = make("i", "", line);
      swatch.className = "swatch";
      swatch.style.setProperty("--color", group.style.getPropertyValue("--color"));
      line.append(`${group.dataset.name}: ${point.dataset.y}`);
    }
    // On the side of the pointer where there is room.
    const edge = svg.offsetLeft ?? 0;
    if (x > svg.viewBox.baseVal.width / 2) tip.style.right = `${(svg.viewBox.baseVal.width - x) / scale + 24}px`;
    else tip.style.left = `${edge + x / scale + 28}px`;
  };
  svg.addEventListener("pointermove", move);
  svg.addEventListener("pointerleave", leave);
}

// Method and settings.
const copy = one(".copy");
copy?.addEventListener("click", async () => {
  const code = one(".command code");
  try {
    await navigator.clipboard.writeText(code.textContent);
    copy.textContent = "Copied";
  } catch {
    // A page from a file may not use the clipboard everywhere; then the text is at least selected.
    getSelection().selectAllChildren(code);
  }
});
one("#only-differences")?.addEventListener("change", (event) => {
  one(".settings").classList.toggle("short", event.target.checked);
});
