"""Argo CD: an Application may have its source and destination, and what Git says runs (V6 §5.2)."""

import re

from probes.cluster import kubectl, offenders
from probes.cluster.facts import Application, Facts, Place, Project
from probes.finding import Code, Finding

IN_CLUSTER = "https://kubernetes.default.svc"
SYNCED, HEALTHY = "Synced", "Healthy"
WELL = (HEALTHY, "Progressing", "Suspended")


def not_permitted(facts: Facts, argocd: str) -> Finding | None:
    """Who would fail to sync, known before it is tried; pure."""
    projects = {project.name: project for project in facts.projects}
    found = [problems for each in facts.applications for problems in _forbidden(each, projects)]
    finding = offenders.finding(
        Code.ARGO_NOT_PERMITTED,
        found,
        "AppProject: its sourceRepos or destinations lack what an Application names (V6 §5.2)",
        kubectl.get(argocd, "appprojects", output="yaml"),
    )
    return offenders.proven(finding, found)


def _forbidden(app: Application, projects: dict[str, Project]) -> list[str]:
    project = projects.get(app.project)
    if project is None:
        return [f"{app.name} names the AppProject {app.project}, which is not there"]
    problems = [
        f"{project.name} does not permit {source}, the source of {app.name}"
        for source in app.sources
        if not permits_source(project, source)
    ]
    if not any(_is_destination(each, app.destination) for each in project.destinations):
        problems.append(
            f"{project.name} does not permit {app.name} to deploy to {app.destination.namespace}"
        )
    return problems


def permits_source(project: Project, source: str) -> bool:
    """As AppProject.IsSourcePermitted of Argo CD: a pattern with ! that matches forbids; pure."""
    url, matched = _normalize(source), False
    for pattern in project.sources:
        hit = matches(_normalize(pattern.removeprefix("!")), url, separator="/")
        if pattern.startswith("!"):
            if hit:
                return False
            matched = True
        matched = matched or hit
    return matched


def _normalize(url: str) -> str:
    return url.strip().lower().removesuffix("/").removesuffix(".git")


def matches(pattern: str, text: str, separator: str = "") -> bool:
    """A glob in which * does not cross the separator and ** does; * alone matches all; pure."""
    if pattern == "*":
        return True
    step = f"[^{re.escape(separator)}]*" if separator else ".*"
    parts = [".*" if part == "**" else step for part in re.findall(r"\*+", pattern)]
    texts = [re.escape(text) for text in re.split(r"\*+", pattern)]
    regex = texts[0] + "".join(a + b for a, b in zip(parts, texts[1:], strict=True))
    return re.fullmatch(regex, text) is not None


def _is_destination(allowed: Place, wanted: Place) -> bool:
    server = wanted.server or (IN_CLUSTER if wanted.name == "in-cluster" else "")
    by_server = bool(allowed.server and server) and matches(allowed.server, server)
    by_name = bool(allowed.name and wanted.name) and matches(allowed.name, wanted.name)
    return (by_server or by_name) and matches(allowed.namespace, wanted.namespace)


def not_synced(facts: Facts, argocd: str) -> Finding | None:
    """Who is not Synced and Healthy, with the condition that says why; pure."""
    found = [
        f"{app.name} is {app.sync or 'Unknown'} and {app.health or 'Unknown'}"
        + (f" ({app.conditions[0]})" if app.conditions else "")
        for app in facts.applications
        if app.sync != SYNCED or app.health not in WELL
    ]
    return offenders.finding(
        Code.ARGO_NOT_SYNCED,
        found,
        "Argo CD: what Git says is not what runs; its condition says why",
        kubectl.get(argocd, "applications"),
    )
