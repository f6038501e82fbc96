#!/usr/bin/env python3
"""Times training steps of the autoencoder by PyTorch's DistributedDataParallel over gloo, for benchmark_ranks.py.

usage: torchrun --nproc-per-node 2 Scripts/torch_ranks.py WIDTH BATCH SECONDS

BATCH is that of all processes; each computes on one thread. The first prints the images per second of all. Needs
PyTorch.
"""
import statistics
import sys
import time

import torch
import torch.distributed as distributed
from torch.nn.parallel import DistributedDataParallel

import torch_models as models


def main():
    width, batch, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    torch.set_num_threads(1)
    distributed.init_process_group("gloo")
    torch.manual_seed(1)
    trainer = models.AutoencoderTrainer(DistributedDataParallel(models.UNet(width)))
    images = torch.randint(0, 256, (batch // distributed.get_world_size(), 3, 32, 32), dtype=torch.uint8)
    gray, color = models.batch(images, signed=False, dtype=torch.float32)

    def step():
        start = time.perf_counter()
        trainer.step(gray, color)
        return time.perf_counter() - start

    warm = min(step() for _ in range(3))
    # As many steps on every process.
    count = torch.tensor([max(5, int(seconds / warm))])
    distributed.broadcast(count, 0)
    median = statistics.median(step() for _ in range(int(count)))
    if distributed.get_rank() == 0:
        print(batch / median)
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
