"""Chromium without a window, driven by the DevTools protocol over a pipe. Needs no package of Python."""

import base64
import fcntl
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

# The graphics processor is a program, so that WebGL is the same on every machine.
OPTIONS = [
    "--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--hide-scrollbars", "--no-first-run", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-color-profile=srgb",
]  # fmt: skip
MODIFIERS = {"Control": 2, "Shift": 8}


def program():
    """Returns the path of the browser; None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


class Failure(Exception):
    """An error of the page or of the browser."""


class Chromium:
    """One tab. `events` has all that the browser has told."""

    def __init__(self, width=1280, height=860, options=()):
        self.folder = tempfile.mkdtemp(prefix="check_page-")
        self.downloads = pathlib.Path(self.folder, "downloads")
        to_read, self._to_write = os.pipe()
        self._from_read, from_write = os.pipe()
        # Above the two descriptors that the browser expects.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 16) for end in (to_read, from_write)]

        def place_ends():
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        with open(os.path.join(self.folder, "log"), "wb") as log:
            self._process = subprocess.Popen(
                [program(), *OPTIONS, *options, f"--user-data-dir={self.folder}/profile", "about:blank"],
                preexec_fn=place_ends, pass_fds=(3, 4), stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # fmt: skip
        for end in (to_read, from_write, *ends):
            os.close(end)
        self._unread = b""
        self._number = 0
        self._session = None
        self.events = []
        pages = [target for target in self.call("Target.getTargets")["targetInfos"] if target["type"] == "page"]
        self._session = self.call("Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "DOM", "Accessibility"):
            self.call(f"{domain}.enable")
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads))
        self.resize(width, height)

    def close(self):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for end in (self._to_write, self._from_read):
            os.close(end)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _receive(self, deadline):
        while b"\0" not in self._unread:
            if not select.select([self._from_read], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Failure("the browser does not answer")
            part = os.read(self._from_read, 1 << 20)
            if not part:
                raise Failure("the browser has ended")
            self._unread += part
        message, self._unread = self._unread.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        """Returns the result of a method of the protocol."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to_write, data) :]
        deadline = time.monotonic() + 60
        while True:
            answer = self._receive(deadline)
            if answer.get("id") != self._number:
                self.events.append(answer)
                continue
            if "error" in answer:
                raise Failure(f"{method}: {answer['error'].get('message')}")
            return answer["result"]

    def value(self, expression):
        """Returns the value of an expression of JavaScript, or that of the promise that it is."""
        result = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise Failure(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def wait(self, expression, seconds=30):
        """Waits until an expression is true, and returns its value."""
        deadline = time.monotonic() + seconds
        while not (value := self.value(expression)):
            if time.monotonic() > deadline:
                raise Failure(f"never true: {expression}")
            time.sleep(0.05)
        return value

    def open(self, address):
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete'")

    def resize(self, width, height, scale=1, is_phone=False):
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=is_phone)
        self.call("Emulation.setTouchEmulationEnabled", enabled=is_phone)

    def prefer(self, scheme):
        """Sets the color scheme, `light` or `dark`, that the reader prefers."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def choose_files(self, selector, paths):
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])

    def place(self, selector):
        """Returns the center of an element in the window; scrolls there if needed."""
        return self.value(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView({block: 'nearest'});"
            " const b = e.getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2]; })()")

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click_at(self, x, y):
        self.mouse("mouseMoved", x, y)
        self.mouse("mousePressed", x, y, button="left", clickCount=1)
        self.mouse("mouseReleased", x, y, button="left", clickCount=1)

    def click(self, selector):
        self.click_at(*self.place(selector))

    def drag(self, start, end, moves=4):
        """Drags by the mouse from a place to another."""
        self.mouse("mouseMoved", *start)
        self.mouse("mousePressed", *start, button="left", clickCount=1)
        for move in range(1, moves + 1):
            x, y = (first + (last - first) * move / moves for first, last in zip(start, end))
            self.mouse("mouseMoved", x, y, button="left", buttons=1)
        self.mouse("mouseReleased", *end, button="left", clickCount=1)

    def swipe(self, start, end):
        """Drags by a finger from a place to another."""
        point = lambda place: [{"x": place[0], "y": place[1]}]  # noqa: E731
        self.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=point(start))
        for share in (0.25, 0.5, 0.75, 1):
            place = [first + (last - first) * share for first, last in zip(start, end)]
            self.call("Input.dispatchTouchEvent", type="touchMove", touchPoints=point(place))
        self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def press(self, key, *modifiers):
        """Presses a key, such as `ArrowLeft` or `z`."""
        codes = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Home": 36, "End": 35, "Enter": 13,
                 "Escape": 27, "Tab": 9}  # fmt: skip
        held = sum(MODIFIERS[name] for name in modifiers)
        code = codes.get(key, ord(key.upper()[0]))
        text = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, modifiers=held, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code, modifiers=held)

    def set(self, selector, value):
        """Gives a control a value, as its user does."""
        self.value(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.value = {json.dumps(value)};"
            " for (const kind of ['input', 'change']) e.dispatchEvent(new Event(kind, {bubbles: true})); })()")

    def text(self, selector):
        return self.value(f"document.querySelector({json.dumps(selector)}).textContent.trim()")

    def is_seen(self, selector):
        return self.value(f"document.querySelector({json.dumps(selector)})?.checkVisibility() ?? false")

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def complaints(self):
        """Returns the errors and warnings of the console, and exceptions."""
        found = []
        for event in self.events:
            parameters = event.get("params", {})
            if event.get("method") == "Runtime.exceptionThrown":
                details = parameters["exceptionDetails"]
                found.append(details.get("exception", {}).get("description", details["text"]))
            elif event.get("method") == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
                found.append(" ".join(str(part.get("value", part.get("description"))) for part in parameters["args"]))
            elif event.get("method") == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
                found.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")
        return found

    def requests(self):
        """Returns the addresses of all requests."""
        return [event["params"]["request"]["url"] for event in self.events
                if event.get("method") == "Network.requestWillBeSent"]  # fmt: skip

    def downloaded(self, seconds=30):
        """Waits for a download to be complete, and returns its path; the folder is then empty for the next one."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            files = [path for path in self.downloads.glob("*") if path.suffix != ".crdownload"]
            if len(files) == 1 and not list(self.downloads.glob("*.crdownload")):
                target = pathlib.Path(self.folder, "saved", str(self._number))
                target.mkdir(parents=True)
                return files[0].rename(target / files[0].name)
            time.sleep(0.05)
        raise Failure(f"nothing was downloaded: {[path.name for path in self.downloads.glob('*')]}")
