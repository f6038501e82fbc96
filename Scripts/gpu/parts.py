"""The parts of a report that run `recolor`."""

import collections
import csv

from .report import Table, figure, ratio
from .session import OutOfTime, Part

MODELS, BATCH = ["unet", "gan"], 64
# Time of the timed steps of a benchmark, and of those before.
TIMED_SECONDS, WARM_UP_SECONDS = 1, 0.3
TUNING_SECONDS = 120
# Cases of an operation that failed and are named.
SHOWN_FAILURES = 10
# Rows of operations, in descending order of their time.
LONGEST_OPERATIONS = 20
# The learning run: short, and the same on both devices. Training losses of epochs are means over many steps, in which
# rounding evens out: those of two epochs of 20 steps on the processor and on PoCL agreed to 0.03 %.
LEARNING = ["unet", "--width", "16", "--epochs", "4", "--train-images", "1280", "--validation-images", "256"]
LEARNING_TOLERANCE = 0.05


def check(size):
    """Returns the function of a part that checks the kernels on shapes of a size."""

    def run(session):
        table = Table(session.report, ["operation", "kernels", "cases", "failed", "largest error of its limit"])
        passed, failed, largest = 0, 0, 0
        try:
            # Operation by operation, so that what was checked before a cut is known.
            for name in operation_names(session):
                words = ["check", "--device", session.device["device"], "--size", size, "--filter", name, "--json"]
                for checked in session.recolor(*words).objects:
                    add_cases(table, checked["cases"])
                    tell_failures(session, [case for case in checked["cases"] if not case["passed"]])
                    passed, failed = passed + checked["passed"], failed + checked["failed"]
                    largest = max(largest, checked["largestErrorOfTolerance"])
        except OutOfTime as error:
            session.problem(str(error))
        return (
            f"Check of {size} shapes: {passed:,} of {passed + failed:,} cases passed; the largest error is "
            f"{100 * largest:.0f} % of its limit.")  # fmt: skip

    return run


def operation_names(session):
    """Returns names that together select every operation: not those that another one selects as well. The operations
    with the most cases, which take the longest, are last. Raises `OutOfTime` where they are not known."""
    checked = session.recolor("check", "--device", "cpu", "--size", "smallest", "--json").objects
    if not checked:
        raise OutOfTime("recolor check: not run on the device, since the processor's did not tell the operations")
    counts = collections.Counter(case["operation"] for case in checked[0]["cases"])
    names = [name for name in counts if not any(other != name and other in name for other in counts)]
    return sorted(names, key=lambda name: sum(count for other, count in counts.items() if name in other))


def add_cases(table, cases):
    """Adds a row for each operation and form of its kernels."""
    groups = collections.defaultdict(list)
    for case in cases:
        groups[case["operation"], case.get("form") or ""].append(case)
    for (operation, form), group in groups.items():
        # Whole numbers have no limit but zero. A case that the device refused has no error.
        # One with a result that is no number has the error "inf" or "nan", in quotes.
        shares = [float(case["error"]) / (case["tolerance"] or 1) for case in group if case.get("error") is not None]
        failed = sum(not case["passed"] for case in group)
        largest = f"{100 * max(shares):.0f} %" if shares else ""
        table.add([operation, form, figure(len(group)), figure(failed), largest])


def tell_failures(session, cases):
    """Makes a problem of each case that failed, up to a number."""
    for case in cases[:SHOWN_FAILURES]:
        name = " ".join([case["operation"], case["pass"], case.get("form") or "", case["shape"]])
        session.problem(f"{name}: {'; '.join(case['failures'])}")
    if len(cases) > SHOWN_FAILURES:
        session.problem(f"{cases[0]['operation']}: {len(cases) - SHOWN_FAILURES} more cases failed")


def measure(session, model, width, batch, precision):
    """Runs a benchmark, first for a few steps, which compiles the kernels and tells how many steps fit into the time.
    Returns the report of the long one with the time to the first step of the short one, or None."""
    words = ["bench", model, "--width", width, "--batch-size", batch, "--precision", precision]
    words += ["--device", session.device["device"], "--json"]
    short = session.recolor(*words, "--steps", 3, "--warm-up", 1)
    if short.status != 0:
        return None
    report = short.objects[0]
    step = report["training"]["fastestStepMilliseconds"] / 1000
    steps, warm_up = (min(max(least, int(seconds / step)), 300)
                      for least, seconds in ((5, TIMED_SECONDS), (1, WARM_UP_SECONDS)))  # fmt: skip
    long = session.recolor(*words, "--steps", steps, "--warm-up", warm_up)
    if long.status != 0:
        return None
    return dict(long.objects[0], firstStepMilliseconds=report["firstStepMilliseconds"])


def bench(session):
    table = Table(
        session.report,
        ["model", "width", "precision", "trained images/s", "ms a step", "middle half", "colored images/s",
         "s to the first step"])  # fmt: skip
    for width in session.widths:
        for precision in session.precisions:
            for model in MODELS:
                if measured := measure(session, model, width, BATCH, precision):
                    session.speeds[model, width, BATCH, precision] = [measured["imagesPerSecond"]]
                    table.add([
                        model, width, precision, figure(measured["imagesPerSecond"]),
                        figure(measured["stepMilliseconds"], 2), middle_half(measured),
                        figure(measured["inference"]["imagesPerSecond"]),
                        figure(measured["firstStepMilliseconds"] / 1000, 1),
                    ])  # fmt: skip


def middle_half(measured):
    return "–".join(figure(measured["training"][f"{name}QuartileMilliseconds"], 2) for name in ("lower", "upper"))


def operations(session):
    for width in session.widths:
        for model in MODELS:
            words = ["bench", model, "--width", width, "--batch-size", BATCH, "--steps", 5, "--ops"]
            result = session.recolor(*words, "--device", session.device["device"], "--json")
            if result.status == 0:
                write_operations(session.report, result.objects[0])


def write_operations(report, measured):
    timed = measured["operations"]
    rows = timed["rows"]
    report.write(
        f"\n{measured['model']}, width {measured['width']}, {measured['precision']}. Peaks: products "
        f"{figure(timed['productPeakGigaflopsPerSecond'])} GFLOP/s, copies "
        f"{figure(timed['copyPeakGigabytesPerSecond'])} GB/s.\n")  # fmt: skip
    table = Table(
        report,
        ["operation", "pass", "times", "ms each", "share", "GFLOP/s", "of peak", "GB/s", "of peak", "shape"])
    for row in rows[:LONGEST_OPERATIONS]:
        table.add([
            row["operation"], row["pass"], row["count"], figure(row["milliseconds"], 3), f"{100 * row['share']:.1f} %",
            figure(row["gigaflopsPerSecond"]), f"{100 * row['partOfProductPeak']:.0f} %",
            figure(row["gigabytesPerSecond"]), f"{100 * row['partOfCopyPeak']:.0f} %", row["shape"],
        ])  # fmt: skip
    rest = rows[LONGEST_OPERATIONS:]
    if rest:
        share = 100 * sum(row["share"] for row in rest)
        report.write(f"\nThe other {len(rest)} rows are {share:.1f} % of the time.\n")


def tune(session):
    """Tunes gan at both widths, whose convolutions are those of unet and of the discriminator."""
    # The search is followed by comparisons, which take time as well.
    seconds = max(2, min(TUNING_SECONDS, 0.85 * session.seconds_left))
    texts = []
    try:
        for width in session.widths:
            words = ["tune", "gan", "--width", width, "--batch-size", BATCH]
            words += ["--seconds", f"{seconds / len(session.widths):.0f}"]
            words += ["--precision", session.usual_precision, "--device", session.device["device"], "--json"]
            for tuned in session.recolor(*words).objects:
                write_tuning(session.report, width, tuned)
                if wrong := tuned["methods"]["wrong"]:
                    session.problem(f"tune gan --width {width}: {wrong} candidates gave wrong results")
                before, after = tuned["standardStepMilliseconds"], tuned["stepMilliseconds"]
                texts.append(f"width {width} from {before:.2f} to {after:.2f} ms ({ratio(before, after)})")
    except OutOfTime as error:
        session.problem(str(error))
    if texts:
        return f"Tuning: the convolutions that were searched went, in a step of gan, at {'; at '.join(texts)}."
    return None


def write_tuning(report, width, tuned):
    counts = tuned["methods"]
    faster = sum(row["isTuned"] for row in tuned["operations"])
    report.write(
        f"\nWidth {width}: {counts['tried']} candidates were tried, {counts['notBuilt']} did not build, "
        f"{counts['refused']} were refused, {counts['wrong']} were wrong. One is faster than the built-in algorithm "
        f"for {faster} of {len(tuned['operations'])} passes; {tuned['leftOut']} more were not searched.\n")  # fmt: skip
    table = Table(report, ["operation", "pass", "times", "built-in ms", "best ms", "gain", "best", "shape"])
    for row in tuned["operations"]:
        if row["isTuned"]:
            table.add([
                row["operation"], row["pass"], row["count"], figure(row["standardMilliseconds"], 3),
                figure(row["milliseconds"], 3), f"{row['gain']:.2f}×", row["method"], row["shape"],
            ])  # fmt: skip


def bench_again(session):
    precision = session.usual_precision
    table = Table(
        session.report,
        ["model", "width", "precision", "trained images/s", "before", "ratio", "ms a step", "middle half"])
    for width in session.widths:
        for model in MODELS:
            if measured := measure(session, model, width, BATCH, precision):
                speeds = session.speeds.setdefault((model, width, BATCH, precision), [None])
                speeds.append(measured["imagesPerSecond"])
                table.add([
                    model, width, precision, figure(speeds[1]), figure(speeds[0]), ratio(speeds[1], speeds[0]),
                    figure(measured["stepMilliseconds"], 2), middle_half(measured),
                ])  # fmt: skip


def learn(session):
    """Trains on the processor and on the device, from the same seed on the same photographs."""
    losses = []
    for device in ("cpu", session.device["device"]):
        folder = session.folder / device.replace(":", "-")
        session.recolor(
            "train", *LEARNING, "--data", session.data, "--seed", 1, "--device", device, "--out", folder, "--quiet")
        losses.append(training_losses(folder))
    table = Table(session.report, ["epoch", "training loss", "on the processor", "difference"])
    differences = []
    for epoch, (expected, loss) in enumerate(zip(*losses), start=1):
        differences.append(loss / expected - 1)
        table.add([epoch, figure(loss, 5), figure(expected, 5), f"{100 * differences[-1]:+.2f} %"])
    if not differences:
        return None
    ours = losses[1]
    largest = max(map(abs, differences))
    limit = f"{100 * LEARNING_TOLERANCE:.0f} %"
    # A loss that is no number is not within any limit.
    if not all(abs(difference) <= LEARNING_TOLERANCE for difference in differences):
        session.problem(f"The training losses differ from the processor's by {100 * largest:.2f} %; {limit} is allowed")
    if not all(later < earlier for earlier, later in zip(ours, ours[1:])):
        session.problem("The training loss did not fall in every epoch")
    return (
        f"Learning: the training loss went from {ours[0]:.4f} to {ours[-1]:.4f} in {len(ours)} epochs; it differs from "
        f"the processor's by {100 * largest:.2f} % at most, and {limit} is allowed.")  # fmt: skip


def training_losses(run):
    """Returns the loss of each epoch that a run ended, also of a run that was cut."""
    try:
        with open(run / "metrics.csv", encoding="utf-8") as file:
            return [float(row["mse"]) for row in csv.DictReader(file)]
    except FileNotFoundError:
        return []


PARTS = [
    Part("Check, smallest shapes", 45, "recolor check --size smallest", check("smallest")),
    Part("Check, awkward shapes", 75, "recolor check", check("awkward")),
    Part("Training speed", 105, "recolor bench MODEL --width WIDTH --precision PRECISION", bench),
    Part("Operations of a step", 40, "recolor bench MODEL --width WIDTH --ops", operations),
    Part("Tuning", 135, "recolor tune gan --width WIDTH", tune),
    Part("Training speed, tuned", 50, "recolor bench MODEL --width WIDTH", bench_again),
    Part("A short training run", 40, f"recolor train {' '.join(LEARNING)} --seed 1", learn),
]
