"""The command: its server, its runs, and pictures for it."""

import pathlib
import re
import signal
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

    def __init__(self, recolor, *arguments):
        self._words = [str(recolor), "serve", *map(str, arguments)]
        self.lines = []
        self.address = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self._words, preexec_fn=_take_interrupts, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)  # fmt: skip
        self.lines = []
        threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True).start()
        deadline = time.monotonic() + 30
        while not (found := re.search(r"http://\S+", "".join(self.lines))):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start: {''.join(self.lines)}")
            time.sleep(0.02)
        self.address = found.group().rstrip("/.") + "/"

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


def _chunk(kind, data):
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
    return (b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"".join(rows)))
            + _chunk(b"IEND", b""))  # fmt: skip


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
