#!/usr/bin/env python3
"""Times training steps of the same two models in PyTorch, on random images.

usage: torch_bench.py MODEL WIDTH BATCH SECONDS [--size 32] [--layout contiguous|channels_last] [--device cpu|cuda]
                      [--compile] [--no-tf32]

Prints a line of JSON: the median step in seconds, the peak memory in bytes (of the process; of the device on a GPU),
the version. MODEL, WIDTH, BATCH and the layout may be several each, separated by commas, as in `unet,gan 64,16 64 1`:
then every combination is timed and has a line. Convolutions on a GPU have PyTorch's default precision, TF32 if
supported, unless --no-tf32 is given. Needs PyTorch.
"""

import argparse
import itertools
import json
import resource
import statistics
import time

import torch

import torch_models as models


def make_trainer(model: str, width: int, device: str, memory_format: torch.memory_format):
    if model == "gan":
        generator, discriminator = models.UNet(width, tanh=True), models.Discriminator(width)
        for network in (generator, discriminator):
            network.apply(models.initialize_for_gan)
            network.to(device, memory_format=memory_format)
        return models.GANTrainer(generator, discriminator)
    return models.AutoencoderTrainer(models.UNet(width).to(device, memory_format=memory_format))


def measure(options: argparse.Namespace, model: str, width: int, batch: int, layout: str) -> dict:
    """Times the steps of one combination."""
    torch.manual_seed(1)
    memory_format = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    trainer = make_trainer(model, width, options.device, memory_format)
    images = torch.randint(0, 256, (batch, 3, options.size, options.size), dtype=torch.uint8)
    gray, color = models.batch(images, signed=model == "gan", dtype=torch.float32)
    gray = gray.to(options.device, memory_format=memory_format)
    color = color.to(options.device, memory_format=memory_format)
    if options.compile:
        # Otherwise a second batch size makes PyTorch compile for any batch size.
        torch.compiler.reset()
        trainer.model.compile()
        if model == "gan":
            trainer.discriminator.compile()
    if options.device != "cpu":
        torch.cuda.reset_peak_memory_stats()

    def step() -> float:
        start = time.perf_counter()
        trainer.step(gray, color)
        if options.device != "cpu":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    warm = [step() for _ in range(3)]
    durations = [step() for _ in range(max(3, int(options.seconds / min(warm))))]
    if options.device == "cpu":
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    else:
        peak = torch.cuda.max_memory_allocated()
    return {
        "model": model, "width": width, "batch": batch, "layout": layout, "step": statistics.median(durations),
        "peak": peak, "version": f"PyTorch {torch.__version__}",
    }  # fmt: skip


def words(text: str) -> list[str]:
    return text.split(",")


def numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=words)
    parser.add_argument("width", type=numbers)
    parser.add_argument("batch", type=numbers)
    parser.add_argument("seconds", type=float, help="seconds of timed steps")
    parser.add_argument("--size", type=int, default=32, help="width and height of the images")
    parser.add_argument("--layout", type=words, default=["contiguous"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--no-tf32", action="store_true")
    options = parser.parse_args()
    for name, values in (("model", {"unet", "gan"}), ("layout", {"contiguous", "channels_last"})):
        if unknown := set(getattr(options, name)) - values:
            parser.error(f"{name} {unknown.pop()}: there is {' and '.join(sorted(values))}")
    if options.no_tf32:
        torch.backends.cudnn.allow_tf32 = False
    for batch, width, model, layout in itertools.product(
        options.batch, options.width, options.model, options.layout
    ):
        print(json.dumps(measure(options, model, width, batch, layout)), flush=True)


if __name__ == "__main__":
    main()
