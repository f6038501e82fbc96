#!/usr/bin/env python3
"""Measures a model on photographs at full size, over settings of coloring, and prints a Markdown table.

    Scripts/coloring_settings.py CHECKPOINT --data FOLDER [--sizes 64 96 128 160] [--contrasts 0 2] [--strengths 1 1.2]
                             [--images N] [--recolor PATH] [--device cpu] [--toned keep|drop]

Each row is a run of `recolor evaluate CHECKPOINT --data FOLDER --full-size --json`; docs/evaluate.md explains its
figures and how the settings are chosen by them. Needs Python 3 alone.
"""

import argparse
import itertools
import json
import subprocess
import sys

COLUMNS = (
    ("working size", lambda report: str(report["workingSize"])),
    ("contrast", lambda report: f"{report['colorContrast']:g}"),
    ("strength", lambda report: f"{report['strength']:g}"),
    ("ΔE", lambda report: f"{number(report['deltaE']):.2f}"),
    ("ΔE : gray copy's", lambda report: f"{number(report['deltaERatio']):.3f}"),
    ("colorfulness", lambda report: f"{number(report['colorfulness']):.1f}"),
    ("of the photographs'", lambda report: f"{100 * number(report['colorfulnessShare']):.1f} %"),
    ("SSIM of chroma", lambda report: f"{number(report['chromaSSIM']):.4f}"),
    ("gray copy's", lambda report: f"{number(report['grayCopy']['chromaSSIM']):.4f}"),
    ("PSNR", lambda report: f"{number(report['psnr']):.2f} dB"),
    ("worst picture, ΔE − gray copy's",
     lambda report: f"{report['worst']['name']}, ".replace("|", "\\|")
     + f"{number(report['worst']['deltaEExcess']):+.2f}"),
)


def number(value):
    """Returns a number of a report, where infinities and NaN are strings and ratios of no color are null."""
    return float("nan" if value is None else value)


def evaluate(options, size, contrast, strength):
    """Returns the report on one working size, contrast of colors and strength."""
    command = [options.recolor, "evaluate", options.checkpoint, "--data", options.data, "--full-size", "--json",
               "--working-size", str(size), "--color-contrast", f"{contrast:g}", "--strength", f"{strength:g}"]
    for name in ("device", "images", "toned"):
        if getattr(options, name) is not None:
            command += [f"--{name}", str(getattr(options, name))]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{sys.argv[0]}: {' '.join(command)} ended with {result.returncode}")
    return json.loads(result.stdout)


def row(cells):
    """Returns a row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("checkpoint", help="weights, or the folder of a run")
    parser.add_argument("--data", required=True, help="a folder of photographs")
    parser.add_argument("--sizes", type=int, nargs="+", default=[32, 48, 64, 96, 128], help="working sizes")
    parser.add_argument("--contrasts", type=float, nargs="+", default=[0.0], help="contrasts of colors")
    parser.add_argument("--strengths", type=float, nargs="+", default=[1.0], help="factors of the chroma")
    parser.add_argument("--images", type=int, help="number of photographs, the first ones")
    parser.add_argument("--recolor", default=".build/release/recolor", help="the command")
    parser.add_argument("--device", help="where to compute")
    parser.add_argument("--toned", choices=["keep", "drop"], help="whether gray and toned photographs are measured")
    options = parser.parse_args()
    print(row([heading for heading, _ in COLUMNS]))
    print("|" + "---|" * len(COLUMNS), flush=True)
    for size, contrast, strength in itertools.product(options.sizes, options.contrasts, options.strengths):
        report = evaluate(options, size, contrast, strength)
        print(row([text(report) for _, text in COLUMNS]), flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
