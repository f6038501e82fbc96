"""What the page of `recolor serve` does in a real browser, in the order in which a person meets it.

The tests share a browser and a server, and run in the order of their names.
"""

import os
import signal
import time
import unittest
import zipfile

from page import axe, chromium, program

RECOLOR = os.environ.get("RECOLOR", ".build/release/recolor")
# Width and height of the photographs, which fit on the stage, so that a pixel is one of the screen.
SIZE = (320, 240)
# Difference of a channel, 0 to 255, of the browser's color from the program's: rounding.
LARGEST_DIFFERENCE = 1
# Limits of times on a machine with nothing else to do, in milliseconds.
FIRST_PAINT = 300
FRAME = 100

# Returns the largest difference of the stage from a file of the server, and the share of bytes that differ.
COMPARE = """(async (address) => {
  const pixels = (source, x, y, width, height) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    context.drawImage(source, -x, -y);
    return context.getImageData(0, 0, width, height).data;
  };
  const answer = await fetch(address);
  const file = await createImageBitmap(await answer.blob());
  const canvas = document.querySelector("#canvas");
  const [x, y] = [(canvas.width - file.width) / 2, (canvas.height - file.height) / 2].map(Math.round);
  const own = pixels(canvas, x, y, file.width, file.height);
  const other = pixels(file, 0, 0, file.width, file.height);
  let [largest, different] = [0, 0];
  own.forEach((value, index) => {
    largest = Math.max(largest, Math.abs(value - other[index]));
    different += value !== other[index];
  });
  return {largest, share: different / own.length};
})"""

# The largest difference of red and blue on the stage.
COLORFUL = """(() => {
  const stage = document.querySelector("#canvas");
  const canvas = new OffscreenCanvas(stage.width, stage.height);
  const context = canvas.getContext("2d");
  context.drawImage(stage, 0, 0);
  const { data } = context.getImageData(0, 0, stage.width, stage.height);
  let largest = 0;
  for (let index = 0; index < data.length; index += 4) {
    largest = Math.max(largest, Math.abs(data[index] - data[index + 2]));
  }
  return largest;
})()"""

# Draws a photograph without WebGL; returns the largest difference from a file of the server.
COMPARE_CANVAS = """(async (name, parameters) => {
  const { CanvasRenderer } = await import("/assets/renderer-canvas.js");
  const { Chroma } = await import("/assets/photographs.js");
  const query = new URLSearchParams(parameters);
  const address = `/api/photographs/${name}`;
  const file = await createImageBitmap(await (await fetch(`${address}/colored?${query}`)).blob());
  const original = new URLSearchParams({session: query.get("session"), format: "png", strength: 0});
  const gray = await createImageBitmap(await (await fetch(`${address}/colored?${original}`)).blob());
  const chroma = new Chroma(await (await fetch(`${address}/chroma?${query}`)).arrayBuffer());
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [file.width, file.height];
  const renderer = new CanvasRenderer(canvas);
  renderer.setPicture(gray, file.width, file.height);
  const lines = chroma.lines(Number(query.get("strength")), Number(query.get("contrast")));
  renderer.setLines(lines, chroma.width, chroma.height);
  renderer.draw({ x: 0, y: 0, scale: 1, divider: 0 });
  const own = canvas.getContext("2d").getImageData(0, 0, file.width, file.height).data;
  const other = document.createElement("canvas");
  [other.width, other.height] = [file.width, file.height];
  other.getContext("2d").drawImage(file, 0, 0);
  const expected = other.getContext("2d").getImageData(0, 0, file.width, file.height).data;
  return own.reduce((largest, value, index) => Math.max(largest, Math.abs(value - expected[index])), 0);
})"""

# Shows 20 curves of 100,000 points, and has them drawn anew in each frame, otherwise than before. Returns the times of
# the frames, in milliseconds: the least, the median and the longest, of each kind of change.
MANY_CURVES = """(async () => {
  const { Series } = await import("/assets/series.js");
  const { Chart } = await import("/assets/chart.js");
  const count = 100000;
  const lines = Array.from({length: 20}, (_, run) => {
    const series = new Series();
    series.splice({
      from: 0, steps: Float64Array.from({length: count}, (_, index) => 16 * index),
      values: Float64Array.from({length: count}, (_, index) => 0.01 + 0.005 * Math.sin(index * 12.9898 + run)),
      times: Float64Array.from({length: count}, (_, index) => 1e9 + index)});
    return {series, name: `run ${run}`, color: `--series-${run % 8}`, isSmoothed: true};
  });
  const chart = new Chart({title: "Many", unit: ""});
  // Beside the charts of the runs, of which the page takes out what it has not put there.
  const charts = document.querySelector("#charts");
  const place = charts.cloneNode(false);
  place.removeAttribute("id");
  place.append(chart.element);
  charts.before(place);
  const show = (changed) =>
    chart.show(lines, {axis: "step", window: 100, isLogarithmic: false, range: null, ...changed});
  const frame = () => new Promise(requestAnimationFrame);
  const times = async (change) => {
    const found = [];
    await frame();
    for (let index = 0, last = performance.now(); index < 24; index += 1) {
      change(index);
      await frame();
      found.push(performance.now() - last);
      last = performance.now();
    }
    found.sort((first, second) => first - second);
    return [found[0], found[found.length >> 1], found[found.length - 1]];
  };
  const box = () => chart.element.querySelector("canvas").getBoundingClientRect();
  window.manyCurves = { show, chart, box, frame };
  const windows = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
  show({});
  chart.element.scrollIntoView({block: "center"});
  return {
    zooming: await times((index) => show({range: [16000 * index, 16 * count - 16000 * index]})),
    smoothing: await times((index) => show({window: windows[index % windows.length]})),
    "another axis": await times((index) => show({axis: index % 2 ? "step" : "time", isLogarithmic: index % 3 === 0})),
    pointing: await times((index) => chart.element.querySelector("canvas").dispatchEvent(new PointerEvent(
      "pointermove", {clientX: box().left + 70 + 10 * index, clientY: box().top + 50}))),
  };
})()"""

# Notes the time of each frame from now on.
NOTE_FRAMES = """(() => {
  const noted = window.notedFrames = [];
  const note = (time) => { noted.push(time); if (noted === window.notedFrames) requestAnimationFrame(note); };
  requestAnimationFrame(note);
})()"""

# Returns the least, the median and the longest time between the frames that were noted.
NOTED_FRAMES = """(() => {
  const noted = window.notedFrames;
  window.notedFrames = null;
  const times = noted.slice(1).map((time, index) => time - noted[index]).sort((first, second) => first - second);
  return [times[0], times[times.length >> 1], times[times.length - 1]];
})()"""


def crowd():
    """Returns how many processes share a core now, at least 1."""
    return max(1, os.getloadavg()[0] / len(os.sched_getaffinity(0)))


class PageTests(unittest.TestCase):
    """One page, from its first paint to the end of its server."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = program.Folder()
        cls.addClassCleanup(cls.folder.close)
        cls.runs = cls.folder.path / "runs"
        cls.runs.mkdir()
        cls.photographs = [
            cls.folder.write("old.png", program.scene(*SIZE)),
            cls.folder.write("second.png", program.scene(*SIZE, shift=31))]
        cls.server = program.Server(RECOLOR, cls.runs, "--device", "cpu", "--port", "0")
        cls.addClassCleanup(cls.server.close)
        cls.browser = chromium.Chromium()
        cls.addClassCleanup(cls.browser.close)
        cls.axe = axe.script(os.path.join(os.path.dirname(RECOLOR), "axe"))

    def open(self, part):
        self.browser.open(f"{self.server.address}#{part}")
        self.browser.wait(f"document.querySelector('#{part}').checkVisibility()")

    def check_accessibility(self):
        """Expects no serious finding, in light and in dark."""
        self.assertEqual(axe.nameless(self.browser), [])
        if self.axe is None:
            return
        for scheme in ("dark", "light"):
            self.browser.prefer(scheme)
            self.assertEqual(axe.findings(self.browser, self.axe), [], scheme)

    def session(self):
        return self.browser.value(
            "performance.getEntriesByType('resource').map((e) => new URL(e.name).searchParams.get('session'))"
            ".filter((s) => s).pop()")

    def photograph(self):
        """Returns the server's words of the first photograph."""
        address = f"/api/photographs?session={self.session()}"
        return self.browser.value(f"fetch('{address}').then((r) => r.json())")["photographs"][0]

    def address(self, part, **parameters):
        query = "&".join(f"{name}={value}" for name, value in {"session": self.session(), **parameters}.items())
        return f"/api/photographs/{self.photograph()['id']}/{part}?{query}"

    def difference(self, **settings):
        """Returns the largest difference of the colored photograph on the stage from the program's file."""
        address = self.address("colored", format="png", **settings)
        deadline = time.monotonic() + 10
        while True:
            difference = self.browser.value(f"{COMPARE}({address!r})")
            # The next frame may not have been drawn yet.
            if difference["largest"] <= LARGEST_DIFFERENCE or time.monotonic() > deadline:
                return difference
            time.sleep(0.1)

    def colorize(self, *options, ending="png"):
        """Returns the file that the command makes of the first photograph."""
        target = self.folder.path / f"colored{len(list(self.folder.path.iterdir()))}.{ending}"
        program.run(RECOLOR, "colorize", self.photographs[0], "--out", target, "--device", "cpu", *options)
        return target.read_bytes()

    def save(self):
        self.browser.click("#save")
        return self.browser.downloaded()

    def test_01_first_paint(self):
        """The page is there at once, and says what to do."""
        times = []
        for _ in range(4):
            self.open("color")
            times.append(self.browser.wait(
                "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"))
        self.assertLess(min(times), FIRST_PAINT * crowd())
        self.assertIn("Choose photographs", self.browser.text("#color-empty"))
        self.assertIn("nowhere else", self.browser.text("#color-empty"))
        self.check_accessibility()

    def test_02_upload(self):
        """Files that are chosen are colored; one that is no picture says so, and the others go on."""
        self.browser.choose_files("#files", [*self.photographs, self.folder.write("no.png", b"no picture")])
        self.browser.wait("document.querySelectorAll('#strip > li').length === 3")
        self.browser.wait("document.querySelectorAll('.thumbnail-state.busy').length === 0")
        self.assertEqual(self.browser.text("#photograph-name"), "old.png")
        self.assertIn("320 × 240", self.browser.text("#photograph-facts"))
        self.browser.click("#strip > li:nth-child(3) .thumbnail")
        self.browser.wait("document.querySelector('#stage-status.failed').checkVisibility()")
        self.assertIn("no.png", self.browser.text("#stage-status"))
        self.browser.click("#strip > li:nth-child(3) .thumbnail-remove")
        self.browser.wait("document.querySelectorAll('#strip > li').length === 2")
        self.browser.click("#strip > li:nth-child(1) .thumbnail")
        self.browser.wait("!document.querySelector('#save').disabled")

    def test_02b_paste_and_drop(self):
        """Photographs are also pasted and dropped."""
        for kind, event in (("paste", "new ClipboardEvent('paste', {clipboardData: data, bubbles: true})"),
                            ("drop", "new DragEvent('drop', {dataTransfer: data, bubbles: true})")):  # fmt: skip
            self.browser.value(
                f"(async () => {{ const answer = await fetch({self.address('colored', format='png')!r});"
                f" const data = new DataTransfer();"
                f" data.items.add(new File([await answer.blob()], '{kind}.png', {{type: 'image/png'}}));"
                f" document.body.dispatchEvent({event}); }})()")
            self.browser.wait(f"document.querySelector('#photograph-name').textContent === '{kind}.png'")
            self.browser.wait("!document.querySelector('#save').disabled")
            self.browser.click("#strip > li:nth-child(3) .thumbnail-remove")
            self.browser.wait("document.querySelectorAll('#strip > li').length === 2")
        self.browser.click("#strip > li:nth-child(1) .thumbnail")
        self.browser.wait("!document.querySelector('#save').disabled")

    def test_03_divider(self):
        """The divider is moved by the mouse, by a finger and by keys."""
        self.expect_share(50)
        x, y = self.browser.place("#divider")
        # The photograph is fitted at twice its size.
        self.browser.drag((x, y), (x + SIZE[0] / 2, y))
        self.expect_share(75)
        self.browser.resize(1280, 860, is_phone=True)
        self.browser.swipe((x + SIZE[0] / 2, y), (x - SIZE[0] / 2, y))
        self.browser.resize(1280, 860)
        self.expect_share(25)
        self.browser.value("document.querySelector('#divider').focus()")
        for key, expected in (("ArrowRight", 27), ("End", 100), ("ArrowLeft", 98), ("Home", 0)):
            self.browser.press(key)
            self.expect_share(expected)

    def full_size(self):
        """Shows a pixel of the photograph as one of the screen, as the comparisons expect it."""
        self.browser.click("#zoom-level")
        self.browser.wait("document.querySelector('#zoom-level').textContent === '100 %'")

    def expect_share(self, percent):
        """Expects so much of the photograph to be left of the divider."""
        self.browser.wait(f"document.querySelector('#divider').ariaValueNow === '{percent}'", 10)

    def test_04_strength(self):
        """Strength and contrast are seen at once, as the program computes them; the network does not run again."""
        self.full_size()
        revision = self.photograph()["revision"]
        for strength, contrast in ((1, 0), (1.7, 0), (0.4, 2), (2, 4), (0, 1)):
            self.browser.set("#strength", strength)
            self.browser.set("#contrast", contrast)
            difference = self.difference(strength=strength, contrast=contrast)
            self.assertLessEqual(difference["largest"], LARGEST_DIFFERENCE, f"{strength}, {contrast}: {difference}")
        self.browser.click("#reset")
        own = self.photograph()
        self.assertEqual(own["revision"], revision)
        self.assertLessEqual(self.difference()["largest"], LARGEST_DIFFERENCE)
        self.assertGreater(self.browser.value(COLORFUL), 8)

    def test_05_without_webgl(self):
        """Without WebGL the processor draws the same."""
        photograph = self.photograph()
        for strength, contrast in ((1.3, 1.5), (0, 0)):
            parameters = f"session={self.session()}&format=png&strength={strength}&contrast={contrast}"
            largest = self.browser.value(f"{COMPARE_CANVAS}({photograph['id']!r}, {parameters!r})")
            self.assertLessEqual(largest, LARGEST_DIFFERENCE)

    def test_06_download(self):
        """A saved file is that of `recolor colorize`, byte for byte, by its name."""
        saved = self.save()
        self.assertEqual(saved.name, "old-colored.png")
        self.assertEqual(saved.read_bytes(), self.colorize())
        self.browser.set("#strength", 1.63)
        saved = self.save()
        self.assertEqual(saved.read_bytes(), self.colorize("--strength", "1.63"))
        self.browser.click("#reset")

    def test_06b_download_as_jpeg(self):
        """So is one in JPEG, of any quality."""
        self.browser.set("#format", "jpeg")
        saved = self.save()
        self.assertEqual(saved.name, "old-colored.jpg")
        self.assertEqual(saved.read_bytes(), self.colorize(ending="jpg"))
        quality = self.browser.value("document.querySelector('#quality').value")
        self.browser.set("#quality", 71)
        self.browser.set("#strength", 0.8)
        self.assertEqual(
            self.save().read_bytes(), self.colorize("--quality", "71", "--strength", "0.8", ending="jpg"))
        self.browser.set("#quality", quality)
        self.browser.set("#format", "png")
        self.browser.click("#reset")

    def test_07_hint(self):
        """A point takes the color that it is given; it can be undone."""
        plain = self.photograph()["revision"]
        self.browser.click("#hint-tool")
        x, y = self.browser.value(
            "(() => { const b = document.querySelector('#stage').getBoundingClientRect();"
            " return [b.left + b.width / 2 + 60.5, b.top + b.height / 2 + 80.5]; })()")
        self.browser.click_at(x, y)
        self.browser.wait("document.querySelector('#hint-dialog').open")
        self.assertEqual(axe.nameless(self.browser), [])
        # It begins with the color that is there.
        self.wait_for_hints(1)
        self.assertLessEqual(self.difference()["largest"], LARGEST_DIFFERENCE)
        self.browser.click("#palette [aria-label=red]")
        self.browser.wait("!document.querySelector('#hint-dialog').open")
        self.browser.press("Escape")
        self.wait_for_hints(1)
        hint = self.photograph()["hints"][0]
        self.assertEqual(hint["color"], "#c0392b")
        difference = self.difference()
        self.assertLessEqual(difference["largest"], LARGEST_DIFFERENCE, difference)
        self.assertEqual(self.save().read_bytes(), self.colorize("--hint", f"{hint['x']},{hint['y']},{hint['color']}"))
        self.browser.click("#undo")
        self.wait_for_hints(0)
        self.assertLessEqual(self.difference()["largest"], LARGEST_DIFFERENCE)
        self.assertGreater(self.photograph()["revision"], plain)

    def wait_for_hints(self, count):
        deadline = time.monotonic() + 20
        while len(self.photograph()["hints"]) != count and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual(len(self.photograph()["hints"]), count)
        time.sleep(0.3)

    def test_08_hint_by_keyboard(self):
        """A hint is set by keys alone, and the stage is zoomed by them."""
        self.browser.value("document.querySelector('#hint-tool').focus()")
        self.browser.press("Enter")
        self.browser.wait("document.activeElement.id === 'stage'")
        self.browser.press("ArrowDown")
        self.browser.press("Enter")
        self.browser.wait("document.querySelector('#hint-dialog').open")
        self.browser.press("Enter")
        self.browser.wait("!document.querySelector('#hint-dialog').open")
        self.wait_for_hints(1)
        self.browser.press("Escape")
        self.browser.press("z", "Control")
        self.wait_for_hints(0)
        self.browser.value("document.querySelector('#stage').focus()")
        # A small photograph is fitted at twice its size.
        for key, level in (("1", 100), ("+", 150), ("-", 100), ("0", 200)):
            self.browser.press(key)
            self.browser.wait(f"document.querySelector('#zoom-level').textContent === '{level} %'")

    def test_09_all(self):
        """All photographs are saved in a ZIP file with a sheet."""
        self.browser.click("#save-all")
        with zipfile.ZipFile(self.browser.downloaded()) as archive:
            self.assertIsNone(archive.testzip())
            self.assertEqual(sorted(archive.namelist()), ["old-colored.png", "second-colored.png", "sheet.png"])
            self.assertEqual(archive.read("old-colored.png"), self.colorize())

    def test_10_phone_and_dark(self):
        """Nothing is wider than a phone; in the dark the page is dark."""
        light = self.browser.value("getComputedStyle(document.body).backgroundColor")
        self.check_accessibility()
        self.browser.resize(390, 844, 2, is_phone=True)
        self.browser.prefer("dark")
        time.sleep(0.2)
        self.assertLessEqual(self.browser.value("document.documentElement.scrollWidth"), 390)
        self.assertNotEqual(self.browser.value("getComputedStyle(document.body).backgroundColor"), light)
        self.check_accessibility()
        self.browser.resize(1280, 860)

    def test_11_runs(self):
        """A run appears when it begins, its curves grow while it trains, and the button stops it."""
        self.browser.value("location.hash = '#runs'")
        self.browser.wait("document.querySelector('#runs-empty').checkVisibility()")
        self.assertIn("recolor train", self.browser.text("#runs-empty"))
        self.check_accessibility()
        training = program.train(RECOLOR, self.runs / "first", epochs=2000)
        self.addCleanup(lambda: training.poll() is None and training.kill())
        self.browser.wait("document.querySelector('#run-list')?.textContent.includes('training')", 60)
        label = "document.querySelector('#charts canvas')?.ariaLabel"
        first = self.browser.wait(label, 60)
        self.browser.wait(f"{label} !== {first!r}", 60)
        self.browser.wait("document.querySelector('#sample').naturalWidth > 0", 60)
        self.check_accessibility()
        self.browser.resize(390, 844, 2, is_phone=True)
        self.assertLessEqual(self.browser.value("document.documentElement.scrollWidth"), 390)
        self.browser.resize(1280, 860)
        self.browser.click("#stop-run")
        self.browser.wait("document.querySelector('#stop-dialog').open")
        self.browser.click("#stop-dialog [value=stop]")
        self.assertEqual(training.wait(60), 128 + signal.SIGTERM)
        self.browser.wait("document.querySelector('#run-progress-text').textContent.startsWith('stopped')", 60)
        self.assertFalse(self.browser.is_seen("#stop-run"))

    def test_12_saved_run(self):
        """A run is saved as one page that loads nothing."""
        self.browser.click("#save-run")
        page = self.browser.downloaded().read_text(encoding="utf-8")
        self.assertTrue(page.startswith("<!DOCTYPE html>"))
        self.assertIn("default-src 'none'", page)
        self.assertIn("<circle", page)

    def test_13_many_points(self):
        """20 curves of 100,000 points follow the pointer and the controls, though no graphics processor helps."""
        times = self.browser.value(MANY_CURVES)
        left, top, width = self.browser.value(
            "(() => { const b = manyCurves.box(); return [b.left, b.top, b.width]; })()")
        self.browser.value(NOTE_FRAMES)
        self.browser.drag((left + 100, top + 60), (left + width - 50, top + 60), moves=40)
        times["dragging"] = self.browser.value(NOTED_FRAMES)
        self.assertGreater(width, 300)
        self.browser.value("manyCurves.chart.element.parentElement.remove()")
        told = ", ".join(f"{name} {'/'.join(f'{time:.0f}' for time in found)}" for name, found in times.items())
        print(f"[least/median/longest frame in milliseconds: {told}; {crowd():.1f} processes a core]", end=" ")
        # Other programs may hold up all frames but a few.
        for name, (least, _, _) in times.items():
            self.assertLess(least, FRAME * crowd(), f"{name}: {told}")

    def test_14_server_gone(self):
        """The page says that the server is gone, and goes on when it is back: the photographs are sent again."""
        port = self.server.address.split(":")[-1].strip("/")
        took = self.server.close()
        self.assertLess(took, 3)
        self.browser.wait("!document.querySelector('#gone').hidden")
        self.assertIn("recolor serve", self.browser.text("#gone"))
        type(self).server = program.Server(RECOLOR, self.runs, "--device", "cpu", "--port", port)
        self.addClassCleanup(self.server.close)
        self.browser.value("location.hash = '#color'")
        self.browser.wait("document.querySelector('#gone').hidden", 30)
        self.browser.wait("document.querySelectorAll('.thumbnail-state.busy').length === 0"
                          " && document.querySelectorAll('#strip > li').length === 2"
                          " && !document.querySelector('#save').disabled", 60)
        self.assertEqual(self.save().read_bytes(), self.colorize())

    def test_15_quiet(self):
        """Nothing was complained of, and nothing was asked of another server."""
        # Of the file that is no picture, and of the time when there was no server.
        expected = ("415", "_REFUSED", "_EMPTY_RESPONSE", "_INCOMPLETE_CHUNKED_ENCODING", "_RESET")
        complaints = [line for line in self.browser.complaints() if not any(word in line for word in expected)]
        self.assertEqual(complaints, [])
        host = self.server.address
        elsewhere = [
            address for address in self.browser.requests()
            if not address.startswith((host, f"blob:{host}", "data:", "about:"))]
        self.assertEqual(elsewhere, [])

    def test_16_link_from_elsewhere(self):
        """A link with the secret leads to the page from any other site, and the secret goes out of the address."""
        server = program.Server(RECOLOR, "--host", "0.0.0.0", "--device", "cpu", "--port", "0")
        self.addCleanup(server.close)
        # The second is an address by which other machines reach it; browsers tell less of requests to it.
        for host in ("127.0.0.1", server.address.split("/")[2].rsplit(":", 1)[0]):
            page = f"http://{host}:{server.port}/"
            for link in (f"{page}?token={server.token}", page):
                elsewhere = program.OtherSite(f'<a id="link" href="{link}">The page</a>')
                self.addCleanup(elsewhere.close)
                self.browser.open(elsewhere.address)
                self.browser.click("#link")
                self.browser.wait(f"location.href.startsWith('{page}') && document.readyState === 'complete'")
                self.browser.wait("document.querySelector('#color')?.checkVisibility()", 20)
                self.assertNotIn("token", self.browser.value("location.href"))
