#!/usr/bin/env python3
"""Trains and evaluates the two colorizers in PyTorch, as the reference for Recolor's results.

    torch_train.py train unet|gan --data FOLDER [--out FILE] [--width W] [--epochs N] [--train-images N] [--seed S] ...
    torch_train.py evaluate unet|gan --data FOLDER --weights FILE

FOLDER is a `cifar-10-batches-bin`. The recipes are those of `recolor train`, the metrics those of `recolor evaluate` on
the test split, and weights files can be exchanged: `recolor evaluate FILE` (with `--model`) reads files written here,
and files of `recolor train` can be evaluated here. Needs PyTorch, NumPy and safetensors.
"""

import argparse
import time
from pathlib import Path

import numpy
import torch
from safetensors.torch import load_file, save_file

from torch_models import (
    UPSAMPLING_MODES,
    AutoencoderTrainer,
    Discriminator,
    GANTrainer,
    UNet,
    batch,
    initialize_for_gan,
)


def read_images(folder: Path, part: str, count: int | None) -> torch.Tensor:
    """Returns the first images of a part in file order, bytes [count, 3, 32, 32]."""
    names = [f"data_batch_{index}.bin" for index in range(1, 6)] if part == "train" else ["test_batch.bin"]
    records = numpy.concatenate([numpy.fromfile(folder / name, numpy.uint8).reshape(-1, 3073) for name in names])
    return torch.from_numpy(records[:count, 1:].reshape(-1, 3, 32, 32).copy())


def colorfulness(images: torch.Tensor) -> torch.Tensor:
    """Returns the colorfulness of each image by Hasler and Süsstrunk (2003); [N, 3, H, W] on the scale 0...255."""
    red, green, blue = images.double().unbind(dim=1)
    red_green = (red - green).flatten(1)
    yellow_blue = ((red + green) / 2 - blue).flatten(1)
    deviation = (red_green.var(1, unbiased=False) + yellow_blue.var(1, unbiased=False)).sqrt()
    return deviation + 0.3 * (red_green.mean(1).square() + yellow_blue.mean(1).square()).sqrt()


def evaluate(generator: UNet, images: torch.Tensor, signed: bool) -> tuple[float, float]:
    """Returns the mean squared error in [0, 1] and the mean colorfulness, with running statistics, colors clipped."""
    generator.eval()
    squares, colors = 0.0, 0.0
    with torch.no_grad():
        for part in images.split(250):
            gray, truth = batch(part, signed, torch.float32)
            prediction = generator(gray)
            if signed:
                prediction, truth = prediction / 2 + 0.5, truth / 2 + 0.5
            prediction = prediction.clamp(0, 1)
            squares += (prediction - truth).double().square().sum().item()
            colors += colorfulness(prediction * 255).sum().item()
    return squares / images.numel(), colors / len(images)


def train(options: argparse.Namespace) -> None:
    torch.manual_seed(options.seed)
    signed = options.model == "gan"
    training = read_images(options.data, "train", options.train_images)
    test = read_images(options.data, "test", options.images)
    generator = UNet(options.width, options.upsampling, tanh=signed)
    if signed:
        discriminator = Discriminator(options.width)
        for network in (generator, discriminator):
            network.apply(initialize_for_gan)
        trainer = GANTrainer(generator, discriminator, options.learning_rate or 2e-4, options.l1_weight)
    else:
        trainer = AutoencoderTrainer(generator, options.learning_rate or 1e-3)
    print(f"test images: colorfulness {colorfulness(test).mean().item():.2f}")
    for epoch in range(1, options.epochs + 1):
        start = time.perf_counter()
        # An incomplete batch is dropped, as in Recolor.
        for indices in torch.randperm(len(training)).split(options.batch_size):
            if len(indices) == options.batch_size:
                trainer.step(*batch(training[indices], signed, torch.float32))
        trainer.next_epoch()
        rate = len(training) // options.batch_size * options.batch_size / (time.perf_counter() - start)
        error, colors = evaluate(generator, test, signed)
        print(f"epoch {epoch}: MSE {error:.6f}, colorfulness {colors:.2f}, {rate:.0f} images/s", flush=True)
    if options.out:
        save_file(generator.state_dict(), options.out)


def evaluate_file(options: argparse.Namespace) -> None:
    state = load_file(options.weights)
    upsampling = options.upsampling if "upsampling1.1.weight" in state else "transposed"
    generator = UNet(state["encoding_unit1.0.weight"].shape[0], upsampling, tanh=options.model == "gan")
    # Only PyTorch's batch counters may be missing.
    missing, unexpected = generator.load_state_dict(state, strict=False)
    if unexpected or any(not name.endswith("num_batches_tracked") for name in missing):
        raise SystemExit(f"{options.weights}: missing {missing}, unexpected {unexpected}")
    error, colors = evaluate(generator, read_images(options.data, "test", options.images), options.model == "gan")
    print(f"MSE {error:.9f}, colorfulness {colors:.6f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("model", choices=["unet", "gan"])
    shared.add_argument("--data", type=Path, required=True, help="a cifar-10-batches-bin folder")
    shared.add_argument("--images", type=int, help="of the test split; all by default")
    shared.add_argument("--upsampling", choices=UPSAMPLING_MODES, default="transposed")
    shared.add_argument("--threads", type=int, help="PyTorch's own choice by default")
    command = commands.add_parser("train", parents=[shared])
    command.add_argument("--out", type=Path)
    command.add_argument("--width", type=int, default=64)
    command.add_argument("--batch-size", type=int, default=64)
    command.add_argument("--epochs", type=int, default=20)
    command.add_argument("--train-images", type=int, default=40_000)
    command.add_argument("--learning-rate", type=float)
    command.add_argument("--l1-weight", type=float, default=100)
    command.add_argument("--seed", type=int, default=1)
    command.set_defaults(run=train)
    command = commands.add_parser("evaluate", parents=[shared])
    command.add_argument("--weights", type=Path, required=True)
    command.set_defaults(run=evaluate_file)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    options.run(options)


if __name__ == "__main__":
    main()
