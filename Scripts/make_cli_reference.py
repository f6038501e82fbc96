#!/usr/bin/env python3
"""Writes the part of docs/cli.md that lists every command and its options, from what the command says of itself.

usage: make_cli_reference.py [RECOLOR]

What stands above the line "## Commands" in docs/cli.md stays; what is below is made anew.
"""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/cli.md"
HEADING = "## Commands\n"


def main() -> None:
    recolor = sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/release/recolor"
    output = subprocess.run([recolor, "--experimental-dump-help"], check=True, capture_output=True, text=True).stdout
    parts = [HEADING, "<!-- From here on made by Scripts/make_cli_reference.py. -->\n"]
    for command in json.loads(output)["command"]["subcommands"]:
        parts += described(command, "recolor")
    head = PAGE.read_text().split(HEADING)[0]
    PAGE.write_text(head + "\n".join(parts))


def described(command: dict, parent: str) -> list[str]:
    name = f"{parent} {command['commandName']}"
    if command["commandName"] == "help" or not command.get("shouldDisplay", True):
        return []
    if command.get("subcommands"):
        return [part for sub in command["subcommands"] for part in described(sub, name)]
    parts = [f"### {name}\n", command.get("abstract", "") + "\n"]
    if discussion := command.get("discussion"):
        parts.append(paragraphs(discussion))
    rows = [row(argument) for argument in command["arguments"] if argument.get("shouldDisplay", True)]
    rows = [row for row in rows if row]
    if rows:
        parts.append("\n".join(["| | |", "|---|---|", *rows]) + "\n")
    return parts


def paragraphs(text: str) -> str:
    """Lines that are indented are examples, all others text."""
    blocks = []
    for block in text.strip("\n").split("\n\n"):
        lines = block.split("\n")
        texts = [line for line in lines if not line.startswith("  ")]
        examples = [line.strip() for line in lines if line.startswith("  ")]
        if texts:
            blocks.append("\n".join(texts) + "\n")
        if examples:
            blocks.append("```sh\n" + "\n".join(examples) + "\n```\n")
    return "\n".join(blocks)


def row(argument: dict) -> str:
    names = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument.get("names", [])]
    if "--help" in names or "--version" in names:
        return ""
    value = argument.get("valueName", "")
    if argument["kind"] == "positional":
        title = f"`<{value}>`" + ("…" if argument.get("isRepeating") else "")
    else:
        suffix = f" <{value}>" if argument["kind"] == "option" else ""
        title = ", ".join(f"`{name}{suffix}`" for name in names)
    text = " ".join(part for part in (argument.get("abstract"), argument.get("discussion")) if part)
    extras = []
    values = argument.get("allValueStrings") or argument.get("allValues")
    if values:
        extras.append("one of " + ", ".join(values))
    if argument.get("defaultValue"):
        extras.append(f"default: {argument['defaultValue']}")
    text += f" ({'; '.join(extras)})" if extras else ""
    return f"| {title} | {text} |".replace("\n", " ")


if __name__ == "__main__":
    main()
