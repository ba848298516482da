"""Where a run prints: a reader who leaves early, as `head` does, or a terminal that knows only
ASCII, ends no run and changes no exit code.
"""

import os
from typing import Any, TextIO

from probes.runner.end_of_run import EndedRun
from reports.render import annotations, deploy_gate, files, terminal
from reports.render.writing import ForgivingStream


def stream(terminalreporter: Any) -> TextIO:
    """Where pytest itself writes."""
    found: TextIO = terminalreporter._tw._file  # noqa: SLF001 - it has no public name
    return found


def print_to_any_reader(terminalreporter: Any) -> None:
    """From now on pytest and we write to a ForgivingStream."""
    if not isinstance(stream(terminalreporter), ForgivingStream):
        terminalreporter._tw._file = ForgivingStream(stream(terminalreporter))  # noqa: SLF001 - as above


def show(ended: EndedRun, stream: TextIO, detail: int) -> None:
    """The verdict, and what went wrong of ours; showing may be what goes wrong."""
    ended.is_shown = True
    try:
        _show_report(ended, stream, detail)
    except Exception as error:  # noqa: BLE001 - ours, and the exit code is to say so
        ended.problems.add("showing the report", error)
    stream.writelines(f"{line}\n" for line in ended.problems.summary)
    stream.flush()


def _show_report(ended: EndedRun, stream: TextIO, detail: int) -> None:
    report, options = ended.report, ended.options
    if options.gate:
        deploy_gate.show(report, stream, ended.histories, strict=options.strict)
        return
    terminal.show(
        report,
        stream,
        options.words,
        ended.histories,
        os.environ,
        strict=options.strict,
        detail=detail,
    )
    if annotations.is_wanted(os.environ):
        annotations.summarize(report.folder / files.MARKDOWN, os.environ)
