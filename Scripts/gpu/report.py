"""The report: a Markdown file that grows, and its tables."""

import errno
import os
import re

# An underscore within a word is none.
MARKUP = re.compile(r"[\\`*\[<>|]|(?<![^\W_])_|_(?![^\W_])")


def escaped(text):
    """Returns text of which nothing is markup, on one line."""
    return MARKUP.sub(r"\\\g<0>", " ".join(str(text).split()))


def figure(value, digits=0):
    """Returns a number with separators of thousands, or nothing for None."""
    return "" if value is None else f"{value:,.{digits}f}"


def ratio(numerator, denominator):
    return f"{numerator / denominator:.2f}×" if numerator and denominator else ""


class Report:
    """A new Markdown file. What is written is on the disk when `write` returns, so that a machine that goes away takes
    nothing with it."""

    def __init__(self, path):
        self.file = open(path, "x", encoding="utf-8")
        # The table to which a row can be added.
        self.table = None

    def write(self, text):
        """Appends a paragraph, a heading or a row, with its line ends."""
        self.table = None
        self.file.write(text)
        self.file.flush()
        try:
            os.fsync(self.file.fileno())
        except OSError as error:
            # A pipe and a terminal have nothing to flush.
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise


class Table:
    """A table of a report, which is written row by row. It begins anew after other text. Without rows there is none."""

    def __init__(self, report, headings):
        self.report = report
        self.headings = headings

    def add(self, cells):
        if self.report.table is not self:
            self.report.write(f"\n{self.line(self.headings)}|{'---|' * len(self.headings)}\n")
        self.report.write(self.line(cells))
        self.report.table = self

    def line(self, cells):
        return f"| {' | '.join(map(escaped, cells))} |\n"
