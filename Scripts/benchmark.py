#!/usr/bin/env python3
"""Times training steps of Recolor and of a peer in turn on the same machine, and prints the ratio of their medians.

usage: benchmark.py [--recolor PATH] [--device DEVICE] [--models unet,gan] [--sizes 32] [--widths 16,32,64]
                    [--batches 16,64,256] [--peer pytorch|tinygrad] [--peer-device cpu|cuda] [--rounds 3] [--seconds 8]
                    [--threads N] [--out FILE.md]

Runs A B A B ...: a round is one run of `recolor bench` and one of each variant of the peer (of PyTorch: both memory
layouts; on a GPU also compiled), each a process of its own, on random images, with the same number of threads. The
peer's figure is the best of its variants. Needs PyTorch (pip install torch) or tinygrad (pip install tinygrad) in the
Python that runs this. No other load may run on the machine.
"""

import argparse
import itertools
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterable

SCRIPTS = pathlib.Path(__file__).resolve().parent
LAYOUTS = {"contiguous": ["--layout", "contiguous"], "channels_last": ["--layout", "channels_last"]}
COMPILED = {f"{name}, compiled": [*words, "--compile"] for name, words in LAYOUTS.items()}


def run(command: list, environment: dict[str, str]) -> dict:
    """Returns the JSON object at the end of a command's output. Exits with its error output if the command fails."""
    done = subprocess.run([str(word) for word in command], env=os.environ | environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stderr.strip()}")
    return json.loads(done.stdout[done.stdout.index("{") :])


def run_recolor(
    options: argparse.Namespace, model: str, size: int, width: int, batch: int, steps: int
) -> dict:
    command = [options.recolor, "bench", model, "--width", width, "--batch-size", batch, "--steps", steps]
    command += ["--size", size, "--device", options.device, "--json"]
    report = run(command, {"RECOLOR_THREADS": str(options.threads)})
    quartiles = [report["training"][f"{name}QuartileMilliseconds"] for name in ("lower", "upper")]
    return {
        "step": report["stepMilliseconds"] / 1000, "peak": report["peakMemoryBytes"], "quartiles": quartiles,
        "device": report["description"],
    }  # fmt: skip


def peer_variants(options: argparse.Namespace) -> dict[str, list[str]]:
    """Returns the additional arguments of each variant of the peer, by name."""
    if options.peer == "tinygrad":
        return {"OpenCL": []}
    return LAYOUTS if options.peer_device == "cpu" else LAYOUTS | COMPILED


def run_peer(
    options: argparse.Namespace, model: str, size: int, width: int, batch: int, words: list[str]
) -> dict:
    if options.peer == "tinygrad":
        command = [sys.executable, SCRIPTS / "tinygrad_bench.py", width, batch, options.seconds]
    else:
        command = [sys.executable, SCRIPTS / "torch_bench.py", model, width, batch, options.seconds]
        command += ["--size", size, "--device", options.peer_device, *words]
    return run(command, {"OMP_NUM_THREADS": str(options.threads), "DEV": "CL"})


def rate(images: float) -> str:
    """Returns images a second with three digits, or more before the point."""
    return f"{images:.0f}" if images >= 100 else f"{images:.3g}"


def compare(options: argparse.Namespace, model: str, size: int, width: int, batch: int) -> list[str]:
    """Runs both in turn, `rounds` times, and returns a row of the table."""
    variants = peer_variants(options)
    ours, theirs = [], {name: [] for name in variants}
    steps = 3
    for _ in range(options.rounds):
        if not ours:
            # The first run determines the number of steps, and fills the cache of compiled kernels.
            steps = max(3, int(options.seconds / run_recolor(options, model, size, width, batch, steps)["step"]))
        ours.append(run_recolor(options, model, size, width, batch, steps))
        for name, words in variants.items():
            theirs[name].append(run_peer(options, model, size, width, batch, words))
    our_step = statistics.median(one["step"] for one in ours)
    name, runs = min(theirs.items(), key=lambda item: statistics.median(one["step"] for one in item[1]))
    their_step = statistics.median(one["step"] for one in runs)
    lower, upper = (statistics.median(one["quartiles"][end] for one in ours) for end in (0, 1))
    options.versions |= {runs[0]["version"], ours[0]["device"]}
    return [
        model, str(size), str(width), str(batch), rate(batch / our_step), f"{rate(batch / their_step)} ({name})",
        f"{their_step / our_step:.2f}×", f"{lower:.0f}–{upper:.0f} ms",
        # On a GPU, Recolor reports the host's memory and PyTorch the device's, which cannot be compared.
        f"{ours[-1]['peak'] / 2**20:.0f} / {runs[-1]['peak'] / 2**20:.0f} MiB" if options.peer_device == "cpu" else "",
    ]  # fmt: skip


def write_table(options: argparse.Namespace, heading: list[str], rows: Iterable[list[str]]) -> None:
    """Prints a table, each row when it is there, and what was measured; also writes both to the options' `out`."""
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
    print("\n".join(lines), flush=True)
    for row in rows:
        lines.append("| " + " | ".join(row) + " |")
        print(lines[-1], flush=True)
    lines += ["", f"{options.threads} threads; " + "; ".join(sorted(options.versions)) + f"; {platform.platform()}"]
    print("\n".join(lines[-2:]))
    if options.out:
        pathlib.Path(options.out).write_text("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recolor", default=SCRIPTS.parent / ".build/release/recolor")
    parser.add_argument("--device", default="cpu", help="Recolor's --device")
    parser.add_argument("--models", default="unet,gan")
    parser.add_argument("--sizes", default="32", help="widths and heights of the images")
    parser.add_argument("--widths", default="16,32,64")
    parser.add_argument("--batches", default="16,64,256")
    parser.add_argument("--peer", choices=["pytorch", "tinygrad"], default="pytorch")
    parser.add_argument("--peer-device", choices=["cpu", "cuda"], default="cpu", help="where PyTorch runs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="seconds of timed steps per run")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--out", help="also write the table here")
    options = parser.parse_args()
    if options.peer == "tinygrad" and (options.models, options.sizes) != ("unet", "32"):
        parser.error("tinygrad: only --models unet --sizes 32")
    options.versions = set()
    heading = ["model", "size", "width", "batch", "Recolor images/s", f"{options.peer} images/s", "ratio"]
    heading += ["Recolor's interquartile range", f"peak memory, Recolor / {options.peer}"]
    sizes, widths, batches = (map(int, text.split(",")) for text in (options.sizes, options.widths, options.batches))
    combinations = itertools.product(options.models.split(","), sizes, widths, batches)
    write_table(options, heading, (compare(options, *combination) for combination in combinations))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
