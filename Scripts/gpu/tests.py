"""Tests of Scripts/gpu_report without a GPU: `python3 -m unittest gpu.tests` in Scripts. `make test` runs them."""

import json
import pathlib
import shutil
import sys
import tempfile
import time
import unittest
from unittest import mock

from . import bundle, parts, process, pytorch, summary
from .drivers import Drivers
from .program import CannotStart, Program, lacking
from .report import Report, Table, escaped
from .session import OutOfTime, Part, Session

DEVICE = {"device": "opencl:0.0", "type": "gpu", "hasTensorCores": False}
SPEED = {"imagesPerSecond": 640.0, "fastestStepMilliseconds": 100.0, "lowerQuartileMilliseconds": 99.0,
         "upperQuartileMilliseconds": 101.0}  # fmt: skip
BENCH = {"model": "unet", "width": 16, "precision": "fp32", "imagesPerSecond": 640.0, "stepMilliseconds": 100.0,
         "firstStepMilliseconds": 1500.0, "training": SPEED, "inference": SPEED,
         "operations": {"productPeakGigaflopsPerSecond": 100.0, "copyPeakGigabytesPerSecond": 10.0, "rows": [
             {"operation": "Adam", "pass": "forward", "count": 1, "milliseconds": 2.0, "share": 0.5,
              "gigaflopsPerSecond": 5.0, "partOfProductPeak": 0.05, "gigabytesPerSecond": 8.0, "partOfCopyPeak": 0.8,
              "shape": "1 → 1"}]}}  # fmt: skip
CASE = {"operation": "Adam", "pass": "forward", "shape": "3", "form": "gpu", "error": 2e-6, "tolerance": 1e-5,
        "passed": True, "failures": []}  # fmt: skip
EXACT = dict(CASE, operation="Fill", error=0, tolerance=0)
CHECK = {"passed": 2, "failed": 0, "largestErrorOfTolerance": 0.2, "cases": [CASE, EXACT]}
TUNE = {"methods": {"tried": 9, "notBuilt": 1, "refused": 2, "wrong": 0}, "leftOut": 3, "standardStepMilliseconds": 4.0,
        "stepMilliseconds": 3.2, "operations": [
            {"operation": "Convolution", "pass": "forward", "count": 2, "standardMilliseconds": 2.0,
             "milliseconds": 1.6, "gain": 1.25, "isTuned": True, "method": "winograd", "shape": "4×4"}]}  # fmt: skip
LOSSES = "epoch,mse\n1,0.2\n2,0.1\n"


class FolderTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def report(self):
        report = Report(self.folder / "report.md")
        self.addCleanup(report.file.close)
        return report

    def text(self):
        return (self.folder / "report.md").read_text(encoding="utf-8")

    def script(self, name, text):
        """Returns a program that a shell runs."""
        path = self.folder / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return path

    def session(self, seconds=600, **answers):
        """Returns a session with a command that answers with JSON, by its first word."""
        recolor = self.script("recolor", """
            answers=$(dirname "$0")
            if [ "$1" = --version ]; then echo recolor; exit; fi
            if [ "$1" = train ]; then
              for word; do if [ "${previous:-}" = --out ]; then folder=$word; fi; previous=$word; done
              mkdir "$folder"; cp "$answers/train.json" "$folder/metrics.csv"; exit
            fi
            cat "$answers/$1.json"
            """)  # fmt: skip
        for name, answer in {"check": CHECK, "bench": BENCH, "tune": TUNE, "train": LOSSES, **answers}.items():
            text = answer if isinstance(answer, str) else json.dumps(answer, indent=2)
            (self.folder / f"{name}.json").write_text(text, encoding="utf-8")
        drivers = Drivers(self.folder / "none", [], {})
        (self.folder / "temporary").mkdir()
        program = Program(recolor, None, self.folder / "temporary", drivers)
        return Session(self.report(), program, DEVICE, "scenes", self.folder, time.monotonic() + seconds)


class ReportTests(FolderTest):
    def test_a_table_begins_anew_after_other_text(self):
        report = self.report()
        table = Table(report, ["a", "b"])
        table.add([1, "x|y"])
        report.write("\nA line.\n")
        table.add([2, "line\nend"])
        heading = "\n| a | b |\n|---|---|\n"
        self.assertEqual(self.text(), f"{heading}| 1 | x\\|y |\n\nA line.\n{heading}| 2 | line end |\n")

    def test_markup_is_escaped(self):
        self.assertEqual(escaped("x86_64 _a_ *b* __c"), r"x86_64 \_a\_ \*b\* \_\_c")

    def test_a_file_that_exists_is_kept(self):
        self.report()
        with self.assertRaises(FileExistsError):
            Report(self.folder / "report.md")


class ProcessTests(FolderTest):
    def test_a_command_is_cut_with_its_children_and_its_output_kept(self):
        started = self.folder / "started"
        child = f"trap '' TERM; echo $$ >{started}; while :; do sleep 0.1; done"
        command = self.script("slow", f'echo begun; sh -c "$0" & echo \'{{"a": 1}}\'; wait'.replace("$0", "$1"))
        with mock.patch.object(process, "GRACE_SECONDS", 0.2):
            result = process.run([command, child], None, time.monotonic() + 1)
        self.assertIsNone(result.status)
        self.assertLess(result.seconds, 5)
        self.assertEqual(result.objects, [{"a": 1}])
        # The child is ended soon; until its parent, init, asks for it, it is a zombie.
        status = pathlib.Path(f"/proc/{started.read_text().strip()}/status")
        end = time.monotonic() + 20
        while status.exists() and "zombie" not in status.read_text():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def test_objects_are_read_up_to_a_cut(self):
        result = process.Result('words {"a": 1}\n{"b": {"c": 2}}\n{"d": ', "", None, 1)
        self.assertEqual(result.objects, [{"a": 1}, {"b": {"c": 2}}])


class SessionTests(FolderTest):
    def test_every_part_writes_its_results(self):
        session = self.session()
        session.run_parts(parts.PARTS)
        summary.write(session)
        self.assertEqual(session.problems, [])
        text = self.text()
        for part in parts.PARTS:
            self.assertIn(f"\n## {part.title}\n", text)
        self.assertIn("| Adam | gpu | 1 | 0 | 20 % |\n| Fill | gpu | 1 | 0 | 0 % |", text)
        self.assertIn("| unet | 64 | fp32 | 640 | 100.00 | 99.00–101.00 | 640 | 1.5 |", text)
        self.assertIn("| Convolution | forward | 2 | 2.000 | 1.600 | 1.25× | winograd | 4×4 |", text)
        self.assertIn("| 2 | 0.10000 | 0.10000 | +0.00 % |", text)
        self.assertIn("| gan | 16 | 64 | fp32 | 640 | 640 | 1.00× |", text)
        self.assertIn("Every part ended, and nothing failed.", text)

    def test_failures_are_problems(self):
        case = dict(CASE, passed=False, failures=["off by 3"])
        check = {"passed": 0, "failed": 1, "largestErrorOfTolerance": 0, "cases": [case]}
        tune = dict(TUNE, methods=dict(TUNE["methods"], wrong=2))
        session = self.session(check=check, tune=tune, train="epoch,mse\n1,0.1\n2,nan\n")
        session.run_parts([part for part in parts.PARTS if part.run in (parts.tune, parts.learn)])
        session.run_parts(parts.PARTS[:1])
        summary.write(session)
        problems = "\n".join(session.problems)
        for words in ("off by 3", "2 candidates gave wrong results", "is allowed", "did not fall"):
            self.assertIn(words, problems)
            self.assertIn(words, self.text().partition("## Summary")[2])

    def test_a_result_that_is_no_number_is_a_failure(self):
        cases = [dict(CASE, error=error, passed=False, failures=[f"output is {error}"]) for error in ("inf", "nan")]
        check = {"passed": 0, "failed": 2, "largestErrorOfTolerance": 0, "cases": cases}
        session = self.session(check=check)
        session.run_parts(parts.PARTS[:1])
        self.assertEqual([problem.split(", ")[-1] for problem in session.problems],
                         [f"Adam forward gpu 3: output is {error}" for error in ("inf", "nan")])  # fmt: skip
        self.assertIn("| Adam | gpu | 2 | 2 | inf % |", self.text())

    def test_a_check_without_operations_says_so(self):
        session = self.session(check="")
        session.run_parts(parts.PARTS[:1])
        self.assertEqual(len(session.problems), 1)
        self.assertIn("not run on the device", session.problems[0])

    def test_parts_go_on_after_one_that_is_cut_or_fails(self):
        def fail(session):
            raise KeyError("precision")

        def cut(session):
            session.run(["sleep", "60"], None)
            session.run(["true"], None)

        session = self.session(seconds=4)
        ran = []
        with mock.patch.object(process, "GRACE_SECONDS", 0.2):
            session.run_parts([
                Part("Fails", 1, "", fail), Part("Cut", 1, "", cut), Part("Last", 2, "", lambda session: ran.append(1)),
            ])  # fmt: skip
        self.assertEqual(ran, [1])
        self.assertLess(time.monotonic(), session.end)
        self.assertEqual([problem.split(":")[0] for problem in session.problems],
                         ["Fails", "sleep 60", "true, and what follows in this part"])  # fmt: skip

    def test_nothing_is_started_without_time(self):
        session = self.session(seconds=0)
        with self.assertRaises(OutOfTime):
            session.run(["true"], None)

    def test_pytorch_is_compared_in_the_same_precision(self):
        session = self.session()
        session.device = dict(DEVICE, hasTensorCores=True)
        session.speeds = {("gan", 64, 64, "tf32"): [90, 100], ("gan", 64, 64, "fp32"): [40]}
        # Says how it was called, and times both layouts of one model.
        python = self.script("python3", f"""
            echo "$@" >>{self.folder}/calls
            case "$*" in *--compile*) step=0.32;; *) step=0.64;; esac
            for layout in contiguous channels_last; do
              echo '{{"model": "gan", "width": 64, "layout": "'$layout'", "step": '$step'}}'
              step=0.16
            done
            """)  # fmt: skip
        with mock.patch.object(pytorch, "find", lambda seconds: (python, "PyTorch 9")):
            pytorch.beside_pytorch(session)
        self.assertEqual(session.problems, [])
        calls = [line.split() for line in (self.folder / "calls").read_text().splitlines()]
        self.assertEqual([call[1:4] for call in calls],
                         [["unet,gan", "64,16", batch] for batch in ("64", "256") for _ in range(4)])  # fmt: skip
        self.assertEqual(["--no-tf32" in call for call in calls], [False, True] * 4)
        self.assertEqual(["--compile" in call for call in calls], [False, False, True, True] * 2)
        # The layout that was the faster one without compilation.
        layouts = {call[call.index("--layout") + 1] for call in calls if "--compile" in call}
        self.assertEqual(layouts, {"channels_last"})
        # Recolor is measured at the large batch as well.
        self.assertEqual(session.speeds["unet", 16, 256, "fp32"], [640.0])
        summary.write(session)
        self.assertIn("| gan | 64 | 64 | tf32 | 90 | 100 | 1.11× | 400 | 0.25× | 400 | 0.25× |", self.text())
        self.assertIn("| gan | 64 | 64 | fp32 | 40 |  |  | 400 | 0.10× | 400 | 0.10× |", self.text())
        self.assertIn("| gan | 64 | 256 | tf32 | 640 |  |  | 1,600 | 0.40× | 1,600 | 0.40× |", self.text())


class DriverTests(FolderTest):
    def test_drivers_are_found_whether_registered_or_not(self):
        vendors, other = self.folder / "vendors", self.folder / "other"
        vendors.mkdir()
        other.mkdir()
        (vendors / "lost.icd").write_text("libnothing.so.1\n")
        (vendors / "pocl.icd").write_text(f"{other}/libpocl.so.2\n")
        for name in ("libpocl.so.2", "libnvidia-opencl.so.580.1"):
            (other / name).touch()
        drivers = Drivers(vendors, [str(other)], {})
        self.assertEqual([pathlib.Path(path).name for path in drivers.found],
                         ["libpocl.so.2", "libnvidia-opencl.so.580.1"])  # fmt: skip
        self.assertEqual(drivers.library_folders, [str(other)])
        self.assertIn("missing: libnothing.so.1", drivers.description)
        drivers.register(self.folder / "registered")
        files = sorted((self.folder / "registered").iterdir())
        self.assertEqual([file.read_text() for file in files], [f"{path}\n" for path in drivers.found])

    def test_the_loaders_trace_tells_what_is_lacking(self):
        trace = """
            linux-vdso.so.1 (0x00007f)
            libwebp.so.7 => not found
            libz.so.1 => /lib/libz.so.1 (0x00007f)
            /tmp/recolor: /lib/libstdc++.so.6: version `GLIBCXX_3.4.30' not found (required by /tmp/recolor)
            """
        self.assertEqual(lacking(trace), {"libwebp.so.7", "libstdc++.so.6"})


@unittest.skipUnless(shutil.which("strip") and "libOpenCL.so.1" in bundle.loader_cache(), "no strip, or no loader")
class BundleTests(unittest.TestCase):
    """Any program that is linked to libraries stands for the command."""

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        cls.data, cls.bundle, cls.program = (cls.folder / name for name in ("data", "bundle", "program"))
        cls.data.mkdir()
        for name in [f"data_batch_{index}.bin" for index in range(1, 6)] + ["test_batch.bin"]:
            (cls.data / name).write_bytes(bytes(bundle.RECORD_BYTES * (bundle.RECORDS + 1)))
        bundle.make(cls.bundle, pathlib.Path(shutil.which("ls")), cls.data)
        bundle.unpack_program(cls.bundle, cls.program)

    def start(self):
        with tempfile.TemporaryDirectory() as folder:
            drivers = Drivers(self.folder / "none", [], {})
            return Program(self.program / "bin/recolor", self.program / "lib", pathlib.Path(folder), drivers)

    def test_a_bundle_has_what_is_needed(self):
        sizes = {file.stat().st_size for file in (self.bundle / "photographs").iterdir()}
        self.assertEqual(sizes, {bundle.RECORD_BYTES * bundle.RECORDS})
        for name in ("gpu_report", "gpu/parts.py", "torch_bench.py", "torch_models.py"):
            self.assertTrue((self.bundle / name).exists(), name)

    def test_the_machines_libraries_are_used_where_they_are_there(self):
        program = self.start()
        self.assertIn("1 of the bundle's: libOpenCL.so.1", program.how)
        self.assertTrue(program.version.startswith("ls "))

    def test_the_own_loader_runs_where_the_c_library_is_too_old(self):
        trace = "recolor: /lib/libc.so.6: version `GLIBC_9.9' not found (required by recolor)"
        with mock.patch.object(Program, "trace", lambda program: trace):
            program = self.start()
        self.assertIn("ld-linux", str(program.words[0]))
        self.assertTrue(program.version.startswith("ls "))

    def test_a_library_that_the_bundle_lacks_is_named(self):
        with mock.patch.object(Program, "trace", lambda program: "libodd.so.1 => not found"):
            with self.assertRaisesRegex(CannotStart, "libodd.so.1"):
                self.start()

    def test_a_bundle_that_is_too_large_is_refused(self):
        large = self.folder / "large"
        with mock.patch.object(bundle, "LARGEST_BYTES", 1 << 20):
            with self.assertRaisesRegex(bundle.CannotMake, "larger than 1 MiB"):
                bundle.make(large, pathlib.Path(shutil.which("ls")), self.data)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["bundle", "data", "program"])


if __name__ == "__main__":
    sys.exit("run with: python3 -m unittest gpu.tests")
