"""The command: its server, the events of its page, its runs, and pictures for it."""

import http.client
import http.server
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import zlib


def _take_interrupts():
    """Undoes what a parent has done to the signal of Ctrl-C: shells have background commands ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])


class Server:
    """`recolor serve`, until `close`."""

    def __init__(self, recolor, *arguments, environment=None):
        self._words = [str(recolor), "serve", *map(str, arguments)]
        self._environment = {**os.environ, **(environment or {})}
        self.lines = []
        self.address = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self._words, preexec_fn=_take_interrupts, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env=self._environment)  # fmt: skip
        self.lines = []
        threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True).start()
        deadline = time.monotonic() + 30
        # The first address, also of several.
        while not (found := re.search(r"http://[^/\s]+:(\d+)/(?:\?token=(\w+))?\n", "".join(self.lines))):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start: {''.join(self.lines)}")
            time.sleep(0.02)
        self.address = found.group().strip()
        self.port, self.token = int(found[1]), found[2]

    def request(self, method, target, body=None, headers=None, timeout=20):
        """Returns the status, the headers and the body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, target, body, {"X-Recolor": "1", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def memory(self):
        """Returns the most memory that the process has had, in MiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024

    def close(self):
        """Ends it as Ctrl-C does; returns the seconds that it took."""
        start = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return time.monotonic() - start


class Events:
    """The events of a page of a server, which keep its photographs. `first` has what came until its name was told."""

    def __init__(self, port):
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.connection.sendall(f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        self.first = b""
        while not (found := re.search(rb'"session":"(\w+)"', self.first)):
            part = self.connection.recv(1 << 16)
            if not part:
                raise ConnectionError("no events")
            self.first += part
        self.session = found[1].decode()


class OtherSite:
    """A page at `address`, which is of another site than one at 127.0.0.1, until `close`."""

    def __init__(self, html):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(html.encode())

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://localhost:{self._server.server_port}/"

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def run(recolor, *arguments):
    """Runs the command; raises an error with all that it printed where it fails."""
    result = subprocess.run(
        [str(recolor), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)  # fmt: skip
    if result.returncode != 0:
        raise RuntimeError(f"recolor {' '.join(map(str, arguments))}: {result.stdout}")
    return result.stdout


def train(recolor, folder, *, epochs):
    """Starts a small training run, and returns its process."""
    return subprocess.Popen(
        [str(recolor), "train", "unet", "--data", "scenes", "--width", "4", "--train-images", "1280",
         "--validation-images", "64", "--epochs", str(epochs), "--device", "cpu", "--out", str(folder)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip


def chunk(kind, data):
    """Returns a chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def scene(width, height, shift=0):
    """Returns a PNG file: a gray scene of a sky, hills and a meadow, with some grain."""
    rows = []
    for y in range(height):
        row = bytearray([0])
        for x in range(width):
            ridge = height * (0.5 + 0.08 * ((x + shift) % 90) / 90) + 6 * ((x // 17 + shift) % 3)
            grain = (x * 7919 + y * 104729 + shift) % 13
            if y < ridge:
                level = 205 - 60 * y // height
            elif y < ridge + 0.15 * height:
                level = 85 + (x + shift) % 23
            else:
                level = 120 + 40 * (y - int(ridge)) // height
            row.append(max(0, min(255, level + grain)))
        rows.append(bytes(row))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(rows)))
            + chunk(b"IEND", b""))  # fmt: skip


class Folder:
    """A temporary folder; files in it by name."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="check_page-")
        self.path = pathlib.Path(self._folder.name)

    def write(self, name, data):
        path = self.path / name
        path.write_bytes(data)
        return path

    def close(self):
        self._folder.cleanup()
