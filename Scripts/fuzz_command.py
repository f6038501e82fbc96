#!/usr/bin/env python3
"""Runs the command on mutated files, and fails where it does not end as it should.

Pictures: mutated PNG, JPEG, WebP, TIFF, BMP and GIF files are colored, a folder at a time. Each must come out, or be
named by one line. Runs: a file of a small run is mutated (weights, state, configuration, log), and the run is resumed or
exported: it goes on, or one line says why not. In both, the command ends by itself with 0, 1 or 64, within the time and
the memory, and leaves no temporary file. What fails is kept in .build-fuzz/faults; put a picture that is mended into
Scripts/fuzz/corpus.

usage: Scripts/fuzz_command.py [MINUTES] [--seed 1] [--recolor PATH]
needs: Python 3.9 and .build/release/recolor
"""
import argparse
import os
import pathlib
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENDINGS = (".png", ".jpg", ".webp", ".tif", ".bmp", ".gif")
PICTURES_AT_A_TIME = 40
SECONDS = 60
# Address space, most of which is never used.
MEMORY_BYTES = 4 << 30
# Values at which sizes and offsets overflow.
NUMBERS = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1]
WORDS = [b"-1", b"0", b"1e999", b"nan", b"null", b"[]", b"{}", b'""', b"9223372036854775807", b"1e-400", b"\x00", b"\xff"]


class Fault(Exception):
    """A fault of the command."""


def mutated(data, dice):
    """Returns a copy of the bytes with one to eight changes, mostly one."""
    data = bytearray(data)
    for _ in range(dice.choice([1, 1, 1, 1, 2, 3, 5, 8])):
        place = dice.randrange(len(data)) if data else 0
        kind = dice.randrange(8)
        if kind == 0 and data:
            data[place] ^= 1 << dice.randrange(8)
        elif kind == 1 and data:
            data[place] = dice.randrange(256)
        elif kind == 2:
            size = dice.choice([1, 2, 4, 8])
            number = dice.choice(NUMBERS) & (1 << 8 * size) - 1
            data[place:place + size] = number.to_bytes(size, dice.choice(["little", "big"]))
        elif kind == 3:
            del data[place:place + dice.randint(1, 64)]
        elif kind == 4:
            other = dice.randrange(len(data) + 1)
            data[other:other] = data[place:place + dice.randint(1, 64)]
        elif kind == 5 and dice.random() < 0.3:
            del data[place:]
        elif kind == 6:
            data[place:place] = bytes(dice.randrange(256) for _ in range(dice.randint(1, 16)))
        else:
            word = dice.choice(WORDS)
            data[place:place + dice.choice([0, len(word)])] = word
    # Most changes of a PNG file would be found by the checksums, before what they are meant to try.
    return checksummed(bytes(data)) if dice.random() < 0.8 else bytes(data)


def checksummed(data):
    """Returns a PNG file with right checksums; any other file as it is."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    chunks, place = [data[:8]], 8
    while place + 12 <= len(data):
        end = place + 8 + struct.unpack(">I", data[place:place + 4])[0]
        if end + 4 > len(data):
            break
        chunks += [data[place:end], struct.pack(">I", zlib.crc32(data[place + 4:end]))]
        place = end + 4
    return b"".join(chunks) + data[place:]


def run(recolor, arguments, folder, may_go_on=False):
    """Runs the command. Returns its exit code and the lines of standard error. A command that may go on, such as a
    training with a changed number of epochs, is stopped after a while."""
    environment = os.environ | {"RECOLOR_CACHE": "", "RECOLOR_THREADS": "2"}

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    process = subprocess.Popen(
        [recolor, *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, preexec_fn=limit)
    is_stopped = False
    try:
        text = process.communicate(timeout=5 if may_go_on else SECONDS)[1]
    except subprocess.TimeoutExpired:
        is_stopped = may_go_on
        process.terminate()
        try:
            text = process.communicate(timeout=SECONDS)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            text = process.communicate()[1]
        if not is_stopped or process.returncode == -signal.SIGKILL:
            raise Fault(f"did not end in time: {text[-500:]!r}") from None
    code = process.returncode
    if is_stopped and code == 128 + signal.SIGTERM:
        return 0, []
    if code not in (0, 1, 64):
        raise Fault(f"ended with {code}: {text[-500:]!r}")
    if any(byte < 32 and byte != 10 or byte == 127 for byte in text):
        raise Fault(f"wrote control characters: {text[-500:]!r}")
    lines = text.decode(errors="replace").splitlines()
    if is_stopped:
        # The line about the stop begins below the progress line, even where a slow start had shown none yet.
        lines = [line for line in lines if line]
    if not all(line.startswith("recolor: ") for line in lines):
        raise Fault(f"wrote lines without its name: {lines}")
    return code, lines


def errors(lines):
    return [line for line in lines if line.startswith("recolor: error: ")]


def require_no_leftovers(folder):
    left = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.name.endswith(".tmp")]
    if left:
        raise Fault(f"left {left}")


def color_pictures(recolor, weights, seeds, dice, folder):
    """Colors a folder of mutated pictures."""
    inputs = folder / "in"
    inputs.mkdir()
    for number in range(PICTURES_AT_A_TIME):
        seed = dice.choice(seeds)
        (inputs / f"{number}{seed.suffix}").write_bytes(mutated(seed.read_bytes(), dice))
    options = ["--out", "out", "--device", "cpu", "--working-size", "16", "--pixel-limit", "1"]
    code, lines = run(recolor, ["colorize", str(weights), "in", *options], folder)
    outputs = {path.stem for path in (folder / "out").glob("*")} if (folder / "out").exists() else set()
    refused = errors(lines)
    for path in inputs.iterdir():
        count = sum(f"in/{path.name}: " in line for line in refused)
        if count != (0 if path.stem in outputs else 1):
            raise Fault(f"{path.name}: {count} errors, {'a' if path.stem in outputs else 'no'} picture: {lines}")
    if (code == 0) != (not refused):
        raise Fault(f"ended with {code} after {len(refused)} errors")
    require_no_leftovers(folder)
    return PICTURES_AT_A_TIME


def use_run(recolor, weights, seeds, dice, folder):
    """Mutates a file of a run, and resumes or exports the run."""
    del seeds
    copy = folder / "run"
    shutil.copytree(weights, copy)
    names = ["config.json", "metrics.csv", "checkpoints/best.safetensors", "checkpoints/last.state.safetensors"]
    path = copy / dice.choice(names)
    path.write_bytes(mutated(path.read_bytes(), dice))
    command = dice.choice([
        ["train", "unet", "--resume", "run"], ["export", "run", "--out", "model.onnx"],
        ["compare", "run", "--data", "scenes", "--images", "8", "--out", "page", "--device", "cpu"]])
    code, lines = run(recolor, command, folder, may_go_on=command[0] == "train")
    if (code == 0) != (not errors(lines)) or len(errors(lines)) > 1:
        raise Fault(f"{' '.join(command)} ended with {code}: {lines}")
    require_no_leftovers(folder)
    return 1


def attempt(task, arguments, weights, seeds, number, place):
    """Runs a task in a folder of its own. Returns the number of files."""
    folder = place / "task"
    folder.mkdir()
    try:
        count = task(arguments.recolor, weights, seeds, random.Random(f"{arguments.seed} {number}"), folder)
    except Fault as fault:
        kept = ROOT / ".build-fuzz/faults" / f"command-{arguments.seed}-{number}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept)
        sys.exit(f"fuzz_command: {fault}\nfuzz_command: the files are in {kept}")
    shutil.rmtree(folder)
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("minutes", nargs="?", type=float, default=1)
    parser.add_argument("--seed", type=int, default=1, help="seed of the mutations (default: 1)")
    parser.add_argument("--recolor", default=str(ROOT / ".build/release/recolor"))
    arguments = parser.parse_args()
    arguments.recolor = os.path.abspath(arguments.recolor)
    if not os.access(arguments.recolor, os.X_OK):
        parser.error(f"{arguments.recolor} cannot be run; make build builds it")
    folders = [ROOT / "Scripts/fuzz/corpus", ROOT / "Tests/ImagingTests/Vectors"]
    seeds = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in ENDINGS)
    counts = {color_pictures: 0, use_run: 0}
    with tempfile.TemporaryDirectory(prefix="recolor-fuzz-") as name:
        place = pathlib.Path(name)
        small = [
            "train", "unet", "--data", "scenes", "--out", "seed", "--device", "cpu", "--width", "2", "--epochs", "1",
            "--batch-size", "4", "--train-images", "8", "--validation-images", "4"]
        subprocess.run([arguments.recolor, *small], cwd=place, check=True, capture_output=True)
        end = time.monotonic() + arguments.minutes * 60
        number = 0
        while time.monotonic() < end:
            task = use_run if number % 3 == 2 else color_pictures
            counts[task] += attempt(task, arguments, place / "seed", seeds, number, place)
            number += 1
    print(f"clean: {counts[color_pictures]} pictures and {counts[use_run]} runs, seed {arguments.seed}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
