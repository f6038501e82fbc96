#!/usr/bin/env python3
"""Times training steps with each kind of the processor's products, and of PyTorch, as on other processors as well.

usage: benchmark_products.py [--recolor PATH] [--sets avx512,avx2,avx,sse] [--models unet] [--widths 16,64] [--batch 64]
                             [--rounds 3] [--seconds 8] [--threads N] [--out FILE.md]

Runs A B C A B C ...: a round is one run of `recolor bench --cpu-products vector`, one with blas, and one of each memory
layout of PyTorch, whose better one counts. All three are limited to the same vector instructions: the loops by
RECOLOR_INSTRUCTION_SET, OpenBLAS by OPENBLAS_CORETYPE, PyTorch by ATEN_CPU_CAPABILITY and ONEDNN_MAX_CPU_ISA. Says what
`--cpu-products auto` takes, and whether that is slower by more than 5 %. Needs what benchmark.py needs, and OpenBLAS. No
other load may run on the machine.
"""

import argparse
import os
import statistics
import sys

import benchmark

SETS = {
    "avx512": {"RECOLOR_INSTRUCTION_SET": "v4", "OPENBLAS_CORETYPE": "SKYLAKEX"},
    "avx2": {
        "RECOLOR_INSTRUCTION_SET": "v3", "OPENBLAS_CORETYPE": "HASWELL",
        "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2",
    },
    "avx": {
        "RECOLOR_INSTRUCTION_SET": "baseline", "OPENBLAS_CORETYPE": "SANDYBRIDGE",
        "ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "AVX",
    },
    "sse": {
        "RECOLOR_INSTRUCTION_SET": "baseline", "OPENBLAS_CORETYPE": "NEHALEM",
        "ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41",
    },
}  # fmt: skip

PRODUCTS = ["vector", "blas"]


def compare(options: argparse.Namespace, name: str, model: str, width: int) -> list[str]:
    """Runs all in turn, `rounds` times, and returns a row of the table."""
    environment = SETS[name] | {"RECOLOR_THREADS": str(options.threads), "OMP_NUM_THREADS": str(options.threads)}
    taken = benchmark.run([options.recolor, "devices", "--json"], environment)["cpu"]["products"]
    durations = {what: [] for what in PRODUCTS + list(benchmark.LAYOUTS)}
    steps = dict.fromkeys(PRODUCTS, 3)
    for _ in range(options.rounds):
        for products in PRODUCTS:
            command = [options.recolor, "bench", model, "--width", width, "--batch-size", options.batch]
            command += ["--device", "cpu", "--cpu-products", products, "--json", "--steps"]
            if not durations[products]:
                # The first run determines the number of steps.
                first = benchmark.run([*command, steps[products]], environment)["stepMilliseconds"] / 1000
                steps[products] = max(3, int(options.seconds / first))
            report = benchmark.run([*command, steps[products]], environment)
            durations[products].append(report["stepMilliseconds"] / 1000)
            options.versions.add(report["description"].split(", products by ")[-1])
        for layout, words in benchmark.LAYOUTS.items():
            command = [sys.executable, benchmark.SCRIPTS / "torch_bench.py", model, width, options.batch]
            report = benchmark.run([*command, options.seconds, *words], environment)
            durations[layout].append(report["step"])
            options.versions.add(report["version"])
    step = {what: statistics.median(those) for what, those in durations.items()}
    best = min(PRODUCTS, key=lambda products: step[products])
    if step[taken] > 1.05 * step[best]:
        print(f"auto takes {taken}, which is slower by {100 * (step[taken] / step[best] - 1):.0f} %", flush=True)
    layout = min(benchmark.LAYOUTS, key=lambda layout: step[layout])
    rates = [f"{options.batch / step[products]:.0f}" for products in PRODUCTS]
    return [name, model, str(width), *rates, taken, f"{options.batch / step[layout]:.3g} ({layout})"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recolor", default=benchmark.SCRIPTS.parent / ".build/release/recolor")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--models", default="unet")
    parser.add_argument("--widths", default="16,64")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="seconds of timed steps per run")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--out", help="also write the table here")
    options = parser.parse_args()
    options.versions = set()
    heading = ["instructions", "model", "width", "vector loops", "BLAS", "auto takes", "PyTorch"]
    benchmark.write_table(options, heading, (
        compare(options, name, model, width) for name in options.sets.split(",")
        for model in options.models.split(",") for width in map(int, options.widths.split(","))
    ))  # fmt: skip


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
