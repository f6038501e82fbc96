#!/usr/bin/env python3
"""Writes the test vectors of the image formats of photographs: Tests/ImagingTests/Vectors/photographs.

usage: make_photograph_vectors.py

Needs numpy, Pillow and tifffile. The tests need only the files written here:
  *.webp, *.tif, *.png, *.jpg  small files of the kinds that photographs are stored in
  ../photographs.json          for each, its pixels, [height, width, 3] of 8 bits in hexadecimal, and the tolerance
"""
import io
import json
import pathlib

import numpy as np
import tifffile
from PIL import Image

OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "ImagingTests" / "Vectors"
HEIGHT, WIDTH = 20, 18


def picture():
    """Returns a smooth image with an edge, [height, width, 3] of uint8."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] / np.array([HEIGHT, WIDTH]).reshape(2, 1, 1)
    image = np.stack([0.2 + 0.7 * x, 0.9 - 0.6 * y, 0.3 + 0.4 * x * y], -1)
    image[(x + y) > 1.2] *= 0.6
    return (255 * image).round().astype(np.uint8)


def main():
    folder = OUT / "photographs"
    folder.mkdir(parents=True, exist_ok=True)
    rgb = picture()
    gray = rgb[..., 1]
    image = Image.fromarray(rgb)
    # Fully transparent or fully opaque, so that the result on white is exact.
    mask = np.where(np.arange(WIDTH) < 5, 0, 255).astype(np.uint8)[None].repeat(HEIGHT, 0)
    rgba = np.dstack([rgb, mask])
    on_white = np.where(mask[..., None] == 0, 255, rgb)
    three = gray[..., None].repeat(3, -1)
    expected = {}

    def add(name, pixels, tolerance, data):
        (folder / name).write_bytes(data)
        expected[name] = {
            "width": pixels.shape[1], "height": pixels.shape[0], "tolerance": tolerance,
            "bytes": np.ascontiguousarray(pixels, np.uint8).tobytes().hex()}

    def pillow(picture, kind, **options):
        buffer = io.BytesIO()
        picture.save(buffer, kind, **options)
        return buffer.getvalue()

    def tiff(array, **options):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, array, **options)
        return buffer.getvalue()

    exif = Image.Exif()
    exif[0x0112] = 6
    turned = np.rot90(rgb, -1)

    add("lossless.webp", rgb, 0, pillow(image, "WEBP", lossless=True))
    lossy = pillow(image, "WEBP", quality=90)
    add("lossy.webp", np.asarray(Image.open(io.BytesIO(lossy)).convert("RGB")), 1, lossy)
    add("alpha.webp", on_white, 0, pillow(Image.fromarray(rgba), "WEBP", lossless=True, exact=True))
    add("orientation_6.webp", turned, 0, pillow(image, "WEBP", lossless=True, exif=exif.tobytes()))
    second = Image.fromarray(255 - rgb)
    animation = {"save_all": True, "append_images": [second], "duration": 50}
    add("animated.webp", rgb, 0, pillow(image, "WEBP", lossless=True, **animation))
    add("animated.png", rgb, 0, pillow(image, "PNG", **animation))
    add("orientation_6.png", turned, 0, pillow(image, "PNG", exif=exif.tobytes()))

    add("rgb.tif", rgb, 0, tiff(rgb, photometric="rgb"))
    add("big_endian.tif", rgb, 0, tiff(rgb.astype(np.uint16) * 257, photometric="rgb", byteorder=">"))
    add("rgb16.tif", rgb, 0, tiff(rgb.astype(np.uint16) * 257, photometric="rgb"))
    add("gray16.tif", three, 0, tiff(gray.astype(np.uint16) * 257, photometric="minisblack"))
    add("white_is_zero.tif", three, 0, tiff(255 - gray, photometric="miniswhite"))
    add("tiled.tif", rgb, 0, tiff(rgb, photometric="rgb", tile=(16, 16)))
    add("planar.tif", rgb, 0, tiff(np.moveaxis(rgb, -1, 0), photometric="rgb", planarconfig="separate"))
    add("planar_tiled.tif", rgb, 0, tiff(
        np.moveaxis(rgb, -1, 0), photometric="rgb", planarconfig="separate", tile=(16, 16)))
    add("alpha.tif", on_white, 0, tiff(rgba, photometric="rgb", extrasamples=["unassalpha"]))
    half = np.dstack([rgb // 2, np.full_like(gray, 128)])
    over = 255 - 128 / 255 * (255 - np.minimum(255, (rgb // 2).astype(float) * 255 / 128))
    add("premultiplied.tif", over.round(), 1, tiff(half, photometric="rgb", extrasamples=["assocalpha"]))
    ink = np.dstack([255 - rgb, np.full_like(gray, 40)])
    left = ((255 - ink[..., :3].astype(int)) * (255 - ink[..., 3:].astype(int)) + 127) // 255
    add("cmyk.tif", left, 1, tiff(ink, photometric="separated"))
    add("pages.tif", rgb, 0, tiff(np.stack([rgb, 255 - rgb]), photometric="rgb"))
    add("bigtiff.tif", rgb, 0, tiff(rgb, photometric="rgb", bigtiff=True))
    add("lzw.tif", rgb, 0, pillow(image, "TIFF", compression="tiff_lzw"))
    add("deflate.tif", rgb, 0, pillow(image, "TIFF", compression="tiff_adobe_deflate"))
    palette = image.quantize(16)
    add("palette.tif", np.asarray(palette.convert("RGB")), 0, pillow(palette, "TIFF"))
    bitmap = image.convert("1")
    add("bitmap.tif", np.asarray(bitmap.convert("RGB")), 0, pillow(bitmap, "TIFF", compression="group4"))
    jpeg = pillow(image, "TIFF", compression="jpeg", quality=95)
    add("jpeg.tif", np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")), 3, jpeg)
    add("orientation_6.tif", turned, 0, pillow(image, "TIFF", tiffinfo={0x0112: 6}))
    (OUT / "photographs.json").write_text(json.dumps(expected, indent=1) + "\n")


main()
