#!/usr/bin/env python3
"""Samples the resident memory during 100 training steps, and reports whether it grows.

usage: check_memory.py unet|gan [--device DEVICE] [--width W] [--batch-size N] [--recolor PATH]

Prints the memory after a tenth of the time and at the end, and their difference. Exits with 1 if the difference is over
1 %, or if the memory exceeds 2 GiB at any time. Linux only.
"""

import argparse
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
STEPS = 100
LIMIT_KIB = 2 * 2**20


def resident_kib(process: int) -> int | None:
    """Returns the resident memory of a process, or None if it has ended."""
    try:
        for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    except OSError:
        pass
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=["unet", "gan"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--width", default="64")
    parser.add_argument("--batch-size", default="64")
    parser.add_argument("--recolor", default=ROOT / ".build/release/recolor")
    options = parser.parse_args()
    command = [str(options.recolor), "bench", options.model, "--device", options.device, "--width", options.width]
    command += ["--batch-size", options.batch_size, "--warm-up", "0", "--steps", str(STEPS)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    samples = []
    while process.poll() is None:
        if (resident := resident_kib(process.pid)) is not None:
            samples.append(resident)
        time.sleep(0.25)
    if process.returncode or len(samples) < 20:
        sys.exit("check_memory: the benchmark failed or ended too soon")
    early, late = samples[len(samples) // 10], samples[-2]
    growth = late / early - 1
    print(f"{options.model} on {options.device}: {early:,} KiB, then {late:,} KiB: {growth:+.3%}; "
          f"peak {max(samples):,} KiB")
    sys.exit(growth > 0.01 or max(samples) > LIMIT_KIB)


if __name__ == "__main__":
    main()
