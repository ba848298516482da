"""What a span says: attributes by the OpenTelemetry semantic conventions 1.44, and how it ends."""

from urllib.parse import SplitResult, urlsplit

from opentelemetry.semconv._incubating.attributes import cicd_attributes as cicd
from opentelemetry.semconv._incubating.attributes import test_attributes as test
from opentelemetry.semconv._incubating.attributes import user_agent_attributes as user_agent
from opentelemetry.semconv.attributes import (
    error_attributes,
    http_attributes,
    server_attributes,
    url_attributes,
)
from opentelemetry.trace import Span, Status, StatusCode

from probes.config.urls import USUAL_PORTS
from probes.finding import Code, Finding, Verdict, exit_code

SERVICE = "wealist-probes"
METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
)

Attributes = dict[str, str | int]

_SYNTHETIC: Attributes = {
    user_agent.USER_AGENT_SYNTHETIC_TYPE: user_agent.UserAgentSyntheticTypeValues.TEST.value
}
_STATUS = {
    Verdict.HELD: "pass",
    Verdict.BROKEN: "fail",
    Verdict.SKIPPED: "skip",
    Verdict.DEGRADED: "degraded",
}
_RESULT = {
    Verdict.HELD: "success",
    Verdict.BROKEN: "failure",
    Verdict.SKIPPED: "skip",
    Verdict.DEGRADED: "success",
}
_CUT_SHORT = {
    "deadline": "timeout",
    "stuck": "timeout",
    "SIGTERM": "cancellation",
    "SIGINT": "cancellation",
    "SIGHUP": "cancellation",
}
_SUITE_STATUS = {"success": "success", "failure": "failure", "timeout": "timed_out"}


def encodable(text: str) -> str:
    """Protobuf refuses lone surrogates, and a page may have sent us one."""
    return text.encode("utf-8", "backslashreplace").decode()


def run_attributes(run: str) -> Attributes:
    return _SYNTHETIC | {
        test.TEST_SUITE_NAME: SERVICE,
        cicd.CICD_PIPELINE_NAME: SERVICE,
        cicd.CICD_PIPELINE_RUN_ID: run,
        cicd.CICD_PIPELINE_ACTION_NAME: cicd.CicdPipelineActionNameValues.RUN.value,
    }


def scenario_attributes(scenario: str, owner: str, attempt: int) -> Attributes:
    return _SYNTHETIC | {
        test.TEST_SUITE_NAME: SERVICE,
        test.TEST_CASE_NAME: scenario,
        cicd.CICD_PIPELINE_TASK_NAME: scenario,
        cicd.CICD_PIPELINE_TASK_TYPE: cicd.CicdPipelineTaskTypeValues.TEST.value,
        "wealist.probes.attempt": attempt,
        "wealist.probes.owner": owner,
    }


def exchange_attributes(
    kind: str, method: str, url: str, asked: str = ""
) -> tuple[str, Attributes]:
    """Name and attributes of a client span; `url` is the one that was `asked`, redacted. Of a TLS
    handshake only the server is said.
    """
    parts = urlsplit(asked or url)
    ours: Attributes = _SYNTHETIC | {
        "wealist.probes.exchange": kind,
        server_attributes.SERVER_ADDRESS: parts.hostname or "",
    }
    if port := _port(parts):
        ours[server_attributes.SERVER_PORT] = port
    if kind == "tls":
        return "TLS", ours
    ours[url_attributes.URL_FULL] = url
    if method in METHODS:
        return method, ours | {http_attributes.HTTP_REQUEST_METHOD: method}
    original = {http_attributes.HTTP_REQUEST_METHOD_ORIGINAL: method}
    return "HTTP", ours | original | {http_attributes.HTTP_REQUEST_METHOD: "_OTHER"}


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port or USUAL_PORTS.get(parts.scheme)
    except ValueError:  # a presigned URL may be that broken, and then it is evidence
        return None


def correct_url(span: Span, kind: str, url: str) -> None:
    """Say `url`, redacted by what the answer has told as well."""
    if kind != "tls":
        span.set_attribute(url_attributes.URL_FULL, url)


def end_exchange(span: Span, status: int | None, error: str | None) -> None:
    """End an exchange. A 4xx is no error by itself: probes ask to be refused; the scenario's span
    judges.
    """
    kind = (error or "").partition(":")[0]
    if status is not None:
        span.set_attribute(http_attributes.HTTP_RESPONSE_STATUS_CODE, status)
        kind = kind or (str(status) if status >= 500 else "")
    if kind and kind != "CancelledError":  # what we gave up on purpose is nobody's error
        span.set_attribute(error_attributes.ERROR_TYPE, encodable(kind))
        description = encodable(error) if error else None
        span.set_status(Status(StatusCode.ERROR, description))
    span.end()


def end_scenario(span: Span, verdict: Verdict, finding: Finding | None) -> None:
    """End an attempt: unset status when the promise held, ERROR and the finding's code when not."""
    span.set_attribute(test.TEST_CASE_RESULT_STATUS, _STATUS.get(verdict, "error"))
    span.set_attribute(cicd.CICD_PIPELINE_TASK_RUN_RESULT, _RESULT.get(verdict, "error"))
    if verdict in {Verdict.BROKEN, Verdict.UNKNOWN}:
        code = finding.code if finding else Code.UNKNOWN
        description = encodable(f"{code}: {finding.observed}") if finding else None
        span.set_attribute(error_attributes.ERROR_TYPE, str(code))
        span.set_status(Status(StatusCode.ERROR, description))
    elif finding:
        span.set_attribute("wealist.probes.finding", str(finding.code))
    span.end()


def end_run(span: Span, verdicts: list[Verdict], ended: str) -> None:
    """End the run: `failure` is the target's, `error` the suite's own, as in
    cicd.pipeline.result.
    """
    result = _CUT_SHORT.get(ended) or {0: "success", 1: "failure"}.get(exit_code(verdicts), "error")
    span.set_attribute(cicd.CICD_PIPELINE_RESULT, result)
    span.set_attribute(test.TEST_SUITE_RUN_STATUS, _SUITE_STATUS.get(result, "aborted"))
    if result != "success":
        span.set_attribute(error_attributes.ERROR_TYPE, result)
        span.set_status(Status(StatusCode.ERROR, f"the run ended: {ended}"))
    span.end()
