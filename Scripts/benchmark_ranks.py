#!/usr/bin/env python3
"""Compares the speed of training on two processes of one thread with one process of two threads, and with PyTorch's
DistributedDataParallel on two processes of one thread: the same network, images of 32×32 and batch, in turn.

usage: Scripts/benchmark_ranks.py [--width 16 --width 64] [--batch 64] [--seconds 20] [--rounds 3] [--python PATH]
needs: Open MPI, librecolor-mpi.so (Scripts/build_mpi), .build/release/recolor (or --recolor PATH); with --python, an
       environment with PyTorch
"""
import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def run(command, environment):
    result = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, **environment))
    if result.returncode != 0:
        sys.exit(f"benchmark_ranks: {' '.join(command)} failed: {result.stderr}")
    return result.stdout


def recolor(arguments, width, ranks, steps, epochs=2):
    """Returns the images per second of a run's epochs; the first one warms up."""
    with tempfile.TemporaryDirectory() as folder:
        place = os.path.join(folder, "run")
        command = [
            arguments.recolor, "train", "unet", "--data", "scenes", "--device", "cpu", "--width", str(width),
            "--batch-size", str(arguments.batch), "--train-images", str(arguments.batch * steps),
            "--validation-images", "0", "--epochs", str(epochs), "--out", place, "--quiet"]
        if ranks > 1:
            command = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(ranks)] + command
        run(command, {
            "RECOLOR_THREADS": "2", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"})
        with open(os.path.join(place, "metrics.csv"), newline="") as file:
            return statistics.mean(float(row["images_per_second"]) for row in list(csv.DictReader(file))[1:])


def pytorch(arguments, width):
    torchrun = os.path.join(os.path.dirname(arguments.python), "torchrun")
    command = [
        torchrun, "--nproc-per-node", "2", os.path.join(HERE, "torch_ranks.py"), str(width), str(arguments.batch),
        str(arguments.seconds)]
    return float(run(command, {"OMP_NUM_THREADS": "1"}).split()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--width", type=int, action="append", help="may be repeated (default: 16 and 64)")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=20, help="length of each measurement (default: 20)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--python", help="the Python of an environment with PyTorch")
    parser.add_argument("--recolor", default=os.path.join(HERE, "../.build/release/recolor"))
    arguments = parser.parse_args()
    for width in arguments.width or [16, 64]:
        wanted = max(3, int(recolor(arguments, width, 1, 3) * arguments.seconds / arguments.batch))
        # The built-in pictures are 10,000.
        steps = min(wanted, 10_000 // arguments.batch)
        epochs = 1 + -(-wanted // steps)
        kinds = {
            "1 process, 2 threads": lambda: recolor(arguments, width, 1, steps, epochs),
            "2 processes, 1 thread": lambda: recolor(arguments, width, 2, steps, epochs),
        }
        if arguments.python:
            kinds["PyTorch DDP, 2 processes, 1 thread"] = lambda: pytorch(arguments, width)
        speeds = {kind: [] for kind in kinds}
        for _ in range(arguments.rounds):
            for kind, measure in kinds.items():
                speeds[kind].append(measure())
        for kind, found in speeds.items():
            print(f"width {width}, {kind}: {statistics.median(found):.1f} images/s "
                  f"({', '.join(f'{speed:.1f}' for speed in found)})", flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
