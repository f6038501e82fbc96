"""The part of a report beside PyTorch: the same training steps, eager and compiled, by Scripts/torch_bench.py."""

import os
import pathlib
import shutil
import subprocess
import sys

from .parts import BATCH, MODELS, TIMED_SECONDS, measure
from .report import Table, figure, ratio
from .session import Part

TORCH_BENCH = pathlib.Path(__file__).resolve().parent.parent / "torch_bench.py"
LAYOUTS = ["contiguous", "channels_last"]
LARGE_BATCH = 256
PROBE = """
import torch
if not torch.cuda.is_available(): raise SystemExit(f"PyTorch {torch.__version__} sees no GPU")
print(f"PyTorch {torch.__version__}, CUDA {torch.version.cuda}, {torch.cuda.get_device_name()}")
"""


def find(seconds):
    """Returns (the python3 that has PyTorch with a GPU, what it has), or (None, the reasons)."""
    reasons = []
    for python in dict.fromkeys([sys.executable, shutil.which("python3") or sys.executable]):
        try:
            done = subprocess.run([python, "-c", PROBE], capture_output=True, text=True, timeout=seconds)
        except (OSError, subprocess.TimeoutExpired) as error:
            reasons.append(f"{python}: {error}")
            continue
        if done.returncode == 0:
            return python, done.stdout.strip()
        reasons.append(f"{python}: {next(iter(done.stderr.strip().splitlines()[-1:]), 'failed')}")
    return None, "; ".join(reasons)


class Peer:
    """PyTorch's figures, beside those of Recolor."""

    def __init__(self, session, python):
        self.session = session
        self.python = python
        self.layout = LAYOUTS[0]
        self.table = Table(
            session.report,
            ["model", "width", "batch", "PyTorch", "PyTorch images/s", "Recolor", "Recolor images/s", "ratio"])

    def run(self, batch, is_default, is_compiled):
        """Times PyTorch on both models at both widths.

        is_default: whether convolutions are as PyTorch has them, in TF32 where there is such; else in FP32.
        is_compiled: with torch.compile, in the layout that was faster without; else eager, in both layouts."""
        session = self.session
        layouts = [self.layout] if is_compiled else LAYOUTS
        words = [self.python, TORCH_BENCH, ",".join(MODELS), ",".join(map(str, session.widths)), batch, TIMED_SECONDS]
        words += ["--device", "cuda", "--layout", ",".join(layouts)]
        words += ["--compile"] if is_compiled else []
        words += [] if is_default else ["--no-tf32"]
        precision = session.usual_precision if is_default else "fp32"
        title = f"{'compiled' if is_compiled else 'eager'}, {'default precision' if is_default else 'no TF32'}"
        runs = session.run(words, os.environ, ["python3", "Scripts/torch_bench.py", *words[2:]]).objects
        for run in runs:
            key = run["model"], run["width"], batch, precision
            speed = batch / run["step"]
            ours = next(reversed(session.speeds.get(key, [])), None)
            figures = session.peer_speeds.setdefault(key, {})
            kind = "compiled" if is_compiled else "eager"
            figures[kind] = max(speed, figures.get(kind, 0))
            self.table.add([
                *key[:3], f"{title}, {run['layout']}", figure(speed), precision, figure(ours), ratio(ours, speed),
            ])  # fmt: skip
        if not is_compiled and is_default and batch == BATCH and runs:
            self.layout = min(runs[: len(LAYOUTS)], key=lambda run: run["step"])["layout"]


def beside_pytorch(session):
    python, text = find(max(1, session.seconds_left / 2))
    if python is None:
        return f"No PyTorch with a GPU: {text}"
    session.report.write(f"\n{text}, {python}.\n")
    peer = Peer(session, python)
    # Without TF32 the two are the same.
    defaults = [True, False] if session.device["hasTensorCores"] else [True]
    for batch in (BATCH, LARGE_BATCH):
        if batch == LARGE_BATCH:
            for width in session.widths:
                for model in MODELS:
                    for precision in dict.fromkeys([session.usual_precision, "fp32"]):
                        if measured := measure(session, model, width, batch, precision):
                            session.speeds[model, width, batch, precision] = [measured["imagesPerSecond"]]
        for is_compiled in (False, True):
            for is_default in defaults:
                peer.run(batch, is_default, is_compiled)
    return None


PART = Part("Beside PyTorch", 35, "python3 Scripts/torch_bench.py MODELS WIDTHS BATCH SECONDS", beside_pytorch)
