#!/usr/bin/env python3
"""Writes the test vectors of the image formats of photographs: Tests/ImagingTests/Vectors/photographs.

usage: make_photograph_vectors.py

Needs numpy, Pillow with AVIF, tifffile, and heif-enc of Debian's libheif-examples. The tests need only the files
written here:
  *.webp, *.tif, *.png, *.gif  small files of the kinds that photographs are stored in
  ../photographs.json          for each, its pixels, [height, width, 3] of 8 bits in hexadecimal, and the tolerance
  ../heif/*.heic, *.avif       and ../heif.json: those that need libheif
"""
import io
import json
import pathlib
import struct
import subprocess
import tempfile
import zlib

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


def expectation(pixels, tolerance):
    return {
        "width": pixels.shape[1], "height": pixels.shape[0], "tolerance": tolerance,
        "bytes": np.ascontiguousarray(pixels, np.uint8).tobytes().hex()}


def pillow(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def png16(pixels):
    """Returns an RGB PNG file of 16 bits, which Pillow does not write."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


# x and y of white, red, green and blue.
SRGB = [(0.3127, 0.3290), (0.64, 0.33), (0.30, 0.60), (0.15, 0.06)]
P3 = [(0.3127, 0.3290), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)]
BT2020 = [(0.3127, 0.3290), (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)]


def to_xyz(primaries):
    """Returns the matrix from linear red, green and blue to XYZ."""
    white, *colors = [np.array([x / y, 1, (1 - x - y) / y]) for x, y in primaries]
    matrix = np.stack(colors, -1)
    return matrix * np.linalg.solve(matrix, white)


def encoded(linear):
    """Returns linear light encoded as in sRGB."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def shown_in_srgb(rgb, primaries, transfer):
    """Returns pixels of a color space, by the number of its transfer function, as sRGB; PQ is taken for sRGB's."""
    values = rgb / 255
    if transfer == 14:
        linear = np.where(values < 0.081, values / 4.5, ((values + 0.099) / 1.099) ** (1 / 0.45))
    else:
        linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return (255 * encoded(linear @ (np.linalg.inv(to_xyz(SRGB)) @ to_xyz(primaries)).T)).round()


def gray_profile(gamma):
    """Returns an ICC profile of gray with an exponent (ICC.1:2001-04)."""
    tags = [
        (b"wtpt", b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)),
        (b"kTRC", b"curv\0\0\0\0" + struct.pack(">IHH", 1, round(256 * gamma), 0)),
    ]
    table, data = struct.pack(">I", len(tags)), b""
    for name, body in tags:
        table += name + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(data), len(body))
        data += body
    header = struct.pack(
        ">I4xI4s4s4s12x4s28x3i48x", 128 + len(table) + len(data), 0x02400000, b"mntr", b"GRAY", b"XYZ ", b"acsp", 63190,
        65536, 54061)
    return header + table + data


def heif():
    """Writes the files that need libheif."""
    folder = OUT / "heif"
    folder.mkdir(parents=True, exist_ok=True)
    rgb = picture()
    image = Image.fromarray(rgb)
    expected = {}
    lossless = ["-L", "-p", "chroma=444", "--matrix_coefficients=0"]
    # The encoder's name and settings, which it writes into the file, are longer than the picture.
    quiet = {"heic": ["-p", "x265:info=0"], "avif": []}

    def add(name, pixels, tolerance, source, *options):
        with tempfile.TemporaryDirectory() as place:
            path = pathlib.Path(place) / ("source.jpg" if source.startswith(b"\xff\xd8") else "source.png")
            path.write_bytes(source)
            subprocess.run(
                ["heif-enc", *options, *quiet[name[-4:]], path, "-o", folder / name], check=True, capture_output=True)
        expected[name] = expectation(pixels, tolerance)

    plain = pillow(image, "PNG")
    wide = png16(rgb.astype(np.uint16) * 257)
    mask = np.where(np.arange(WIDTH) < 5, 0, 255).astype(np.uint8)[None].repeat(HEIGHT, 0)
    on_white = np.where(mask[..., None] == 0, 255, rgb)
    clear = pillow(Image.fromarray(np.dstack([rgb, mask])), "PNG")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Box"
    exif[0x0132] = "1987:06:05 04:03:02"
    exif.get_ifd(0x8769).update({0xA002: WIDTH, 0xA003: HEIGHT})
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF tiff:Orientation="6"/></x:xmpmeta>'
    for kind in ["heic", "avif"]:
        add(f"lossless.{kind}", rgb, 1, plain, *lossless)
        add(f"alpha.{kind}", on_white, 1, clear, *lossless)
        add(f"bits12.{kind}", rgb, 1, wide, *lossless, "-b", "12")
        # The orientation of the EXIF data does not count. heif-enc halves the chroma of JPEG files.
        jpeg = pillow(image, "JPEG", quality=95, subsampling=0, exif=exif.tobytes(), xmp=packet)
        add(f"metadata.{kind}", rgb, 32, jpeg, *lossless)
    # heif-enc 1.15 writes no AVIF of 10 bits.
    add("bits10.heic", rgb, 1, wide, *lossless, "-b", "10")
    # Display P3, BT.2020 with the curve of BT.709, and with that of PQ, by the numbers in the box that Pillow writes. The
    # colors are faint, because a step of one outside the gamut of sRGB would be many steps in it.
    faint = (0.35 * rgb + 0.65 * rgb[..., 1:2]).round().astype(np.uint8)
    numbers = {"p3": (P3, 12, 13), "bt2020": (BT2020, 9, 14), "hdr": (BT2020, 9, 16)}
    data = pillow(Image.fromarray(faint), "AVIF", quality=100, subsampling="4:4:4")
    assert data.count(b"nclx\0\1\0\x0d") == 1
    stored = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    for name, (primaries, number, transfer) in numbers.items():
        file = data.replace(b"nclx\0\1\0\x0d", b"nclx" + struct.pack(">HH", number, transfer))
        (folder / f"{name}.avif").write_bytes(file)
        expected[f"{name}.avif"] = expectation(shown_in_srgb(stored, primaries, transfer), 6)
    # Pillow writes the turn as a property of the picture.
    (folder / "turned.avif").write_bytes(pillow(image, "AVIF", quality=100, subsampling="4:4:4", exif=exif.tobytes()))
    expected["turned.avif"] = expectation(np.rot90(rgb, -1), 3)
    gray = rgb[..., 1]
    (folder / "gray_profile.avif").write_bytes(
        pillow(Image.fromarray(gray), "AVIF", quality=100, icc_profile=gray_profile(1.8)))
    shown = 255 * encoded((gray / 255) ** 1.8)
    expected["gray_profile.avif"] = expectation(shown.round()[..., None].repeat(3, -1), 3)
    (OUT / "heif.json").write_text(json.dumps(expected, indent=1) + "\n")


def main():
    heif()
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
        expected[name] = expectation(pixels, tolerance)

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
    colors = np.asarray(palette.convert("RGB"))
    add("palette.gif", colors, 0, pillow(palette, "GIF", interlace=0))
    add("interlaced.gif", colors, 0, pillow(palette, "GIF", interlace=1))
    frames = {"save_all": True, "append_images": [second.quantize(16)], "duration": 50}
    add("animated.gif", colors, 0, pillow(palette, "GIF", **frames))
    add("gray.gif", np.asarray(image.convert("L").convert("RGB")), 0, pillow(image.convert("L"), "GIF", interlace=0))
    (OUT / "photographs.json").write_text(json.dumps(expected, indent=1) + "\n")


main()
