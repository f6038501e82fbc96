#!/usr/bin/env python3
"""Writes the test vectors of Imaging: Tests/ImagingTests/Vectors.

usage: make_imaging_vectors.py

Needs numpy, Pillow and scikit-image. The tests need only the files written here:
  codecs/*.png, *.jpg   small files of all supported kinds
  codecs.json           for each, the pixels read by Pillow, [height, width, 3] of 8 bits in hexadecimal digits, and the
                        tolerance
  metrics.json          pairs of images, and their metrics by scikit-image and the published formulas
  ciede2000.json        the test data published with the implementation notes of CIEDE2000
  colors.json           colors in sRGB and in CIELAB, and the differences of successive ones, by scikit-image
  resizing.json         an image, and the results of Pillow's BILINEAR
"""
import io
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity

OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "ImagingTests" / "Vectors"


def picture(height, width, seed):
    """Returns a smooth image with an edge and some noise, [height, width, 3] of uint8."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width]).reshape(2, 1, 1)
    waves = [np.sin(6 * (a * x + b * y) + c) for a, b, c in random.uniform(-1, 1, (3, 3))]
    image = 0.5 + 0.35 * np.stack(waves, -1) + 0.2 * ((x + y) > 1)[..., None] * random.uniform(-1, 1, 3)
    image += random.normal(0, 0.03, image.shape)
    return (255 * np.clip(image, 0, 1)).round().astype(np.uint8)


def colorfulness(image):
    """Returns the colorfulness by Hasler and Süsstrunk (2003), section 6, on the scale 0...255."""
    red, green, blue = (image[..., c].astype(np.float64) for c in range(3))
    rg, yb = red - green, (red + green) / 2 - blue
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


def accuracy(a, b, percent):
    """Returns the share of pixels whose rounded L, a and b are all within the threshold (Nazeri et al. 2018)."""
    lightness, red_green, blue_yellow = np.moveaxis(np.abs(np.round(rgb2lab(a)) - np.round(rgb2lab(b))), -1, 0)
    within = (lightness <= percent) & (red_green <= 2.2 * percent) & (blue_yellow <= 2.2 * percent)
    return float(within.mean())


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
            "accuracyWithin2": accuracy(a, b, 2), "accuracyWithin5": accuracy(a, b, 5),
            "deltaE": float(deltaE_ciede2000(rgb2lab(a), rgb2lab(b)).mean()),
            "colorfulness": colorfulness(prediction), "truthColorfulness": colorfulness(truth),
        })
    (OUT / "metrics.json").write_text(json.dumps(cases, indent=1) + "\n")


# L, a, b; L, a, b; difference: table 1 of Sharma, Wu and Dalal 2005.
SHARMA = """
50 2.6772 -79.7751   50 0 -82.7485   2.0425
50 3.1571 -77.2803   50 0 -82.7485   2.8615
50 2.8361 -74.0200   50 0 -82.7485   3.4412
50 -1.3802 -84.2814   50 0 -82.7485   1.0000
50 -1.1848 -84.8006   50 0 -82.7485   1.0000
50 -0.9009 -85.5211   50 0 -82.7485   1.0000
50 0 0   50 -1 2   2.3669
50 -1 2   50 0 0   2.3669
50 2.4900 -0.0010   50 -2.4900 0.0009   7.1792
50 2.4900 -0.0010   50 -2.4900 0.0010   7.1792
50 2.4900 -0.0010   50 -2.4900 0.0011   7.2195
50 2.4900 -0.0010   50 -2.4900 0.0012   7.2195
50 -0.0010 2.4900   50 0.0009 -2.4900   4.8045
50 -0.0010 2.4900   50 0.0010 -2.4900   4.8045
50 -0.0010 2.4900   50 0.0011 -2.4900   4.7461
50 2.5 0   50 0 -2.5   4.3065
50 2.5 0   73 25 -18   27.1492
50 2.5 0   61 -5 29   22.8977
50 2.5 0   56 -27 -3   31.9030
50 2.5 0   58 24 15   19.4535
50 2.5 0   50 3.1736 0.5854   1.0000
50 2.5 0   50 3.2972 0   1.0000
50 2.5 0   50 1.8634 0.5757   1.0000
50 2.5 0   50 3.2592 0.3350   1.0000
60.2574 -34.0099 36.2677   60.4626 -34.1751 39.4387   1.2644
63.0109 -31.0961 -5.8663   62.8187 -29.7946 -4.0864   1.2630
61.2901 3.7196 -5.3901   61.4292 2.2480 -4.9620   1.8731
35.0831 -44.1164 3.7933   35.0232 -40.0716 1.5901   1.8645
22.7233 20.0904 -46.6940   23.0331 14.9730 -42.5619   2.0373
36.4612 47.8580 18.3852   36.2715 50.5065 21.2231   1.4146
90.8027 -2.0831 1.4410   91.1528 -1.6435 0.0447   1.4441
90.9257 -0.5406 -0.9208   88.6381 -0.8985 -0.7239   1.5381
6.7747 -0.2908 -2.4247   5.8714 -0.0985 -2.2286   0.6377
2.0776 0.0795 -1.1350   0.9033 -0.0636 -0.5514   0.9082
"""


def colors():
    rows = [[float(number) for number in line.split()] for line in SHARMA.split("\n") if line]
    for row in rows:
        assert abs(deltaE_ciede2000(row[0:3], row[3:6]) - row[6]) < 1e-4, row
    pairs = [{"first": row[0:3], "second": row[3:6], "deltaE": row[6]} for row in rows]
    (OUT / "ciede2000.json").write_text(json.dumps(pairs, indent=1) + "\n")

    random = np.random.default_rng(5)
    # In the whole cube, near gray, and dark, where the curves are linear.
    rgb = np.concatenate([random.uniform(0, 1, (120, 3)), 0.5 + random.normal(0, 0.01, (40, 3)),
                          random.uniform(0, 0.05, (40, 3))]).astype(np.float32).astype(np.float64)
    lab = rgb2lab(rgb[None])[0].astype(np.float32).astype(np.float64)
    document = {"colors": [{"rgb": r, "lab": l} for r, l in zip(rgb.tolist(), lab.tolist())],
                "differences": deltaE_ciede2000(lab[:-1], lab[1:]).tolist()}
    (OUT / "colors.json").write_text(json.dumps(document) + "\n")


def resizing():
    image = picture(19, 26, 7)
    cases = []
    for width, height in [(8, 8), (13, 19), (26, 5), (40, 33), (1, 1)]:
        result = Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR)
        cases.append({"width": width, "height": height, "bytes": result.tobytes().hex()})
    document = {"width": 26, "height": 19, "bytes": image.tobytes().hex(), "cases": cases}
    (OUT / "resizing.json").write_text(json.dumps(document, indent=1) + "\n")


def png_file(width, height, depth, interlace, rows):
    """Returns an RGB PNG file of a kind that Pillow does not write; `rows` are bytes without the filter byte."""
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
    rows16 = [(row.astype(">u2") * 257).astype(">u2").tobytes() for row in rgb]
    add("rgb16.png", rgb, 1, png_file(14, 10, 16, 0, rows16))
    palette = image.quantize(16)
    add("palette.png", palette.convert("RGB"), 0, encoded(palette, "PNG"))
    bitmap = gray.convert("1")
    add("bitmap.png", bitmap.convert("RGB"), 0, encoded(bitmap, "PNG"))
    # Only fully transparent and opaque pixels: decoders may blend differently in between.
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
    # Adobe's programs store CMYK inverted, with a marker of their own.
    inverted = Image.fromarray(255 - np.concatenate([255 - rgb, np.full((10, 14, 1), 30, np.uint8)], -1), "CMYK")
    data = encoded(inverted, "JPEG", quality=95)
    adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
    data = data if b"Adobe" in data else data[:2] + adobe + data[2:]
    stored = np.asarray(Image.open(io.BytesIO(data))).astype(int)
    # Pillow inverts such CMYK on opening.
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
colors()
resizing()
codecs()
