"""Alert rules, rehearsed by Prometheus's own tool; each leads to a page that exists."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from reports.publish.metrics import METRICS
from tests.support import promtool
from tests.test_docs import anchors

ROOT = Path(__file__).parent.parent.parent
RULES = ROOT / "deploy" / "alerts" / "probes.rules.yaml"
REHEARSAL = Path(__file__).parent / "alerts_test.yaml"


def rules() -> list[dict[str, Any]]:
    """All there are, as Prometheus reads them."""
    return [
        rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
    ]


ALERTS = [rule for rule in rules() if "alert" in rule]


def test_prometheus_takes_the_rules() -> None:
    """Promtool finds neither a mistake nor anything that its lint complains of."""
    checked = promtool.run("check", "rules", "--lint=all", "--lint-fatal", str(RULES))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_alert_rings_when_it_should(tmp_path: Path) -> None:
    """The rehearsal passes, and it would not if a rule were another: every alert is in it, ringing
    and silent.
    """
    here = tmp_path / "rehearsal.yaml"
    here.write_text(REHEARSAL.read_text().replace("- RULES", f"- {RULES}"))
    tested = promtool.run("test", "rules", str(here))
    assert tested.returncode == 0, tested.stdout + tested.stderr
    told = [
        alert
        for test in yaml.safe_load(REHEARSAL.read_text())["tests"]
        for alert in test["alert_rule_test"]
    ]
    assert {alert["alertname"] for alert in told if alert["exp_alerts"]} == {
        rule["alert"] for rule in ALERTS
    }


def test_a_rule_that_is_wrong_is_found(tmp_path: Path) -> None:
    """The rehearsal is no ornament: with one run instead of two it fails."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(RULES.read_text().replace(">= 2", ">= 1"))
    here = tmp_path / "rehearsal.yaml"
    here.write_text(REHEARSAL.read_text().replace("- RULES", f"- {wrong}"))
    assert promtool.run("test", "rules", str(here)).returncode != 0


def test_rules_speak_of_metrics_that_exist() -> None:
    """A metric that was renamed leaves no alert behind that never rings."""
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    named = {name for rule in rules() for name in re.findall(r"wealist_probes[\w:]+", rule["expr"])}
    assert named <= recorded | {metric.name for metric in METRICS}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_leads_to_a_page(rule: dict[str, Any]) -> None:
    """Whoever is rung is told where to look, and docs/metrics.md has a heading for the alert."""
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    if "{{" in path:
        assert path == "docs/runbooks/{{ $labels.code }}.md"
    else:
        assert (ROOT / path).exists()
        assert not anchor or anchor in anchors(ROOT / path)
    assert rule["alert"].lower() in anchors(ROOT / "docs" / "metrics.md")
    assert rule["labels"]["severity"] in ("critical", "warning")
