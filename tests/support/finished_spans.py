"""What tests of spans share."""

import json
from pathlib import Path
from typing import Any

from probes.recording import spans as telemetry
from probes.recording.spans import Tracing


def traced(folder: Path, environ: dict[str, str] | None = None) -> Tracing:
    return Tracing(folder, "run-1", "replica", "0.1.0", environ or {})


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / telemetry.NAME).read_text().splitlines()]


def spans(folder: Path) -> dict[str, dict[str, Any]]:
    found: list[dict[str, Any]] = [
        line["resourceSpans"][0]["scopeSpans"][0]["spans"][0] for line in lines(folder)
    ]
    return {str(span["name"]): span for span in found}


def attributes(holder: dict[str, object]) -> dict[str, object]:
    pairs: list[dict[str, object]] = holder["attributes"]  # type: ignore[assignment]
    return {str(pair["key"]): next(iter(pair["value"].values())) for pair in pairs}  # type: ignore[attr-defined]
