#!/usr/bin/env python3
"""Kills a training run at random times, resumes it each time, and compares its results with an undisturbed run's.

First trains a small run without interruption. Then trains the same one, kills it by SIGKILL as often as requested, each
time at a time drawn from the seed (during its start, training, saving or validation), checks that its weights and its
state are complete files, and resumes it. At the end, every weights file, the state, the samples and metrics.csv (except
for its two columns of times) must be the same, byte for byte.

With `--ranks 1,2,4`, the run has four replicas, and a random one of these numbers of processes under mpirun trains it
each time. A kill then takes a random one of them, and all others must end by themselves.

usage: Scripts/kill_test.py [--device cpu --device opencl] [--model unet --model gan] [--kills 50] [--seed 1]
           [--ranks 1,2,4]
needs: Python 3.9 and .build/release/recolor (or --recolor PATH)
"""
import argparse
import csv
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

SAVE_EVERY = 7


def fail(text):
    sys.exit(f"kill_test: {text}")


def read_header(path):
    """Returns the header of a safetensors file and the number of bytes that the file must have."""
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
    ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    return header, 8 + length + max(ends)


def require_whole(path):
    """Fails unless a safetensors file is complete and all its values are finite."""
    header, size = read_header(path)
    if os.path.getsize(path) != size:
        fail(f"{path} has {os.path.getsize(path)} bytes instead of {size}")
    with open(path, "rb") as file:
        data = file.read()[size - max(e["data_offsets"][1] for n, e in header.items() if n != "__metadata__"):]
    # Infinity and NaN have an exponent of all ones, in the two highest bytes of a little-endian float32.
    if any(high & 0x7F == 0x7F and low & 0x80 for low, high in zip(data[2::4], data[3::4])):
        fail(f"{path} holds values that are not finite")


class Run:
    """A run's folder and the command that trains in it."""

    def __init__(self, arguments, model, device, folder, log):
        self.recolor, self.model, self.folder, self.log = arguments.recolor, model, folder, log
        self.options = [
            "--data", "scenes", "--device", device, "--width", "2", "--batch-size", "8", "--train-images", "160",
            "--validation-images", "48", "--epochs", str(arguments.epochs), "--save-every", str(SAVE_EVERY),
            "--keep", "3"]
        if arguments.ranks:
            self.options += ["--replicas", str(max(arguments.ranks))]

    def file(self, name):
        return os.path.join(self.folder, name)

    @property
    def state(self):
        return self.file("checkpoints/last.state.safetensors")

    def begin(self, resume, ranks=1):
        """Starts the command, for a new run or to resume the one in the folder, as so many processes."""
        command = [self.recolor, "train", self.model]
        command += ["--resume", self.folder] if resume else ["--out", self.folder] + self.options
        environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
        if ranks > 1:
            command = ["mpirun", "--oversubscribe", "-n", str(ranks)] + command
        return subprocess.Popen(
            command, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, env=environment)

    def processes(self):
        """Returns the numbers of the processes that train in the folder, without their launcher."""
        found = []
        for name in os.listdir("/proc"):
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    words = os.fsdecode(file.read()).split("\0")
            except OSError:
                continue
            if self.folder in words and os.path.basename(words[0]) == os.path.basename(self.recolor):
                found.append(int(name))
        return found

    def saved(self, key):
        """Returns a value of the last saved state; 0 before the first save."""
        if not os.path.exists(self.state):
            return 0
        return json.loads(read_header(self.state)[0]["__metadata__"]["state"])[key]

    def step(self):
        return self.saved("step")

    def require_whole(self):
        """Checks all files that a save writes. Returns the number of temporary files beside them."""
        checkpoints = self.file("checkpoints")
        names = os.listdir(checkpoints) if os.path.isdir(checkpoints) else []
        for name in names:
            if name.endswith(".safetensors"):
                require_whole(os.path.join(checkpoints, name))
        if self.step() > 0:
            for name in ("last", "best"):
                path = self.file(f"checkpoints/{name}.safetensors")
                if (name == "last" or self.saved("epoch") > 0) and not os.path.exists(path):
                    fail(f"{path} is missing beside a state")
        return sum(name.endswith(".tmp") for name in names)

    def rows(self):
        """Returns the rows of metrics.csv without the last two columns, the times."""
        if not os.path.exists(self.file("metrics.csv")):
            return []
        with open(self.file("metrics.csv"), newline="") as file:
            return [row[:-2] for row in csv.reader(file)]

    def files(self):
        """Returns the names of the files that must be equal in both runs."""
        found = []
        for folder in ("checkpoints", "samples"):
            found += [f"{folder}/{name}" for name in sorted(os.listdir(self.file(folder)))]
        return found


def kill_once(run, dice, aim, startup, interval, ranks):
    """Starts the command as so many processes and kills one of them, soon after the start or after it has saved step
    `aim`. Returns whether it was still running.
    """
    resume = os.path.exists(run.file("config.json"))
    process = run.begin(resume, ranks)
    if dice.random() < 0.2:
        time.sleep(dice.uniform(0, startup))
    else:
        while process.poll() is None and run.step() < aim:
            time.sleep(0.001)
        time.sleep(dice.uniform(0, interval))
    alive = process.poll() is None
    if ranks == 1:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return alive
    processes = run.processes()
    if processes:
        os.kill(dice.choice(processes), signal.SIGKILL)
    else:
        # The launcher has not started them yet.
        process.send_signal(signal.SIGTERM)
    process.wait()
    # The launcher kills those that do not end within a second.
    deadline = time.time() + 10
    while run.processes() and time.time() < deadline:
        time.sleep(0.05)
    if run.processes():
        fail(f"processes {run.processes()} are left after a kill")
    return alive


def comparable(path):
    """Returns a file's bytes; of a state without the number of threads, which another number of processes changes."""
    with open(path, "rb") as file:
        data = file.read()
    if not path.endswith(".state.safetensors"):
        return data
    header, size = read_header(path)
    state = json.loads(header["__metadata__"].pop("state"))
    state["configuration"].pop("deviceDescription")
    length = struct.unpack("<Q", data[:8])[0]
    return header, state, data[8 + length:size]


def compare(whole, killed):
    if whole.files() != killed.files():
        fail(f"{killed.folder} holds {killed.files()} instead of {whole.files()}")
    for name in whole.files():
        if comparable(whole.file(name)) != comparable(killed.file(name)):
            fail(f"{killed.file(name)} differs from {whole.file(name)}")
    if whole.rows() != killed.rows():
        fail(f"{killed.file('metrics.csv')} differs from {whole.file('metrics.csv')}")


def test(arguments, model, device, folder):
    with open(os.path.join(folder, "log"), "w") as log:
        whole = Run(arguments, model, device, os.path.join(folder, "whole"), log)
        start = time.time()
        process = whole.begin(resume=False)
        while process.poll() is None and whole.step() == 0:
            time.sleep(0.001)
        startup = time.time() - start
        if process.wait() != 0:
            fail(f"training failed; see {log.name}")
        seconds = time.time() - start
        steps = whole.step()
        interval = (seconds - startup) / steps * SAVE_EVERY

        dice = random.Random(arguments.seed)
        counts = []
        killed = Run(arguments, model, device, os.path.join(folder, "killed"), log)
        idle = halves = 0
        for left in range(arguments.kills, 0, -1):
            before = killed.step()
            # At most an even share of the remaining steps; on a busy machine, the run gets further than `aim`.
            aim = before + dice.randint(1, max(1, (steps - before) // (left + 1)))
            ranks = dice.choice(arguments.ranks or [1])
            counts.append(ranks)
            if not kill_once(killed, dice, aim, startup, interval, ranks):
                fail(f"the run ended before kill {arguments.kills - left + 1}; use more --epochs; see {log.name}")
            halves += killed.require_whole() > 0
            idle += killed.step() == before
        reached = killed.step()
        last = dice.choice(arguments.ranks or [1])
        if killed.begin(resume=os.path.exists(killed.file("config.json")), ranks=last).wait() != 0:
            fail(f"the last resume failed; see {log.name}")
        compare(whole, killed)
    print(
        f"{model} on {device}: {arguments.kills} kills, {arguments.kills} resumes, {steps} steps in all, the last kill "
        f"after step {reached}; {halves} kills that left a temporary file, {idle} before the next save; "
        f"{len(whole.files())} files and metrics.csv the same"
        + (f"; processes {' '.join(map(str, counts))}, then {last}" if arguments.ranks else ""), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--device", action="append", help="cpu, opencl or opencl:P.D; may be repeated (default: cpu)")
    parser.add_argument("--model", action="append", help="unet or gan; may be repeated (default: both)")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=150, help="length of the run; 20 steps each (default: 150)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the times of the kills (default: 1)")
    parser.add_argument(
        "--ranks", type=lambda text: [int(word) for word in text.split(",")],
        help="numbers of processes under mpirun, such as 1,2,4 (default: none, without mpirun)")
    parser.add_argument("--recolor", default=os.path.join(os.path.dirname(__file__), "../.build/release/recolor"))
    parser.add_argument("--keep", metavar="FOLDER", help="leave the runs and their log in this new folder")
    arguments = parser.parse_args()
    folder = arguments.keep or tempfile.mkdtemp(prefix="recolor-kill-")
    try:
        for device in arguments.device or ["cpu"]:
            for model in arguments.model or ["unet", "gan"]:
                place = os.path.join(folder, f"{model}-{device.replace(':', '-')}")
                os.makedirs(place)
                test(arguments, model, device, place)
                if not arguments.keep:
                    shutil.rmtree(place)
    except SystemExit:
        arguments.keep = folder
        raise
    finally:
        if not arguments.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
