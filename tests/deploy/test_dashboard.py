"""The dashboard: every query in it is one that Prometheus takes, of metrics and labels that are
sent.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probes.finding import Verdict
from reports.publish.metrics import METRICS
from tests.support import promtool

DASHBOARD = Path(__file__).parent.parent.parent / "deploy" / "dashboard" / "probes.json"
GROUP = {"environment", "shard"}
LABELS = {metric.name: GROUP | set(metric.labels) for metric in METRICS}


def read() -> dict[str, Any]:
    said: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return said


def queries() -> Iterator[tuple[str, str]]:
    """(panel, query), the variables' included."""
    for panel in read()["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel["targets"])
    for variable in read()["templating"]["list"]:
        if variable["type"] == "query":
            yield (
                variable["name"],
                re.sub(
                    r"label_values\((\w+), (\w+)\)", r"count by (\2) (\1)", variable["definition"]
                ),
            )


QUERIES = list(queries())


@pytest.mark.slow
def test_prometheus_takes_every_query(tmp_path: Path) -> None:
    """Each is checked as a rule would be; what Grafana fills in is filled in."""
    rules = [
        {"record": f"dashboard:query{number}", "expr": query.replace("$environment", "prod")}
        for number, (_, query) in enumerate(QUERIES)
    ]
    file = tmp_path / "queries.yaml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))  # JSON is YAML
    checked = promtool.run("check", "rules", "--lint=none", str(file))
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(("panel", "query"), QUERIES, ids=str)
def test_a_query_speaks_of_what_is_sent(panel: str, query: str) -> None:
    """Its metrics exist, it selects and groups by labels that they have, and verdicts are those
    there are.
    """
    metrics = re.findall(r"wealist_probes_\w+", query)
    assert metrics, panel
    assert set(metrics) <= set(LABELS)
    used = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", query))
    grouped = {
        label
        for group in re.findall(r"\b(?:by|on) \(([^)]*)\)", query)
        for label in group.split(", ")
    }
    for metric in metrics:
        assert used | grouped <= LABELS[metric] | {"code", "owner", "area", "verdict", "scenario"}
    assert used | grouped <= set().union(*(LABELS[metric] for metric in metrics))
    for verdicts in re.findall(r'verdict=~?"([^"]+)"', query):
        assert set(verdicts.split("|")) <= set(Verdict)


def test_every_metric_is_on_the_dashboard() -> None:
    """What is sent can be seen without writing a query."""
    shown = {name for _, query in QUERIES for name in re.findall(r"wealist_probes_\w+", query)}
    assert shown == set(LABELS)


def test_panels_have_a_place_of_their_own_and_say_what_they_show() -> None:
    """None lies on another, none is without title and description, and each takes the chosen data
    source.
    """
    taken: set[tuple[int, int]] = set()
    for panel in read()["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
    assert len({panel["id"] for panel in read()["panels"]}) == len(read()["panels"])
