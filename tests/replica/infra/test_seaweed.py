"""How SeaweedFS is started: on loopback, telling nobody, with nothing that another replica
shares.
"""

import json
from pathlib import Path

from replica.infra import seaweed
from replica.infra.ports import Ports
from replica.infra.seaweed import Seaweed


def test_it_tells_nobody_and_listens_on_loopback(tmp_path: Path) -> None:
    """Telemetry is off, addresses are loopback, and every port is said: unsaid ones are well
    known.
    """
    with Ports() as ports:
        weed = Seaweed.allocate(ports)
        flags = dict(
            word.removeprefix("-").split("=", 1) for word in seaweed.command(weed, tmp_path)[2:]
        )
    assert flags["master.telemetry"] == "false"
    assert flags["ip"] == flags["ip.bind"] == "127.0.0.1"
    off = {"s3.port.iceberg", "s3.port.lance"}
    said = [int(value) for name, value in flags.items() if ".port" in name and name not in off]
    assert sorted(said) == sorted({weed.s3, weed.filer, *weed.others})


def test_no_two_replicas_share_a_secret(tmp_path: Path) -> None:
    """Keys and the token's signing key are new each time: a token of a past run is worth
    nothing.
    """
    with Ports() as ports:
        one, other = Seaweed.allocate(ports), Seaweed.allocate(ports)
    assert one.secret_key != other.secret_key
    assert seaweed.roles()["sts"]["signingKey"] != seaweed.roles()["sts"]["signingKey"]


def test_a_pod_may_use_the_files_bucket_only() -> None:
    """The role's one statement names the files bucket and not the site."""
    [policy] = seaweed.roles()["policies"]
    [statement] = policy["document"]["Statement"]
    assert all(seaweed.FILES in resource for resource in statement["Resource"])
    assert seaweed.SITE not in json.dumps(statement)


def test_only_the_account_that_sets_up_may_do_all() -> None:
    """Everybody else is held to one bucket, and the public to reading the site (as CloudFront
    does).
    """
    with Ports() as ports:
        known = seaweed.identities(Seaweed.allocate(ports))["identities"]
    may = {identity["name"]: identity["actions"] for identity in known}
    assert "Admin" in may.pop("deployer")
    assert may.pop("anonymous") == [f"Read:{seaweed.SITE}"]
    assert all(
        action.endswith(f":{seaweed.FILES}") for actions in may.values() for action in actions
    )
