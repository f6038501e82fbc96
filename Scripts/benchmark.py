#!/usr/bin/env python3
"""Times training steps of Recolor and of PyTorch in turn on the same machine, and prints the ratio of their medians.

usage: benchmark.py [--recolor PATH] [--device DEVICE] [--models unet,gan] [--widths 16,64] [--batches 64]
                    [--rounds 3] [--seconds 8] [--threads N] [--out FILE.md]

Runs A B A B ...: a round is one run of `recolor bench` and one of PyTorch for each memory layout, each a process of its
own, on random 32×32 images. PyTorch's figure is the better of its two layouts. Needs PyTorch (pip install torch) in the
Python that runs this, and nothing else running on the machine.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def measure_pytorch(model: str, width: int, batch: int, seconds: float, layout: str, device: str) -> dict:
    """Steps of PyTorch in this process: the median step in seconds and the peak memory in bytes."""
    import resource

    import torch

    import torch_models as models

    torch.manual_seed(1)
    memory_format = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    generator = models.UNet(width, **({"tanh": True} if model == "gan" else {}))
    if model == "gan":
        discriminator = models.Discriminator(width)
        for network in (generator, discriminator):
            network.apply(models.initialize_for_gan)
            network.to(device, memory_format=memory_format)
        trainer = models.GANTrainer(generator, discriminator)
    else:
        generator.to(device, memory_format=memory_format)
        trainer = models.AutoencoderTrainer(generator)
    images = torch.randint(0, 256, (batch, 3, 32, 32), dtype=torch.uint8)
    gray, color = models.batch(images, signed=model == "gan", dtype=torch.float32)
    gray = gray.to(device, memory_format=memory_format)
    color = color.to(device, memory_format=memory_format)

    def step() -> float:
        start = time.perf_counter()
        trainer.step(gray, color)
        if device != "cpu":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    warm = [step() for _ in range(3)]
    durations = [step() for _ in range(max(3, int(seconds / min(warm))))]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"step": statistics.median(durations), "peak": peak, "version": torch.__version__}


def run_pytorch(options: argparse.Namespace, model: str, width: int, batch: int, layout: str) -> dict:
    command = [sys.executable, __file__, "--measure", json.dumps([model, width, batch, options.seconds, layout, "cpu"])]
    environment = os.environ | {"OMP_NUM_THREADS": str(options.threads)}
    output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    return json.loads(output)


def run_recolor(options: argparse.Namespace, model: str, width: int, batch: int, steps: int) -> dict:
    command = [options.recolor, "bench", model, "--width", width, "--batch-size", batch, "--steps", steps]
    command += ["--device", options.device, "--json"]
    environment = os.environ | {"RECOLOR_THREADS": str(options.threads)}
    output = subprocess.run([str(word) for word in command], env=environment, check=True, capture_output=True, text=True)
    report = json.loads(output.stdout)
    return {"step": report["stepMilliseconds"] / 1000, "peak": report["peakMemoryBytes"], "device": report["description"]}


def compare(options: argparse.Namespace, model: str, width: int, batch: int) -> list[str]:
    """One row of the table: both in turn, `rounds` times."""
    ours, theirs = [], {"contiguous": [], "channels_last": []}
    steps = 3
    for _ in range(options.rounds):
        ours.append(run_recolor(options, model, width, batch, steps))
        steps = max(3, int(options.seconds / ours[-1]["step"]))
        for layout, runs in theirs.items():
            runs.append(run_pytorch(options, model, width, batch, layout))
    our_step = statistics.median(run["step"] for run in ours)
    layout, runs = min(theirs.items(), key=lambda item: statistics.median(run["step"] for run in item[1]))
    their_step = statistics.median(run["step"] for run in runs)
    spread = [min(run["step"] for run in ours), max(run["step"] for run in ours)]
    options.versions.add(f"PyTorch {runs[0]['version']}")
    options.versions.add(ours[0]["device"])
    return [
        model, str(width), str(batch), f"{batch / our_step:.0f}", f"{batch / their_step:.0f} ({layout})",
        f"{their_step / our_step:.2f}×", f"{spread[0] * 1000:.0f}–{spread[1] * 1000:.0f} ms",
        f"{ours[-1]['peak'] / 2**20:.0f} / {runs[-1]['peak'] / 2**20:.0f} MiB",
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recolor", default=ROOT / ".build/release/recolor")
    parser.add_argument("--device", default="cpu", help="Recolor's --device; PyTorch runs on the CPU")
    parser.add_argument("--models", default="unet,gan")
    parser.add_argument("--widths", default="16,64")
    parser.add_argument("--batches", default="64")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="of timed steps a run")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--out", help="also write the table here")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure_pytorch(*json.loads(options.measure))))
        return
    options.versions = set()
    heading = ["model", "width", "batch", "Recolor images/s", "PyTorch images/s", "ratio", "Recolor's steps", "peak memory"]
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
    print("\n".join(lines), flush=True)
    for model in options.models.split(","):
        for width in map(int, options.widths.split(",")):
            for batch in map(int, options.batches.split(",")):
                lines.append("| " + " | ".join(compare(options, model, width, batch)) + " |")
                print(lines[-1], flush=True)
    lines += ["", f"{options.threads} threads; " + "; ".join(sorted(options.versions)) + f"; {platform.platform()}"]
    print("\n".join(lines[-2:]))
    if options.out:
        pathlib.Path(options.out).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
