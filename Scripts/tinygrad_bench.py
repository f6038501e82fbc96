#!/usr/bin/env python3
"""Times training steps of the U-Net in tinygrad, which, like Recolor, needs only an OpenCL driver.

usage: DEV=CL tinygrad_bench.py WIDTH BATCH SECONDS

The same network, loss, optimizer and batch as `recolor bench unet`, as one jitted step. Prints a line of JSON: the
median step in seconds, the peak memory of the process in bytes, the version. Needs tinygrad (pip install tinygrad).
"""

import importlib.metadata
import json
import resource
import statistics
import sys
import time

from tinygrad import Context, Device, Tensor, TinyJit, nn


class DoubleUnit:
    """Convolution 3×3, batch norm, LeakyReLU, twice."""

    def __init__(self, inputs: int, outputs: int):
        self.convolution1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm1 = nn.BatchNorm(outputs)
        self.convolution2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.norm2 = nn.BatchNorm(outputs)

    def __call__(self, x: Tensor) -> Tensor:
        x = self.norm1(self.convolution1(x)).leaky_relu(0.01)
        return self.norm2(self.convolution2(x)).leaky_relu(0.01)


class UNet:
    """Gray [N, 1, H, W] to color [N, 3, H, W]: the same layers as in torch_models.py."""

    def __init__(self, width: int):
        channels = [width << level for level in range(5)]
        self.encoding_units = [DoubleUnit(*pair) for pair in zip([1] + channels, channels)]
        self.upsamplings = [
            nn.ConvTranspose2d(channels[level + 1], channels[level], 3, stride=2, padding=1, output_padding=1)
            for level in reversed(range(4))
        ]
        self.decoding_units = [DoubleUnit(2 * channels[level], channels[level]) for level in reversed(range(4))]
        self.colors = nn.Conv2d(width, 3, 1)

    def __call__(self, x: Tensor) -> Tensor:
        skips = []
        for unit in self.encoding_units[:4]:
            skips.append(unit(x))
            x = skips[-1].max_pool2d(2)
        x = self.encoding_units[4](x)
        for upsampling, unit in zip(self.upsamplings, self.decoding_units):
            x = unit(upsampling(x).cat(skips.pop(), dim=1))
        return self.colors(x)


def main() -> None:
    width, batch, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    Tensor.manual_seed(1)
    model = UNet(width)
    optimizer = nn.optim.Adam(nn.state.get_parameters(model), lr=1e-3)
    images = Tensor.rand(batch, 3, 32, 32).realize()
    gray = images.mean(axis=1, keepdim=True).realize()

    @TinyJit
    def step(gray: Tensor, images: Tensor) -> Tensor:
        optimizer.zero_grad()
        loss = (model(gray) - images).square().mean().backward()
        return loss.realize(*optimizer.schedule_step())

    def timed_step() -> float:
        start = time.perf_counter()
        with Context(TRAINING=1):
            step(gray, images)
        Device[Device.DEFAULT].synchronize()
        return time.perf_counter() - start

    # The first step runs eagerly, the second is recorded, the third is the first that is replayed.
    warm = [timed_step() for _ in range(3)]
    durations = [timed_step() for _ in range(max(1, int(seconds / warm[-1])))]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    version = "tinygrad " + importlib.metadata.version("tinygrad")
    median = statistics.median(durations)
    print(json.dumps({"device": Device.DEFAULT, "step": median, "peak": peak, "version": version}))


if __name__ == "__main__":
    main()
