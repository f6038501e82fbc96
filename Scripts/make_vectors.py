#!/usr/bin/env python3
"""Writes the vectors in Tests/Vectors: results of PyTorch, with which the tests compare every backend.

    pip install torch numpy safetensors
    python3 Scripts/make_vectors.py

The vectors are in the repository and the tests need no Python; run this only to change them. The committed ones were
computed by PyTorch 2.15.0 on the CPU. Inputs are drawn from fixed seeds and rounded to float32; everything else is
computed in float64 and rounded to float32 at the end, so that the error is about half a unit in the last place.

vector_file.py        the format of a file, and the conversions from PyTorch's layouts to Recolor's
operation_vectors.py  the operations but the losses, forward and backward
loss_vectors.py       the losses, and the weights of colors in them
model_vectors.py      whole training steps of both models
torch_models.py       the models
"""

from pathlib import Path

import torch

import loss_vectors
import model_vectors
import operation_vectors


def main() -> None:
    folder = Path(__file__).resolve().parent.parent / "Tests" / "Vectors"
    folder.mkdir(exist_ok=True)
    print(f"PyTorch {torch.__version__}")
    for write in operation_vectors.ALL + loss_vectors.ALL + [model_vectors.write_all]:
        write(folder)
    print(f"{sum(file.stat().st_size for file in folder.iterdir()):,} bytes in all")


if __name__ == "__main__":
    main()
