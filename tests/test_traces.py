"""A run reads back the trace of a request that a service failed."""

from tests.conftest import Probe, Replica

IMAGE = "workspace/a-profile-image-is-kept"


def test_a_failed_request_quotes_the_first_span_in_error(replica: Replica, probe: Probe) -> None:
    """With its service and its words; the cluster's log alone would not name the span."""
    replica.set_faults(["profile-image-is-not-saved"])
    run = probe("--env", str(replica.environment), "--no-confirm", "-k", "a_profile_image")
    (finding,) = [s.finding for s in run.report.scenarios if s.id == IMAGE]
    assert finding, run.output
    rungs = {rung.name: rung.detail for rung in finding.rungs}
    assert "user-service's span 'gorm.Query' ended in error: violates foreign" in rungs["trace"]
