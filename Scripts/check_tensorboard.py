#!/usr/bin/env python3
"""Trains a run that is killed and resumed, and reads its event files with TensorBoard.

usage: check_tensorboard.py FOLDER [--recolor PATH] [--screenshot FILE.png]

Starts a run in FOLDER, which must be new, kills it within an epoch, resumes it, and trains a second run with the same
options without interruption. Then reads both with TensorBoard's EventAccumulator and through the HTTP interface of
`tensorboard`, with and without its fast loader: every quantity of metrics.csv must exist with the values of
metrics.csv, no step may occur twice, the curves of both runs must be the same, and the sheets must be those in
samples/. Exits with 1 if not. Needs pip install tensorboard; --screenshot needs Debian's chromium.
"""

import argparse
import csv
import json
import math
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

ROOT = pathlib.Path(__file__).resolve().parent.parent
OPTIONS = "--data scenes --device cpu --width 4 --batch-size 16 --train-images 640 --validation-images 64 --epochs 8"
# Curves that depend on time and not on the seed.
TIMES = {"epoch/seconds", "epoch/images_per_second"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--recolor", default=ROOT / ".build/release/recolor")
    parser.add_argument("--screenshot")
    options = parser.parse_args()

    killed, whole = options.folder / "killed", options.folder / "whole"
    start = [str(options.recolor), "train", "unet", *OPTIONS.split()]
    process = subprocess.Popen([*start, "--out", str(killed)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # Killed in the fourth epoch, of 40 steps each, after its curve has begun: the steps since the last save are lost.
    while last_step(killed) < 150:
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    subprocess.run([str(options.recolor), "train", "unet", "--resume", str(killed)], check=True, capture_output=True)
    subprocess.run([*start, "--out", str(whole)], check=True, capture_output=True)
    lost = sum(step > 120 for step in steps(sorted(killed.glob("events.out.tfevents.*"))[0]))
    require(lost > 0, "no steps were lost; run the script again")
    print(f"{lost} events of lost steps in the first file of the run that was killed")
    files = len(list(killed.glob("events.out.tfevents.*")))
    others = len(list(whole.glob("events.out.tfevents.*")))
    print(f"{files} event files in the run that was killed, {others} in the other")

    curves = {}
    for run in (killed, whole):
        curves[run.name] = accumulated(run)
        compare_with_table(run, curves[run.name])
    compare_runs("EventAccumulator", curves)
    for fast in ("true", "false"):
        with_server(options, fast)
        print(f"tensorboard --load_fast={fast}: the same curves, and the sheets")


def steps(path: pathlib.Path) -> list[int]:
    return [event.step for event in LegacyEventFileLoader(str(path)).Load()]


def last_step(run: pathlib.Path) -> int:
    return max([step for path in run.glob("events.out.tfevents.*") for step in steps(path)], default=0)


def accumulated(run: pathlib.Path) -> dict:
    """Returns the curves of a run as lists of (step, value)."""
    events = EventAccumulator(str(run), size_guidance={"scalars": 0, "images": 0})
    events.Reload()
    curves = {tag: [(point.step, point.value) for point in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    sheets = events.Images("samples")
    for number, sheet in enumerate(sheets):
        expected = (run / f"samples/epoch_{number + 1:03}.png").read_bytes()
        require(sheet.encoded_image_string == expected, f"{run}: the sheet of epoch {number + 1}")
        require(
            (sheet.width, sheet.height) == png_size(expected), f"{run}: the size of the sheet of epoch {number + 1}")
    points = sum(len(curve) for curve in curves.values())
    print(f"{run.name}: {len(curves)} curves with {points} points, {len(sheets)} sheets")
    return curves


def compare_with_table(run: pathlib.Path, curves: dict) -> None:
    with open(run / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    for column in rows[0]:
        if column == "step":
            continue
        expected = [(int(row["step"]), float(row[column])) for row in rows if row[column]]
        require(same(curves.get(f"epoch/{column}", []), expected), f"{run}: epoch/{column} is not as in metrics.csv")
    for tag, curve in curves.items():
        steps = [step for step, _ in curve]
        require(steps == sorted(set(steps)), f"{run}: {tag} has steps twice or out of order")


def compare_runs(reader: str, curves: dict) -> None:
    killed, whole = curves["killed"], curves["whole"]
    require(killed.keys() == whole.keys(), f"{reader}: the runs have other curves")
    for tag in killed.keys() - TIMES:
        require(same(killed[tag], whole[tag]), f"{reader}: {tag} is not the same in both runs")


def with_server(options: argparse.Namespace, fast: str) -> None:
    port = free_port()
    address = f"http://localhost:{port}"
    command = ["tensorboard", f"--logdir={options.folder}", f"--port={port}", f"--load_fast={fast}"]
    command[0] = str(pathlib.Path(sys.executable).parent / "tensorboard")
    command += ["--samples_per_plugin=scalars=100000,images=100"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                tags = fetch(address, "scalars/tags")
                sheets = [
                    fetch(address, "images/images", run=run, tag="samples", sample=0) for run in ("killed", "whole")]
                # The server shows the events that it has read so far.
                if all(sheet[-1]["step"] == 320 for sheet in sheets):
                    break
            except (OSError, IndexError):
                pass
            require(time.monotonic() < deadline, "tensorboard shows no runs")
            time.sleep(0.5)
        curves = {
            run: {tag: [(p[1], p[2]) for p in fetch(address, "scalars/scalars", run=run, tag=tag)] for tag in tags[run]}
            for run in ("killed", "whole")
        }
        for run, found in curves.items():
            compare_with_table(options.folder / run, found)
            sheets = fetch(address, "images/images", run=run, tag="samples", sample=0)
            require(len(sheets) == 8, f"{run}: {len(sheets)} sheets")
            data = request(address, f"images/individualImage?{sheets[-1]['query']}")
            require(data == (options.folder / run / "samples/epoch_008.png").read_bytes(), f"{run}: the last sheet")
        compare_runs("tensorboard", curves)
        if options.screenshot:
            flags = [
                "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1600,1400",
                "--virtual-time-budget=20000"]
            page = f"{address}/#timeseries"
            subprocess.run(
                ["chromium", *flags, f"--screenshot={options.screenshot}", page], check=True, capture_output=True)
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    """Returns a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def fetch(address: str, path: str, **query: object) -> object:
    return json.loads(request(address, path + ("?" + urllib.parse.urlencode(query) if query else "")))


def request(address: str, path: str) -> bytes:
    with urllib.request.urlopen(f"{address}/data/plugin/{path}", timeout=10) as answer:
        return answer.read()


def png_size(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def same(first: list, second: list) -> bool:
    """Returns whether two curves are equal within the precision of float32, which event files hold."""
    return len(first) == len(second) and all(
        a[0] == b[0] and math.isclose(a[1], b[1], rel_tol=1e-6, abs_tol=1e-12) for a, b in zip(first, second)
    )


def require(condition: bool, message: str) -> None:
    if not condition:
        sys.exit(message)


if __name__ == "__main__":
    main()
