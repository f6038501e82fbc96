#!/usr/bin/env python3
"""Generates the manual page of the command, in man(7)'s format, from the command's own help.

usage: make_manual.py RECOLOR OUTPUT

swift-argument-parser can generate such a page too, but it fills the lines of examples like any text.
"""

import json
import pathlib
import subprocess
import sys

from make_cli_reference import displayed_arguments


def main() -> None:
    recolor, output = sys.argv[1:]
    version = run(recolor, "--version").split()[1]
    root = json.loads(run(recolor, "--experimental-dump-help"))["command"]
    lines = [f'.TH RECOLOR 1 "" "recolor {version}" "User Commands"', ".SH NAME"]
    lines += [f"recolor \\- {quoted(root['abstract'])}"]
    lines += [".SH SYNOPSIS", ".B recolor", "subcommand [options]", ".SH DESCRIPTION", *text(root["discussion"])]
    lines.append(".SH COMMANDS")
    for command in root["subcommands"]:
        lines += described(command, "recolor")
    lines += [".SH EXIT STATUS"]
    lines += ["0 on success, 1 if the work failed wholly or in part, 64 if the command line is wrong, "]
    lines += ["129, 130 or 143 if HUP, Ctrl\\-C or TERM stopped it."]
    pathlib.Path(output).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(output).write_text("\n".join(lines) + "\n")


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def described(command: dict, parent: str) -> list[str]:
    name = f"{parent} {command['commandName']}"
    if command["commandName"] == "help":
        return []
    if command.get("subcommands"):
        return [line for sub in command["subcommands"] for line in described(sub, name)]
    lines = [f".SS {name}", quoted(command.get("abstract", ""))]
    if command.get("discussion"):
        lines += [".PP", *text(command["discussion"])]
    for argument in displayed_arguments(command):
        names = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument.get("names", [])]
        if "--help" in names or "--version" in names:
            continue
        value = f"\\fI{quoted(argument.get('valueName', ''))}\\fR"
        title = ", ".join(f"\\fB{quoted(name)}\\fR" for name in names)
        if argument["kind"] == "positional":
            title = value
        elif argument["kind"] == "option":
            title += f" {value}"
        default = f" (default: {argument['defaultValue']})" if argument.get("defaultValue") else ""
        lines += [".TP", title, quoted(argument.get("abstract", "") + default)]
        if argument.get("discussion"):
            lines += [quoted(argument["discussion"])]
    return lines


def text(discussion: str) -> list[str]:
    """Formats a discussion: indented lines are kept, the others are filled."""
    lines = []
    is_literal = False
    for line in discussion.strip("\n").split("\n"):
        indented = line.startswith("  ")
        if indented != is_literal and line:
            lines.append(".nf" if indented else ".fi")
            is_literal = indented
        lines.append(quoted(line) if line else ".PP" if not is_literal else "")
    return lines + ([".fi"] if is_literal else [])


def quoted(line: str) -> str:
    line = line.replace("\\", "\\\\").replace("-", "\\-")
    return "\\&" + line if line.startswith((".", "'")) else line


if __name__ == "__main__":
    main()
