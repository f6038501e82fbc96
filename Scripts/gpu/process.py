"""Commands that end at a deadline, with all that they started."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

# Time in which a command may save its results after it was asked to end.
GRACE_SECONDS = 2


class Result:
    """The result of a command."""

    def __init__(self, output, errors, status, seconds):
        self.output = output
        self.errors = errors
        # The exit code, negative for a signal; None where the command was cut.
        self.status = status
        self.seconds = seconds

    @property
    def objects(self):
        """The JSON objects of the output, a line each or one over many lines."""
        decoder, found, place = json.JSONDecoder(), [], self.output.find("{")
        while place >= 0:
            try:
                value, place = decoder.raw_decode(self.output, place)
            except ValueError:
                break  # the rest of an output that was cut
            found.append(value)
            place = self.output.find("{", place)
        return found

    @property
    def last_line(self):
        """The last line of the error output, which is the error where the command failed."""
        return next((line.strip() for line in reversed(self.errors.splitlines()) if line.strip()), "")


def run(words, environment, deadline):
    """Runs a command until it ends, or until the deadline, a time of `time.monotonic()`. Then the command and its
    children are asked to end, and killed after a moment. Returns what was printed in any case."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gpu_report-") as name:
        paths = [pathlib.Path(name, stream) for stream in ("output", "errors")]
        with open(paths[0], "wb") as output, open(paths[1], "wb") as errors:
            process = subprocess.Popen(
                [str(word) for word in words], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                start_new_session=True)  # fmt: skip
            try:
                status = process.wait(max(0, deadline - GRACE_SECONDS - start))
            except subprocess.TimeoutExpired:
                status = None
            finally:
                if process.returncode is None:
                    end(process)
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in paths]
    return Result(*texts, status, time.monotonic() - start)


def end(process):
    """Ends a command that leads a process group, and the group."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        # Children may be left where the command itself has ended.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
