#!/usr/bin/env python3
"""Times training steps of the same two models in PyTorch, on random 32×32 images.

usage: torch_bench.py MODEL WIDTH BATCH SECONDS [--layout contiguous|channels_last] [--device cpu|cuda] [--compile]
                        [--no-tf32]

Prints a line of JSON: the median step in seconds, the peak memory in bytes (of the process; of the device on a GPU),
the version. Convolutions on a GPU have PyTorch's default precision, TF32 if supported, unless --no-tf32 is given. Needs
PyTorch.
"""

import argparse
import json
import resource
import statistics
import time

import torch

import torch_models as models


def make_trainer(options: argparse.Namespace, memory_format: torch.memory_format):
    if options.model == "gan":
        generator, discriminator = models.UNet(options.width, tanh=True), models.Discriminator(options.width)
        for network in (generator, discriminator):
            network.apply(models.initialize_for_gan)
            network.to(options.device, memory_format=memory_format)
        return models.GANTrainer(generator, discriminator)
    return models.AutoencoderTrainer(models.UNet(options.width).to(options.device, memory_format=memory_format))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=["unet", "gan"])
    parser.add_argument("width", type=int)
    parser.add_argument("batch", type=int)
    parser.add_argument("seconds", type=float, help="seconds of timed steps")
    parser.add_argument("--layout", choices=["contiguous", "channels_last"], default="contiguous")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--no-tf32", action="store_true")
    options = parser.parse_args()
    if options.no_tf32:
        torch.backends.cudnn.allow_tf32 = False

    torch.manual_seed(1)
    memory_format = torch.channels_last if options.layout == "channels_last" else torch.contiguous_format
    trainer = make_trainer(options, memory_format)
    images = torch.randint(0, 256, (options.batch, 3, 32, 32), dtype=torch.uint8)
    gray, color = models.batch(images, signed=options.model == "gan", dtype=torch.float32)
    gray = gray.to(options.device, memory_format=memory_format)
    color = color.to(options.device, memory_format=memory_format)
    if options.compile:
        trainer.model.compile()
        if options.model == "gan":
            trainer.discriminator.compile()

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
    print(json.dumps({"step": statistics.median(durations), "peak": peak, "version": f"PyTorch {torch.__version__}"}))


if __name__ == "__main__":
    main()
