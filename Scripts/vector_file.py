"""The format of the test vectors.

PyTorch keeps images as [N, C, H, W] and kernels as [out, in, height, width] (a transposed convolution's as [in, out,
height, width]). Recolor keeps images as [N, H, W, C] and every kernel as [height, width, in, out]. The functions here
convert them.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file


def nhwc(images: torch.Tensor) -> torch.Tensor:
    return images.permute(0, 2, 3, 1)


def kernel(weights: torch.Tensor) -> torch.Tensor:
    return weights.permute(2, 3, 1, 0)


def transposed_kernel(weights: torch.Tensor) -> torch.Tensor:
    return weights.permute(2, 3, 0, 1)


def vector(values: torch.Tensor) -> torch.Tensor:
    return values.reshape(1, 1, 1, -1)


class Values:
    """A seeded source of inputs: float64 values that are exact in float32, so that both programs have the same."""

    def __init__(self, seed: int):
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int, scale: float = 1.0, shift: float = 0.0) -> torch.Tensor:
        values = torch.randn(*shape, generator=self.generator, dtype=torch.float64) * scale + shift
        return values.float().double()

    def integers(self, low: int, high: int, *shape: int) -> torch.Tensor:
        """Returns integers from `low` up to, but not including, `high`."""
        return torch.randint(low, high, shape, generator=self.generator)


class VectorFile:
    """A safetensors file of named cases: the tensor `x` of the case `c` is `c/x`, and the metadata's `cases` is a JSON
    object that maps each case to its options, as strings."""

    def __init__(self, path: Path):
        self.path = path
        self.tensors: dict[str, torch.Tensor] = {}
        self.cases: dict[str, dict[str, str]] = {}

    def add(self, case: str, tensors: dict[str, torch.Tensor], **options: object) -> None:
        """Adds a case. Floating-point tensors are stored as float32, the others as they are."""
        assert case not in self.cases, case
        self.cases[case] = {name: str(value) for name, value in options.items()}
        for name, tensor in tensors.items():
            tensor = tensor.detach()
            if tensor.is_floating_point():
                tensor = tensor.float()
            self.tensors[f"{case}/{name}"] = tensor.contiguous().clone()

    def save(self) -> None:
        # One metadata entry: the order of several would differ from run to run, and with it the file's bytes.
        save_file(self.tensors, self.path, metadata={"cases": json.dumps(self.cases, sort_keys=True)})
        print(f"{self.path.name}: {len(self.cases)} cases, {self.path.stat().st_size:,} bytes")
