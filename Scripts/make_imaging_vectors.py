#!/usr/bin/env python3
"""Makes the test vectors of Imaging: Tests/ImagingTests/Vectors.

usage: make_imaging_vectors.py

Needs numpy, Pillow and scikit-image. The tests themselves read only what this writes:
  codecs/*.png, *.jpg   small files of every kind that must be read
  codecs.json           for each, the pixels that Pillow reads, as [height, width, 3] of 8 bits in hexadecimal digits,
                        and how far a decoder may be off
  metrics.json          pairs of images, and what scikit-image and the published formulas say about them
  resizing.json         an image, and what Pillow's BILINEAR makes of it
"""
import io
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity

OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "ImagingTests" / "Vectors"


def picture(height, width, seed):
    """Something smooth with an edge and some noise: [height, width, 3] of uint8."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width]).reshape(2, 1, 1)
    waves = [np.sin(6 * (a * x + b * y) + c) for a, b, c in random.uniform(-1, 1, (3, 3))]
    image = 0.5 + 0.35 * np.stack(waves, -1) + 0.2 * ((x + y) > 1)[..., None] * random.uniform(-1, 1, 3)
    image += random.normal(0, 0.03, image.shape)
    return (255 * np.clip(image, 0, 1)).round().astype(np.uint8)


def colorfulness(image):
    """Hasler and Süsstrunk 2003, section 6, on the scale 0...255."""
    red, green, blue = (image[..., c].astype(np.float64) for c in range(3))
    rg, yb = red - green, (red + green) / 2 - blue
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


def metrics():
    cases = []
    for height, width, seed, noise in [(32, 32, 1, 0.02), (11, 17, 2, 0.1), (24, 13, 3, 0.3)]:
        truth = picture(height, width, seed)
        error = np.random.default_rng(seed + 100).normal(0, noise, truth.shape)
        prediction = (255 * np.clip(truth / 255 + error, 0, 1)).round().astype(np.uint8)
        a, b = prediction / 255, truth / 255
        cases.append({
            "width": width, "height": height, "prediction": prediction.tobytes().hex(), "truth": truth.tobytes().hex(),
            "mse": float(mean_squared_error(b, a)), "psnr": float(peak_signal_noise_ratio(b, a, data_range=1)),
            "mae": float(np.abs(a - b).mean()),
            "ssim": float(structural_similarity(
                b, a, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1, channel_axis=-1)),
            "colorfulness": colorfulness(prediction), "truthColorfulness": colorfulness(truth),
        })
    (OUT / "metrics.json").write_text(json.dumps(cases, indent=1) + "\n")


def resizing():
    image = picture(19, 26, 7)
    cases = []
    for width, height in [(8, 8), (13, 19), (26, 5), (40, 33), (1, 1)]:
        result = Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR)
        cases.append({"width": width, "height": height, "bytes": result.tobytes().hex()})
    document = {"width": 26, "height": 19, "bytes": image.tobytes().hex(), "cases": cases}
    (OUT / "resizing.json").write_text(json.dumps(document, indent=1) + "\n")


def png_file(width, height, depth, interlace, rows):
    """An RGB PNG file of the kinds that Pillow does not write; `rows` are bytes without the filter byte."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, interlace)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def adam7_rows(image):
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    for top, left, down, right in passes:
        part = image[top::down, left::right]
        if part.size:
            yield from (row.tobytes() for row in part)


def codecs():
    folder = OUT / "codecs"
    folder.mkdir(parents=True, exist_ok=True)
    rgb = picture(10, 14, 11)
    image = Image.fromarray(rgb)
    gray = image.convert("L")
    alpha = Image.fromarray(np.linspace(0, 255, 140).reshape(10, 14).round().astype(np.uint8))
    wide = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    expected = {}

    def add(name, pixels, tolerance, data):
        (folder / name).write_bytes(data)
        pixels = np.asarray(pixels)
        expected[name] = {
            "width": pixels.shape[1], "height": pixels.shape[0], "tolerance": tolerance,
            "bytes": pixels.astype(np.uint8).tobytes().hex()}

    def encoded(image, kind, **options):
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    add("rgb.png", rgb, 0, encoded(image, "PNG"))
    add("gray.png", gray.convert("RGB"), 0, encoded(gray, "PNG"))
    add("gray16.png", gray.convert("RGB"), 1, encoded(wide, "PNG"))
    add("interlaced.png", rgb, 0, png_file(14, 10, 8, 1, adam7_rows(rgb)))
    add("rgb16.png", rgb, 1, png_file(14, 10, 16, 0, [(row.astype(">u2") * 257).astype(">u2").tobytes() for row in rgb]))
    palette = image.quantize(16)
    add("palette.png", palette.convert("RGB"), 0, encoded(palette, "PNG"))
    bitmap = gray.convert("1")
    add("bitmap.png", bitmap.convert("RGB"), 0, encoded(bitmap, "PNG"))
    # Fully clear pixels show the white paper, opaque ones themselves; between them blending is the decoder's affair.
    mask = alpha.point(lambda level: 255 if level > 127 else 0)
    clear = image.copy()
    clear.putalpha(mask)
    add("rgba.png", Image.composite(image, Image.new("RGB", image.size, "white"), mask), 1, encoded(clear, "PNG"))
    gray_alpha = Image.merge("LA", (gray, mask))
    add("gray_alpha.png", Image.composite(gray, Image.new("L", gray.size, 255), mask).convert("RGB"), 1,
        encoded(gray_alpha, "PNG"))

    for name, options in [("baseline.jpg", {"quality": 92}), ("progressive.jpg", {"quality": 90, "progressive": True}),
                          ("full.jpg", {"quality": 95, "subsampling": 0})]:
        data = encoded(image, "JPEG", **options)
        add(name, Image.open(io.BytesIO(data)).convert("RGB"), 2, data)
    data = encoded(gray, "JPEG", quality=92)
    add("gray.jpg", Image.open(io.BytesIO(data)).convert("RGB"), 2, data)
    # Adobe's programs store CMYK inverted and say so in a marker of their own.
    inverted = Image.fromarray(255 - np.concatenate([255 - rgb, np.full((10, 14, 1), 30, np.uint8)], -1), "CMYK")
    data = encoded(inverted, "JPEG", quality=95)
    adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
    data = data if b"Adobe" in data else data[:2] + adobe + data[2:]
    stored = np.asarray(Image.open(io.BytesIO(data))).astype(int)
    # Pillow turns inverted CMYK the right way round on opening.
    stored = 255 - stored
    add("cmyk.jpg", (stored[..., :3] * stored[..., 3:] + 127) // 255, 2, data)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = encoded(image, "JPEG", quality=92, exif=exif)
        upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
        add(f"orientation_{orientation}.jpg", upright, 2, data)
    (OUT / "codecs.json").write_text(json.dumps(expected, indent=1) + "\n")


OUT.mkdir(parents=True, exist_ok=True)
metrics()
resizing()
codecs()
