#!/usr/bin/env python3
"""Loads the page of `recolor serve`: clients that upload 12-megapixel photographs, have them colored and take the
results, as fast as they can, beside pages that only wait for events. Prints how long a colored photograph took, how many
requests were refused for want of room, and the most memory that the server had.

usage: Scripts/load_page.py PATH/TO/recolor [--clients 32] [--seconds 120] [--idle 200] [--megapixels 12]
needs: Python 3.9, Pillow and numpy

Ends with 1 where an answer was neither right nor a 503 with Retry-After.
"""

import argparse
import io
import json
import pathlib
import re
import statistics
import sys
import threading
import time

import numpy
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
from page import program  # noqa: E402


def photograph(megapixels, seed):
    """Returns a JPEG file with smooth shapes and noise like a camera's."""
    width = int((megapixels * 1e6 * 4 / 3) ** 0.5)
    height = width * 3 // 4
    dice = numpy.random.default_rng(seed)
    small = Image.fromarray(dice.integers(0, 256, (24, 32, 3), dtype=numpy.uint8))
    pixels = numpy.asarray(small.resize((width, height), Image.BICUBIC), dtype=numpy.int16)
    pixels = pixels + dice.integers(-6, 7, pixels.shape, dtype=numpy.int16)
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()


class Events(program.Events):
    """The events of a page, which tell what has become of its photographs."""

    def __init__(self, port):
        super().__init__(port)
        self.done = {}
        self.changed = threading.Condition()
        self.is_open = True
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        rest = b""
        try:
            while part := self.connection.recv(1 << 16):
                rest += part
                # The frames of the chunked body are passed over: an event is found by its own form.
                for found in re.finditer(rb'data: (\{[^\n]*"state":"(?:done|failed)"[^\n]*\})\n', rest):
                    report = json.loads(found[1])
                    with self.changed:
                        if "revision" in report:
                            self.done[report["id"]] = report["state"]
                            self.changed.notify_all()
                rest = rest[-4096:]
        except (OSError, ValueError):
            pass
        self.is_open = False
        with self.changed:
            self.changed.notify_all()

    def wait(self, photograph):
        with self.changed:
            self.changed.wait_for(lambda: photograph in self.done or not self.is_open, timeout=300)
            return self.done.pop(photograph, None)


class Load:
    def __init__(self, server, files, end):
        self.server, self.files, self.end = server, files, end
        self.lock = threading.Lock()
        self.times, self.refused, self.problems = [], 0, []

    def request(self, method, target, body=None):
        """Returns the body of the answer; tries again after a refusal for want of room."""
        while True:
            code, headers, data = self.server.request(method, target, body, timeout=300)
            if code != 503:
                return code, data
            after = headers.get("Retry-After")
            if not after or not after.isdigit():
                raise ValueError("503 without Retry-After")
            with self.lock:
                self.refused += 1
            if time.time() > self.end:
                return 503, data
            time.sleep(int(after))

    def client(self, number):
        try:
            events = Events(self.server.port)
            count = 0
            while time.time() < self.end:
                file = self.files[(number + count) % len(self.files)]
                count += 1
                start = time.time()
                code, body = self.request("POST", f"/api/photographs?session={events.session}&name={count}.jpg", file)
                if code == 503:
                    break
                if code != 202:
                    raise ValueError(f"upload: {code} {body[:200]}")
                name = json.loads(body)["id"]
                if events.wait(name) != "done":
                    raise ValueError("a photograph was not colored")
                target = f"/api/photographs/{name}"
                query = f"?session={events.session}"
                code, body = self.request("GET", f"{target}/colored{query}&format=jpeg")
                if code == 503:
                    break
                if code != 200 or not body.startswith(b"\xff\xd8") or not body.endswith(b"\xff\xd9"):
                    raise ValueError(f"colored: {code}")
                with self.lock:
                    self.times.append(time.time() - start)
                if self.request("DELETE", target + query)[0] != 204:
                    raise ValueError("a photograph was not removed")
        except Exception as problem:
            with self.lock:
                self.problems.append(f"client {number}: {type(problem).__name__} {problem}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recolor")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--idle", type=int, default=200)
    parser.add_argument("--megapixels", type=float, default=12)
    arguments = parser.parse_args()
    files = [photograph(arguments.megapixels, seed) for seed in range(4)]
    server = program.Server(arguments.recolor, "--port", "0", "--device", "cpu", "--quiet")
    idle = [Events(server.port) for _ in range(arguments.idle)]
    alone = Load(server, files, time.time() + 15)
    alone.client(0)
    load = Load(server, files, time.time() + arguments.seconds)
    threads = [threading.Thread(target=load.client, args=(number,)) for number in range(arguments.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    memory = server.memory()
    lost = sum(not events.is_open for events in idle)
    server.close()
    problems = alone.problems + load.problems
    if lost:
        problems.append(f"{lost} of {len(idle)} idle pages lost their events")
    size = sum(len(file) for file in files) / len(files) / 1e6
    print(
        f"photographs: {arguments.megapixels:g} megapixels, JPEG of {size:.1f} MB; upload, color, take the result as JPEG"
    )
    print(
        f"one client: {len(alone.times)} photographs, median {statistics.median(alone.times):.2f} s, "
        f"worst {max(alone.times):.2f} s"
    )
    if load.times:
        print(
            f"{arguments.clients} clients, {arguments.seconds:g} s: {len(load.times)} photographs, median "
            f"{statistics.median(load.times):.1f} s, worst {max(load.times):.1f} s, "
            f"{load.refused} refused with Retry-After"
        )
    print(f"{len(idle)} idle pages, {lost} lost; most memory {memory} MiB")
    for problem in problems:
        print(f"FAILED {problem}")
    sys.exit(1 if problems or not load.times or memory >= 1024 else 0)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
