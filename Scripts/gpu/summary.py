"""The end of a report."""

from .report import Table, escaped, figure, ratio


def write(session):
    """Writes the sentences of the parts, the speeds side by side, and what went wrong."""
    report = session.report
    report.write("\n## Summary\n\n")
    for result in session.results:
        report.write(f"- {escaped(result)}\n")
    has_peer = bool(session.peer_speeds)
    headings = ["model", "width", "batch", "precision", "images/s", "tuned", "gain"]
    peer_headings = ["PyTorch eager", "ratio", "PyTorch compiled", "ratio"]
    table = Table(report, headings + (peer_headings if has_peer else []))
    for key, speeds in sorted(session.speeds.items(), key=lambda item: item[0][1:3]):
        first, tuned = [*speeds, None][:2]
        cells = [*key, figure(first), figure(tuned), ratio(tuned, first)]
        figures = session.peer_speeds.get(key, {})
        for kind in ("eager", "compiled") if has_peer else ():
            cells += [figure(figures.get(kind)), ratio(tuned or first, figures.get(kind))]
        table.add(cells)
    if has_peer:
        report.write("\nA ratio is Recolor's speed, tuned where there is one, as a multiple of PyTorch's.\n")
    if not session.problems:
        report.write("\nEvery part ended, and nothing failed.\n")
        return
    report.write("\nWhat failed, was cut or was not run:\n\n")
    for problem in session.problems:
        report.write(f"- {escaped(problem)}\n")
