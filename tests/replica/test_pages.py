"""What lies in the site's bucket."""

import json
import re
from pathlib import Path

import pytest

from replica import pages
from replica.infra.processes import ChildError
from replica.pages import LIVEKIT, site
from replica.service_settings import BucketSettings, PublicHosts
from replica.signing_key import SigningKey
from replica.state import ReplicaState

KEY = SigningKey()
BUCKET = BucketSettings("http://127.0.0.1:9", "b.s3.test:1", "b", "eu-x", "ASIAX", "s", "t")


def test_the_site_names_every_asset_it_loads() -> None:
    """What index.html names is in the site and nothing else is, with the type a browser wants."""
    pages = site(
        ReplicaState.with_seed_data(PublicHosts("", "https://api.test", "", ""), BUCKET, key=KEY)
    )
    named = set(re.findall(r'(?:src|href)="/([^"]+)"', pages["index.html"][0].decode()))
    named |= {LIVEKIT}  # loaded by who enters a call
    assert named == set(pages) - {"index.html"}
    kinds = {path.rpartition(".")[2]: kind for path, (_, kind) in pages.items()}
    assert kinds == {"html": "text/html", "js": "text/javascript", "css": "text/css"}


def test_a_replica_without_its_bundler_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever skipped the set-up reads what to type, and no traceback of a missing file."""
    monkeypatch.setattr(pages, "ESBUILD", tmp_path / "esbuild")
    pages._bundle.cache_clear()
    with pytest.raises(ChildError, match=r"esbuild is missing.*make setup"):
        site(
            ReplicaState.with_seed_data(
                PublicHosts("", "https://api.test", "", ""), BUCKET, key=KEY
            )
        )


def test_only_config_js_knows_of_page_faults() -> None:
    """Faults of the edge and the services are none of its business."""
    state = ReplicaState.with_seed_data(
        PublicHosts("", "https://api.test:1", "", ""), BUCKET, key=KEY
    )
    before = site(state)
    state.faults = {
        "page-shows-empty-drive",
        "sockets-race-to-refresh",
        "socket-refuses-with-500",
        "service-hangs",
    }
    after = site(state)
    assert [path for path in after if after[path] != before[path]] == ["config.js"]
    env = json.loads(after["config.js"][0].decode().removeprefix("window.__ENV__ = ").rstrip(";\n"))
    assert env == {
        "API_BASE_URL": "",
        "API_DOMAIN": "api.test:1",
        "SCALE": 0.1,
        "FAULTS": ["page-shows-empty-drive", "sockets-race-to-refresh"],
    }
