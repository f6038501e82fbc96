"""The parts of a report, one after the other, each within its time."""

import shlex
import time

from . import process
from .report import escaped


class OutOfTime(Exception):
    """The time of a part is over, and something of it was not run."""


class Part:
    """A part of a report.

    title: its heading.
    weight: its share of the time, in seconds of nine minutes. What a part leaves goes to those after it.
    commands: what it runs, for a reader.
    run: writes to the report of a session, and returns a sentence about the result, or None."""

    def __init__(self, title, weight, commands, run):
        self.title = title
        self.weight = weight
        self.commands = commands
        self.run = run


class Session:
    """The state that the parts of a report share."""

    def __init__(self, report, program, device, data, folder, end):
        """
        program: the `Program`.
        device: an OpenCL device, as `recolor devices --json` describes it.
        data: the photographs, as --data takes them.
        folder: for the files of the parts.
        end: when all parts are over, a time of `time.monotonic()`.
        """
        self.report = report
        self.program = program
        self.device = device
        self.data = data
        self.folder = folder
        self.end = end
        # When the part that runs is over.
        self.deadline = end
        # All that was cut, failed, or was not run.
        self.problems = []
        # Sentences for the summary.
        self.results = []
        # Training speeds in images per second, [before tuning, after], by model, width, batch and precision.
        self.speeds = {}
        # Those of PyTorch, by the same and by `eager` or `compiled`.
        self.peer_speeds = {}

    @property
    def precisions(self):
        return ["fp32", "tf32", "bf16x3"] if self.device["hasTensorCores"] else ["fp32"]

    @property
    def usual_precision(self):
        """The one that --precision auto takes."""
        return "tf32" if self.device["hasTensorCores"] else "fp32"

    @property
    def widths(self):
        """The models' widths, the study's first. A processor begins with the small one, which it has the time for."""
        return [16, 64] if self.device["type"] == "cpu" else [64, 16]

    @property
    def seconds_left(self):
        """The time left to the part that runs."""
        return self.deadline - time.monotonic()

    def problem(self, text):
        """Writes a line on what went wrong, and keeps it for the summary."""
        self.problems.append(text)
        self.report.write(f"\n**{escaped(text)}**\n")

    def recolor(self, *words):
        """Runs `recolor` on the words; as `run`."""
        return self.run([*self.program.words, *words], self.program.environment, ["recolor", *words])

    def run(self, words, environment, shown=None):
        """Runs a command until it ends, or until the part is over. A command that is cut or fails is a problem; what it
        printed is returned. Raises `OutOfTime` where no time is left to start it.

        shown: the words by which a reader would run it."""
        text = shlex.join(map(str, shown or words))
        if self.seconds_left < 2 * process.GRACE_SECONDS:
            raise OutOfTime(f"{text}, and what follows in this part: not run for lack of time")
        result = process.run(words, environment, self.deadline)
        if result.status is None:
            self.problem(f"{text}: cut after {result.seconds:.0f} s")
        elif result.status:
            how = f"exit code {result.status}" if result.status > 0 else f"ended by signal {-result.status}"
            self.problem(f"{text}: {how}{': ' if result.last_line else ''}{result.last_line}")
        return result

    def run_parts(self, parts):
        """Runs all parts. One that fails or is cut is said in a line, and the others are run."""
        for index, part in enumerate(parts):
            start = time.monotonic()
            share = part.weight / sum(later.weight for later in parts[index:])
            self.deadline = start + share * max(0, self.end - start)
            print(f"gpu_report: {part.title}, {self.seconds_left:.0f} s at most", flush=True)
            self.report.write(f"\n## {part.title}\n")
            try:
                result = part.run(self)
            except OutOfTime as error:
                result = None
                self.problem(str(error))
            except Exception as error:  # whatever it is, the other parts are of use
                result = None
                self.problem(f"{part.title}: {type(error).__name__}: {error}")
            if result:
                self.results.append(result)
                self.report.write(f"\n{escaped(result)}\n")
            self.report.write(f"\n{time.monotonic() - start:.0f} s.\n")
