#!/usr/bin/env python3
"""Checks that a training run's weights do not depend on the number of processes that share its replicas.

Trains each model with four replicas as 1, 2, 4 … processes under mpirun, and compares the last and best weights and all
tensors of the states, byte for byte. With --before, it also trains without replicas with another build of the command,
such as that of an earlier commit, and compares its tensors with this one's.

usage: Scripts/check_ranks.py --data FOLDER [--device cpu --device opencl] [--ranks 1,2,4] [--steps 60] [--before PATH]
needs: Python 3.9, .build/release/recolor (or --recolor PATH), Open MPI and librecolor-mpi.so (Scripts/build_mpi)
"""
import argparse
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

RUNS = {
    "unet": ["unet"],
    "gan": ["gan"],
    "gan best": ["gan", "--recipe", "best"],
    "gan synchronized": ["gan", "--sync-batch-norm"],
}
FILES = ["checkpoints/last.safetensors", "checkpoints/best.safetensors", "checkpoints/last.state.safetensors"]


def tensors(path):
    """Returns the shapes and the bytes of a file's tensors, by name."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    header.pop("__metadata__", None)
    return {name: (entry["shape"], data[slice(*entry["data_offsets"])]) for name, entry in header.items()}


def train(recolor, model, options, folder, ranks):
    environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    command = [recolor, "train", *model, "--out", folder, "--quiet", *options]
    if ranks > 1:
        command = ["mpirun", "--oversubscribe", "-n", str(ranks)] + command
    start = time.time()
    result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
    if result.returncode != 0:
        sys.exit(f"check_ranks: {' '.join(command)} failed: {result.stderr}")
    return [tensors(os.path.join(folder, name)) for name in FILES], time.time() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", required=True, help="photographs to train on, as of recolor train")
    parser.add_argument("--device", action="append", help="may be repeated (default: cpu)")
    parser.add_argument("--ranks", default="1,2,4", help="numbers of processes (default: 1,2,4)")
    parser.add_argument("--steps", default="60")
    parser.add_argument("--width", default="8")
    parser.add_argument("--replicas", default="4")
    parser.add_argument("--before", help="another build of the command, to compare a run without replicas with")
    parser.add_argument("--recolor", default=os.path.join(os.path.dirname(__file__), "../.build/release/recolor"))
    arguments = parser.parse_args()
    failed = False
    folder = tempfile.mkdtemp(prefix="recolor-ranks-")
    try:
        for device in arguments.device or ["cpu"]:
            for name, model in RUNS.items():
                options = ["--data", arguments.data, "--width", arguments.width, "--steps", arguments.steps]
                options += ["--batch-size", "16", "--validation-images", "50", "--device", device]
                runs = [(f"{ranks} ranks", arguments.recolor, int(ranks), ["--replicas", arguments.replicas])
                        for ranks in arguments.ranks.split(",")]
                if arguments.before and "--sync-batch-norm" not in model:
                    runs += [("one replica", arguments.recolor, 1, []), ("before", arguments.before, 1, [])]
                first = {}
                for label, recolor, ranks, more in runs:
                    place = os.path.join(folder, "run")
                    found, seconds = train(recolor, model, options + more, place, ranks)
                    shutil.rmtree(place)
                    expected = first.setdefault(bool(more), found)
                    same = found == expected
                    failed |= not same
                    count = sum(len(file) for file in found)
                    print(f"{device}, {name}, {label}: {count} tensors {'the same' if same else 'DIFFER'}, "
                          f"{seconds:.0f} s", flush=True)
    finally:
        shutil.rmtree(folder)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
