#!/usr/bin/env python3
"""Draws a sheet of photographs as `recolor colorize` colors them: gray, colored and, where it is known, real.

usage: photo_sheet.py OUT PHOTOGRAPH[=REAL] … [--recolor PATH] [--model MODEL] [--columns N] [--tile WxH]

A photograph's own colors are the real ones, unless another picture is named; `PHOTOGRAPH=` has none. Needs Pillow.
"""

import argparse
import pathlib
import subprocess
import tempfile

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
GAP = 4


def tile(path, size, gray=False):
    """Returns a picture reduced to fit in `size`."""
    picture = Image.open(path).convert("L" if gray else "RGB").convert("RGB")
    picture.thumbnail(size, Image.LANCZOS)
    return picture


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("photographs", nargs="+")
    parser.add_argument("--recolor", default=ROOT / ".build/release/recolor")
    parser.add_argument("--model", default="builtin:photo")
    parser.add_argument("--columns", type=int, default=2)
    parser.add_argument("--tile", default="240x180")
    options = parser.parse_args()
    size = tuple(int(extent) for extent in options.tile.split("x"))

    pairs = []
    for argument in options.photographs:
        path, _, real = argument.partition("=")
        pairs.append((path, real if "=" in argument else path))
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [options.recolor, "colorize", options.model, *(path for path, _ in pairs), "--out", folder], check=True,
            stdout=subprocess.DEVNULL)
        columns, rows = options.columns, -(-len(pairs) // options.columns)
        step = 3 * (size[0] + GAP) + 3 * GAP
        sheet = Image.new("RGB", (columns * step - 3 * GAP, rows * (size[1] + GAP)), "white")
        for index, (path, real) in enumerate(pairs):
            colored = pathlib.Path(folder) / (pathlib.Path(path).stem + ".png")
            tiles = [tile(path, size, gray=True), tile(colored, size)] + ([tile(real, size)] if real else [])
            for place, picture in enumerate(tiles):
                left = index % columns * step + place * (size[0] + GAP) + (size[0] - picture.width) // 2
                top = index // columns * (size[1] + GAP) + (size[1] - picture.height) // 2
                sheet.paste(picture, (left, top))
    sheet.save(options.out, quality=88)


if __name__ == "__main__":
    main()
