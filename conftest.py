"""Scenarios and tests share one plugin."""

pytest_plugins = ["probes.plugin"]
