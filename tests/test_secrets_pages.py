"""No trace of a page gives a secret away. The fault matrix searches those of pages that break; some
faults are run here with the traces of all pages.
"""

import pytest

from tests.conftest import Probe, Replica
from tests.support.leaks import everything, leaks

# Together they break a page in each way: sign-out, refresh, sockets, uploads.
BREAK_PAGES = [
    ["page-reconnects-with-stale-token", "page-loses-image-url", "services-ignore-expiry"],
    ["gateway-replays-refresh", "bucket-cors-forgets-put"],
]


@pytest.mark.parametrize("faults", BREAK_PAGES, ids="+".join)
def test_the_traces_of_broken_pages_hold_no_secret(
    faults: list[str], replica: Replica, probe: Probe
) -> None:
    """What the replica has handed out stands in none, unzipped."""
    replica.set_faults(faults)
    run = probe(
        "--env",
        str(replica.environment),
        "--no-confirm",
        "--page-traces",
        "always",
        "-k",
        "page_session",
    )
    assert run.code == 1, run.output
    unzipped = {name.partition(":")[0] for name, _ in everything(run) if ".zip:" in name}
    assert len(unzipped) >= 3, run.output
    assert leaks(run, replica.secrets()) == []
