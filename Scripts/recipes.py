#!/usr/bin/env python3
"""Measures the effect of each option beyond the study's recipe: trains a run with each, evaluates them on the test
images, and prints the table of docs/recipes.md.

    Scripts/recipes.py --data FOLDER --out FOLDER [--recolor PATH] [--device cpu] [--width 16] [--train-images 10000]
                       [--epochs 5] [--seeds 1] [--only NAME ...]

The folder of --data holds the binary version of CIFAR-10. Runs that are complete in the output folder are not trained
again, so that the script can be stopped and started again. Needs Python only.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

# The name of the row, the model and the options.
RECIPES = [
    ("autoencoder", "unet", []),
    ("autoencoder, L1", "unet", ["--loss", "l1"]),
    ("GAN", "gan", []),
    ("GAN, flips", "gan", ["--flips"]),
    ("GAN, average", "gan", ["--average-decay", "0.93"]),
    ("GAN, spectral norm", "gan", ["--spectral-norm"]),
    ("GAN, discriminator at 4e-4", "gan", ["--discriminator-learning-rate", "4e-4"]),
    ("GAN, CIELAB", "gan", ["--color-space", "lab"]),
    ("GAN, batches of 16", "gan", ["--batch-size", "16"]),
    ("GAN, best in CIELAB, batches of 16", "gan", ["--recipe", "best", "--batch-size", "16", "--color-space", "lab"]),
    ("autoencoder, best, batches of 16", "unet", ["--recipe", "best", "--batch-size", "16"]),
    ("GAN, best, batches of 16", "gan", ["--recipe", "best", "--batch-size", "16"]),
]


def folder_name(name: str, seed: int) -> str:
    return name.replace(", ", "-").replace(" ", "-") + ("" if seed == 1 else f"-seed-{seed}")


def train(options: argparse.Namespace, model: str, extra: list[str], seed: int, folder: Path) -> None:
    resume = (folder / "config.json").exists()
    command = [options.recolor, "train", model]
    if resume:
        command += ["--resume", str(folder)]
    else:
        command += ["--data", options.data, "--device", options.device, "--width", str(options.width)]
        command += ["--train-images", str(options.train_images), "--epochs", str(options.epochs)]
        command += ["--seed", str(seed), "--out", str(folder), *extra]
    subprocess.run(command, check=True, stdout=sys.stderr)


def scores(options: argparse.Namespace, weights: Path) -> dict:
    command = [options.recolor, "evaluate", str(weights), "--data", options.data, "--device", options.device, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--recolor", default="recolor")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--train-images", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--only", nargs="+", help="names of rows")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    print("|  | seed | MSE | SSIM | colorfulness | MSE, last epoch | colorfulness, last epoch |")
    print("|---|---|---|---|---|---|---|")
    for name, model, extra in RECIPES:
        if options.only and name not in options.only:
            continue
        for seed in options.seeds:
            folder = options.out / folder_name(name, seed)
            train(options, model, extra, seed, folder)
            best, last = (
                scores(options, folder / "checkpoints" / f"{which}.safetensors") for which in ("best", "last"))
            print(
                f"| {name} | {seed} | {best['mse']:.5f} | {best['ssim']:.4f} | {best['colorfulness']:.1f} "
                f"| {last['mse']:.5f} | {last['colorfulness']:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
