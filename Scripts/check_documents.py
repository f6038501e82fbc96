#!/usr/bin/env python3
"""Runs the commands that README.md, CONTRIBUTING.md and docs/*.md show, word for word, and fails where one does not
work.

Makes a folder with what the commands name: photographs, scans, albums, CIFAR-10, and small runs in place of trained
ones. In it, each line of a block of shell commands is run in the order of the documents. A command that works for
longer than --seconds is ended by Ctrl-C's signal, which it must obey: it ends with 130 and says no error. Commands that
build, install, reach a network or need programs of others are listed and not run.

usage: Scripts/check_documents.py --photographs FOLDER [--cifar10 FOLDER] [--seconds 20] [--only REGEX] [FILE...]
needs: Python 3.9, Pillow and .build/release/recolor (or --recolor PATH)
"""
import argparse
import itertools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
PICTURES = {".jpg", ".jpeg", ".png"}
# Commands that are not run, by their beginnings, with the reason.
NOT_RUN = [
    (r"(make|sudo|swift|Scripts/setup|Scripts/portability)\b", "builds or installs"),
    (r"(scp|ssh|scanimage|tensorboard)\b", "needs another machine or program"),
    (r"recolor data fetch", "needs a network or an archive"),
    (r".*--images 500 ", "needs more photographs"),
    (r".*--device opencl:0\.1", "needs a second OpenCL device"),
    (r"(python3 )?Scripts/(benchmark|benchmark_products|tinygrad_bench)\.py", "needs PyTorch"),
    (r"Scripts/gpu_report", "takes nine minutes"),
    (r"mpirun\b", "needs several processes"),
    (r"recolor completions", "writes into the user's folders"),
    (r"(\$|export) ?", "is no command of its own"),
]
TRAIN = ["--width", "4", "--epochs", "1", "--train-images", "64", "--validation-images", "16", "--batch-size", "16"]
# The runs that commands name: their options.
RUNS = {
    "runs/unet": ["unet", "--data", "cifar10"], "runs/gan": ["gan", "--data", "cifar10"],
    "runs/best": ["gan", "--data", "cifar10"], "runs/mine": ["unet", "--data", "photographs", "--size", "64"],
    "runs/autoencoder": ["unet", "--data", "cifar10"], "runs/GAN": ["gan", "--data", "cifar10"],
    "runs/recipes/autoencoder": ["unet", "--data", "cifar10"], "runs/recipes/GAN": ["gan", "--data", "cifar10"],
    "runs/recipes/GAN-best": ["gan", "--data", "cifar10"],
}


def commands(path):
    """Yields the line number and the text of every command in a Markdown file's blocks of shell commands."""
    inside = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```sh"
        elif inside and line.strip():
            text = re.sub(r"\s+#.*$", "", line).strip()
            if text and not text.startswith("#"):
                yield number, text


class Place:
    """A folder with the files that the commands name."""

    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, pathlib.Path(folder)
        self.environment = dict(os.environ, HOME=str(self.folder / "home"), NO_COLOR="1")
        self.environment["PATH"] = f"{pathlib.Path(arguments.recolor).absolute().parent}:{os.environ['PATH']}"
        (self.folder / "home").mkdir()
        for name in ["Scripts", "kernels", "docs", ".build"]:
            (self.folder / name).symlink_to(ROOT / name)
        if arguments.cifar10:
            (self.folder / "cifar-10-batches-bin").symlink_to(pathlib.Path(arguments.cifar10).resolve())
        self.pictures(arguments.photographs)

    def pictures(self, source):
        """Copies photographs to the names that the commands use."""
        files = (path for path in sorted(pathlib.Path(source).rglob("*")) if path.suffix.lower() in PICTURES)
        files = list(itertools.islice(files, 120))
        if len(files) < 60:
            sys.exit(f"check_documents: {source}: {len(files)} photographs; 60 are needed")
        for name, some in [
            ("photographs", files), ("photos", files), ("album", files[:60]), ("scans", files[:3]),
            ("albums/1950", files[3:5]), ("albums/1960", files[5:7]), ("albums", files[9:10])]:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
            for path in some:
                shutil.copy(path, self.folder / name)
        # Large enough for the hints that documents give.
        Image.open(files[0]).convert("RGB").resize((960, 640)).save(self.folder / "old.jpg")
        (self.folder / "known.txt").write_text("# the sky\n90,40,#8fb4d8\n")
        for number, path in enumerate(files[7:9]):
            Image.open(path).convert("RGB").save(self.folder / f"scan{number}.tif")

    def remove(self, name):
        """Removes a file or a folder, if it is there."""
        target = self.folder / name
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)

    def run(self, command, seconds):
        """Runs a command; returns its exit status, its output, and whether it was ended by a signal."""
        shell = subprocess.Popen(
            ["bash", "-c", command], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            output, _ = shell.communicate(timeout=seconds)
            return shell.returncode, output.decode(errors="replace"), False
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGINT)
        try:
            output, _ = shell.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            output, _ = shell.communicate()
            return -signal.SIGKILL, output.decode(errors="replace"), True
        return shell.returncode, output.decode(errors="replace"), True

    def train(self, run):
        """Trains the small run of that name anew."""
        shutil.rmtree(self.folder / run, ignore_errors=True)
        status, output, _ = self.run(" ".join(["recolor train", *RUNS[run], *TRAIN, "--device cpu --out", run]), 300)
        if status != 0:
            sys.exit(f"check_documents: {run} cannot be trained:\n{output}")


def outcome(place, text, seconds):
    """Runs a command of a document. Returns a line about how it went, and whether that is right."""
    for pattern, reason in NOT_RUN:
        if re.match(pattern, text):
            return f"not run: {reason}", True
    if re.search(r"\bcifar10\b|\bFOLDER\b", text) and not place.arguments.cifar10:
        return "not run: needs --cifar10", True
    text = text.replace("FOLDER", "cifar-10-batches-bin")
    # A command that makes a run, or a result, must not find the one of an earlier command.
    out = re.search(r"(?:--out|-o|--sheet|--csv|>) ?([\w./-]+)", text)
    results = ["old-colored.png", "scans-colored", "gan.onnx", "photo.safetensors"]
    if out and out.group(1) != "-" and "--skip-existing" not in text:
        results.append(out.group(1))
    for result in results:
        place.remove(result)
    for run in RUNS:
        is_named = re.search(rf"{run}(?![\w-])", text.split("--out")[0])
        if is_named and not (place.folder / run / "config.json").exists():
            place.train(run)
    if "weights.safetensors" in text and not (place.folder / "weights.safetensors").exists():
        place.train("runs/unet")
        shutil.copy(place.folder / "runs/unet/checkpoints/last.safetensors", place.folder / "weights.safetensors")
    status, output, ended = place.run(text, seconds)
    errors = [line for line in output.splitlines() if "error:" in line or "Traceback" in line]
    if ended and status in (130, -signal.SIGINT) and not errors:
        # What was cut short stands in for the finished run, which later commands name.
        for run in RUNS:
            if out and out.group(1) == run:
                place.train(run)
        return f"works for more than {seconds} s, ends at Ctrl-C", True
    if status == 0 and not errors:
        return "works", True
    return f"exit {status}: {(errors or output.splitlines() or [''])[-1]}", False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=pathlib.Path, help="documents; default: all")
    parser.add_argument("--photographs", required=True, help="folder of at least 60 color photographs")
    parser.add_argument("--cifar10", help="folder of CIFAR-10, as data fetch makes it")
    parser.add_argument("--seconds", type=float, default=20, help="longest that a command runs")
    parser.add_argument("--only", default="", help="regular expression that a command must match to be run")
    parser.add_argument("--recolor", default=str(ROOT / ".build/release/recolor"))
    arguments = parser.parse_args()
    files = arguments.files or [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    failed = counted = 0
    with tempfile.TemporaryDirectory() as folder:
        place = Place(arguments, folder)
        for path in files:
            for number, text in commands(path):
                if not re.search(arguments.only, text):
                    continue
                line, right = outcome(place, text, arguments.seconds)
                counted, failed = counted + 1, failed + (not right)
                print(f"{path.resolve().relative_to(ROOT)}:{number}: {text}\n    {line}", flush=True)
    print(f"{counted} commands, {failed} of them wrong")
    sys.exit(failed > 0)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
