#!/usr/bin/env python3
"""Loads weights trained by Recolor into the PyTorch module tree by name, and compares the colors of both programs.

usage: check_weights.py WEIGHTS.safetensors CIFAR_FOLDER [--recolor PATH] [--device DEVICE] [--images N]

Colors the first N test images of CIFAR-10 with both, and prints the largest difference of any value. Exits with 1 if it
is over 1e-4. Needs PyTorch and safetensors (pip install torch safetensors numpy).
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import torch_models

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 1e-4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights")
    parser.add_argument("cifar")
    parser.add_argument("--recolor", default=ROOT / ".build/release/recolor")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--images", type=int, default=256)
    options = parser.parse_args()

    with safe_open(options.weights, "pt") as file:
        metadata = file.metadata()
    is_gan = metadata["model"] == "gan"
    model = torch_models.UNet(int(metadata["width"]), metadata["upsampling"], tanh=is_gan)
    model.load_state_dict(load_file(options.weights), strict=True)
    model.eval()

    batch = next(pathlib.Path(options.cifar).rglob("test_batch.bin"))
    records = numpy.fromfile(batch, dtype=numpy.uint8).reshape(-1, 3073)[: options.images, 1:]
    images = torch.from_numpy(records.reshape(-1, 3, 32, 32).copy())
    with torch.no_grad():
        gray, _ = torch_models.batch(images, signed=is_gan, dtype=torch.float32)
        theirs = model(gray)
    theirs = (theirs * 0.5 + 0.5 if is_gan else theirs).clamp(0, 1)

    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/predictions.safetensors"
        command = [options.recolor, "evaluate", options.weights, "--data", options.cifar, "--images", options.images]
        command += ["--predictions", path, "--device", options.device, "--json"]
        subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
        ours = load_file(path)["predictions"]
    difference = (ours - theirs).abs().max().item()
    print(f"{metadata['model']}, width {metadata['width']}: {len(images)} images, largest difference {difference:.1e}")
    sys.exit(difference > LIMIT)


if __name__ == "__main__":
    main()
