"""Accessibility: axe-core where it can be had, and the browser's own accessibility tree."""

import os
import pathlib
import subprocess
import sys
import zipfile

# axe-core as a package of PyPI ships it.
PACKAGE = "axe-playwright-python==0.1.8"
SERIOUS = ("serious", "critical")
# What a person can act on must say what it is.
ACTIVE = ("button", "link", "slider", "checkbox", "combobox", "spinbutton", "textbox", "radio", "switch", "ColorWell")


def script(folder):
    """Returns axe-core's text; None where it cannot be had. It is kept in `folder`."""
    folder = pathlib.Path(folder)
    kept = folder / "axe.min.js"
    if given := os.environ.get("RECOLOR_AXE"):
        return pathlib.Path(given).read_text(encoding="utf-8")
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(
                [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), PACKAGE],
                check=True, timeout=60, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)  # fmt: skip
            wheel = next(folder.glob("axe_playwright_python-*.whl"))
            with zipfile.ZipFile(wheel) as archive:
                kept.write_bytes(archive.read("axe_playwright_python/axe.min.js"))
        except (OSError, subprocess.SubprocessError, StopIteration, KeyError):
            return None
    return kept.read_text(encoding="utf-8")


def findings(browser, text):
    """Returns the serious findings of axe-core on the page as it is, a line each."""
    browser.value(f"{text}; 0")
    violations = browser.value("axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations)")
    return [
        f"{finding['id']}: {finding['help']}: {' '.join(map(str, node['target']))}"
        for finding in violations if finding["impact"] in SERIOUS for node in finding["nodes"]
    ]  # fmt: skip


def nameless(browser):
    """Returns the active elements of the accessibility tree that have no name."""
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    return [
        f"{node['role']['value']} {node.get('backendDOMNodeId')}" for node in nodes
        if not node.get("ignored") and node.get("role", {}).get("value") in ACTIVE
        and not node.get("name", {}).get("value", "").strip()
    ]  # fmt: skip
