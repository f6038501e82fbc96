"""Bundles: folders with what a machine needs for a report, apart from a driver and Python."""

import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile

from .drivers import loader_cache
from .program import GLIBC

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent
# The files and folders of this one that a bundle has.
CARRIED = ["gpu_report", "gpu", "torch_bench.py", "torch_models.py"]
LARGEST_BYTES = 64 << 20
# The command and its libraries, which have more than twice that size: unpacked on the other machine.
ARCHIVE = "program.tar.xz"
# Libraries of glibc that drivers of older systems load.
DRIVERS_GLIBC = ["libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1"]
# Photographs of each of CIFAR-10's six files.
RECORD_BYTES, RECORDS = 3073, 500


class CannotMake(Exception):
    """The reason why a bundle cannot be made."""


def libraries(recolor):
    """Returns the paths of the libraries that a program loads, the dynamic loader with them, by name."""
    output = subprocess.run(["ldd", recolor], capture_output=True, text=True, check=True).stdout
    if missing := re.findall(r"(\S+) => not found", output):
        raise CannotMake(f"{recolor}: this machine lacks {', '.join(missing)}")
    paths = re.findall(r"(?:\S+ => )?(/\S+) \(0x", output)
    return {pathlib.Path(path).name: pathlib.Path(path) for path in paths}


def pack_program(recolor, archive):
    """Writes the command and its libraries into an archive."""
    if not recolor.exists():
        raise CannotMake(f"{recolor} is missing; make static builds it")
    if not shutil.which("strip"):
        raise CannotMake("strip is missing; Scripts/setup install installs it")
    needed = libraries(recolor)
    if swift := next((name for name in needed if name.startswith("libswift")), None):
        raise CannotMake(f"{recolor} loads {swift}, which is Swift's; make static builds it without")
    loader = loader_cache().get("libOpenCL.so.1")
    if loader is None:
        raise CannotMake("libOpenCL.so.1 is missing; Scripts/setup installs it")
    needed["libOpenCL.so.1"] = pathlib.Path(loader)
    for name in DRIVERS_GLIBC:
        if (path := needed["libc.so.6"].with_name(name)).exists():
            needed[name] = path
    with tarfile.open(archive, "w:xz") as packed, tempfile.TemporaryDirectory() as folder:
        # Names of functions for debuggers are a third of its size.
        stripped = pathlib.Path(folder, "recolor")
        subprocess.run(["strip", "-o", stripped, recolor], check=True)
        packed.add(stripped, "bin/recolor")
        for name, path in sorted(needed.items()):
            packed.add(path.resolve(), f"lib/glibc/{name}" if GLIBC.fullmatch(name) else f"lib/{name}")


def unpack_program(bundle, folder):
    """Unpacks the archive of a bundle into a new folder. Raises `tarfile.TarError` or `OSError`."""
    with tarfile.open(bundle / ARCHIVE, "r:xz") as packed:
        packed.extractall(folder)


def copy_photographs(data, folder):
    """Copies the first photographs of each file of CIFAR-10, or a folder of pictures as it is."""
    files = [*sorted(data.glob("data_batch_[1-5].bin")), data / "test_batch.bin"]
    if len(files) < 6 or not files[-1].exists():
        shutil.copytree(data, folder)
        return
    folder.mkdir()
    for file in files:
        with open(file, "rb") as records:
            (folder / file.name).write_bytes(records.read(RECORDS * RECORD_BYTES))
    if (names := data / "batches.meta.txt").exists():
        shutil.copy(names, folder)


def size(path):
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)


def make(folder, recolor, data):
    """Makes a bundle in a new folder. Raises `CannotMake`, and then leaves no folder."""
    if folder.exists():
        raise CannotMake(f"{folder} exists; the bundle must be a new folder")
    if not data.is_dir():
        raise CannotMake(f"{data}: no folder of photographs")
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}-", dir=folder.absolute().parent) as name:
        part = pathlib.Path(name, folder.name)
        part.mkdir()
        for item in CARRIED:
            if (SCRIPTS / item).is_dir():
                shutil.copytree(SCRIPTS / item, part / item, ignore=shutil.ignore_patterns("__pycache__", "tests.py"))
            else:
                shutil.copy(SCRIPTS / item, part)
        copy_photographs(data, part / "photographs")
        pack_program(recolor, part / ARCHIVE)
        sizes = {name: size(part / name) for name in (ARCHIVE, "photographs")}
        text = ", ".join(f"{name} {bytes / 2**20:.1f} MiB" for name, bytes in sizes.items())
        if size(part) > LARGEST_BYTES:
            raise CannotMake(f"the bundle would be larger than {LARGEST_BYTES >> 20} MiB: {text}")
        part.rename(folder)
    print(f"the bundle is {folder}, {size(folder) / 2**20:.1f} MiB: {text}")
