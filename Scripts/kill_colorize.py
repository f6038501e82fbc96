#!/usr/bin/env python3
"""Stops the coloring of a folder at random times by KILL, TERM and INT, and looks at what is left.

First colors a few pictures without interruption. Then colors them into another folder and ends the command as often as
requested, each time at a time drawn from the seed. After each, the folder must hold nothing but colored pictures that
are the same, byte for byte, as those of the undisturbed run; after KILL also whole pictures under temporary names, which
the next run removes. The command goes on by --skip-existing or by --force.

usage: Scripts/kill_colorize.py [--kills 60] [--pictures 6] [--seed 1] [--device cpu]
needs: Python 3.9 and .build/release/recolor (or --recolor PATH)
"""
import argparse
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib


def fail(text):
    sys.exit(f"kill_colorize: {text}")


def write_png(path, width, height, dice):
    """Writes a gray picture with some detail."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    step = dice.randint(1, 9)
    rows = b"".join(
        b"\0" + bytes((x * step // 8 + y * step // 4) & 0xFF ^ (x & y & 7) for x in range(width)) for y in range(height))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)))
        file.write(chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def contents(folder):
    """Returns the bytes of each file in a folder, which need not exist."""
    found = {}
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        with open(os.path.join(folder, name), "rb") as file:
            found[name] = file.read()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--pictures", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1, help="seed of the times of the kills (default: 1)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--recolor", default=os.path.join(os.path.dirname(__file__), "../.build/release/recolor"))
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="recolor-kill-") as folder:
        pictures, out = os.path.join(folder, "in"), os.path.join(folder, "out")
        os.mkdir(pictures)
        for number in range(arguments.pictures):
            write_png(os.path.join(pictures, f"{number}.png"), 1000, 800, dice)

        def begin(target, *options):
            command = [arguments.recolor, "colorize", pictures, "--out", target, "--device", arguments.device, *options]
            return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        start = time.time()
        if begin(os.path.join(folder, "whole")).wait() != 0:
            fail("coloring failed")
        seconds = time.time() - start
        whole = contents(os.path.join(folder, "whole"))
        if len(whole) != arguments.pictures:
            fail(f"{len(whole)} pictures are colored instead of {arguments.pictures}")

        def check(may_keep=False):
            """Returns the number of complete pictures."""
            found = contents(out)
            for name, data in found.items():
                # NAME.NUMBER.tmp, for a moment, of a picture that is replaced.
                is_temporary = may_keep and name.endswith(".tmp")
                if whole.get(name.rsplit(".", 2)[0] if is_temporary else name) != data:
                    fail(f"{name} is " + ("incomplete" if name in whole or is_temporary else "left"))
            return len(found.keys() & whole.keys())

        killed, may_keep = 0, False
        while killed < arguments.kills:
            process = begin(out, "--force" if dice.random() < 1 / 3 else "--skip-existing")
            time.sleep(dice.uniform(0, seconds))
            sent = None
            if process.poll() is None:
                sent = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT][killed % 3]
                process.send_signal(sent)
                killed += 1
            code = process.wait()
            # A run that was stopped before it removed what an earlier one left may keep it.
            may_keep = may_keep and code != 0 or sent == signal.SIGKILL
            if check(may_keep) == len(whole):
                for name in whole:
                    os.remove(os.path.join(out, name))
        if begin(out, "--skip-existing").wait() != 0 or check() != len(whole):
            fail("the last run does not complete the pictures")
    print(f"{killed} kills, {len(whole)} pictures, nothing else left", flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
