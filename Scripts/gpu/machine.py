"""The rows of a report about the machine."""

import os
import pathlib
import platform
import shutil
import subprocess


def first_match(path, key):
    """Returns the value of the first line `key: value` or `key=value` of a file, or None."""
    try:
        lines = pathlib.Path(path).read_text(errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        name, separator, value = line.partition(":" if ":" in line else "=")
        if separator and name.strip() == key:
            return value.strip().strip('"')
    return None


def nvidia():
    """Returns what nvidia-smi says of the GPUs, or None."""
    if not shutil.which("nvidia-smi"):
        return None
    query = "name,driver_version,memory.total,power.limit,clocks.max.sm"
    try:
        done = subprocess.run(
            ["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return "; ".join(done.stdout.strip().splitlines()) or None


def rows():
    """Returns pairs of a name and a value; those that the machine does not tell are left out."""
    processor = first_match("/proc/cpuinfo", "model name") or platform.machine()
    memory = first_match("/proc/meminfo", "MemTotal") or ""
    library = " ".join(platform.libc_ver())
    pairs = [
        ("system", first_match("/etc/os-release", "PRETTY_NAME")),
        ("kernel, C library", f"{platform.release()}, {library}"),
        ("processor", f"{processor}, {len(os.sched_getaffinity(0))} threads, {memory}"),
        ("Python", platform.python_version()),
        ("nvidia-smi", nvidia()),
        ("NVIDIA's kernel driver", first_match("/proc/driver/nvidia/version", "NVRM version")),
        ("load before", " ".join(f"{load:.2f}" for load in os.getloadavg())),
    ]
    return [(name, value) for name, value in pairs if value]
