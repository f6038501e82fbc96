#!/usr/bin/env python3
"""Exports a model with `recolor export`, and compares the results of ONNX Runtime with Recolor and PyTorch.

usage: check_onnx.py WEIGHTS.safetensors CIFAR_FOLDER [--recolor PATH] [--device DEVICE] [--images N]

Passes the file to onnx's checker with shape inference, runs it in batches of 3 and 1 on several sizes, colors the first
N test images of CIFAR-10 with it, and prints the largest difference of any value from Recolor's own colors and from the
same weights in PyTorch. Exits with 1 if a difference is over 1e-4. A model of CIELAB has no --normalized; its colors
are converted to sRGB with scikit-image's constants. Needs pip install onnx onnxruntime torch safetensors numpy
scikit-image.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnxruntime
import skimage.color.colorconv
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import torch_models

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 1e-4
SIZES = [(3, 16, 16), (3, 32, 32), (3, 48, 32), (3, 32, 80), (1, 128, 64), (3, 256, 256)]


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
    is_lab = metadata.get("color_space") == "lab"
    if is_lab:
        model.decoding_unit5[0] = torch.nn.Conv2d(int(metadata["width"]), 2, 1)
    model.load_state_dict(load_file(options.weights), strict=True)
    model.eval()

    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        own = session(options, f"{folder}/own.onnx")
        normalized = None if is_lab else session(options, f"{folder}/normalized.onnx", "--normalized")
        generator = numpy.random.default_rng(1)
        for batch, height, width in SIZES:
            unit = generator.random((batch, 1, height, width), dtype=numpy.float32)
            gray = unit * 2 - 1 if is_gan or is_lab else unit
            with torch.no_grad():
                expected = model(torch.from_numpy(gray)).numpy()
            difference = float(numpy.abs(run(own, gray) - expected).max())
            worst = max(worst, difference)
            print(f"{batch}×1×{height}×{width}: from PyTorch {difference:.1e}", end="" if normalized else "\n")
            if normalized:
                scaled = numpy.clip(expected * 0.5 + 0.5 if is_gan else expected, 0, 1)
                other = float(numpy.abs(run(normalized, unit) - scaled).max())
                worst = max(worst, other)
                print(f", with --normalized {other:.1e}")

        images = test_images(options)
        command = [options.recolor, "evaluate", options.weights, "--data", options.cifar, "--images", options.images]
        command += ["--predictions", f"{folder}/predictions.safetensors", "--device", options.device, "--json"]
        subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
        ours = load_file(f"{folder}/predictions.safetensors")["predictions"].numpy()
        if normalized:
            theirs = run(normalized, images.mean(axis=1, keepdims=True, dtype=numpy.float32) / 255)
        else:
            lightness = skimage.color.rgb2lab(images.transpose(0, 2, 3, 1) / 255)[..., :1]
            chroma = run(own, (lightness.transpose(0, 3, 1, 2) / 50 - 1).astype(numpy.float32)) * 110
            theirs = rgb(numpy.concatenate([lightness, chroma.transpose(0, 2, 3, 1)], axis=-1)).transpose(0, 3, 1, 2)
        difference = float(numpy.abs(theirs - ours).max())
        print(f"{len(images)} images: from recolor evaluate --device {options.device} {difference:.1e}")
        worst = max(worst, difference)
    facts = f"{metadata['model']}, width {metadata['width']}, {metadata['upsampling']}{', lab' if is_lab else ''}"
    print(f"{facts}: onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}: largest difference {worst:.1e}")
    sys.exit(worst > LIMIT)


def session(options: argparse.Namespace, path: str, *flags: str) -> onnxruntime.InferenceSession:
    """Exports the weights, checks the file, and loads it."""
    subprocess.run([options.recolor, "export", options.weights, "--out", path, *flags], check=True,
                   stdout=subprocess.DEVNULL)
    onnx.checker.check_model(path, full_check=True)
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def run(network: onnxruntime.InferenceSession, gray: numpy.ndarray) -> numpy.ndarray:
    return network.run(["color"], {"gray": gray})[0]


def rgb(lab: numpy.ndarray) -> numpy.ndarray:
    """Converts as skimage.color.lab2rgb, but without clipping a negative Z, which colors outside the gamut of sRGB can
    have.
    """
    fy = (lab[..., 0] + 16) / 116
    curves = numpy.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], axis=-1)
    xyz = numpy.where(curves > 6 / 29, curves**3, (curves - 16 / 116) * 116 * 27 / 24389) * [0.95047, 1, 1.08883]
    linear = numpy.clip(xyz @ skimage.color.colorconv.rgb_from_xyz.T, 0, 1)
    return numpy.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)


def test_images(options: argparse.Namespace) -> numpy.ndarray:
    batch = next(pathlib.Path(options.cifar).rglob("test_batch.bin"))
    records = numpy.fromfile(batch, dtype=numpy.uint8).reshape(-1, 3073)[: options.images, 1:]
    return records.reshape(-1, 3, 32, 32)


if __name__ == "__main__":
    main()
