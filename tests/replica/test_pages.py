"""What lies in the site's bucket."""

import json
import re

from replica.keys import SigningKey
from replica.pages import LIVEKIT, site
from replica.settings import BucketSettings, Hosts
from replica.world import World

KEY = SigningKey()
BUCKET = BucketSettings("http://127.0.0.1:9", "b.s3.test:1", "b", "eu-x", "ASIAX", "s", "t")


def test_the_site_names_every_asset_it_loads() -> None:
    """What index.html and the modules name is in the site, with the type a browser wants."""
    pages = site(World.seeded(Hosts("", "https://api.test", "", ""), BUCKET, key=KEY))
    named = set(re.findall(r'(?:src|href)="/([^"]+)"', pages["index.html"][0].decode()))
    for path, (body, _) in pages.items():
        if path not in {"index.html", LIVEKIT}:
            named |= {f"assets/{name}" for name in re.findall(r'from "\./([^"]+)"', body.decode())}
            named |= set(re.findall(r'"/(assets/[^"]+)"', body.decode()))
    assert named == set(pages) - {"index.html"}
    kinds = {path.rpartition(".")[2]: kind for path, (_, kind) in pages.items()}
    assert kinds == {"html": "text/html", "js": "text/javascript", "css": "text/css"}


def test_only_config_js_knows_of_page_faults() -> None:
    """Faults of the edge and the services are none of its business."""
    world = World.seeded(Hosts("", "https://api.test:1", "", ""), BUCKET, key=KEY)
    before = site(world)
    world.faults = {"page-shows-empty-drive", "sockets-race-to-refresh", "socket-refuses-with-500", "service-hangs"}
    after = site(world)
    assert [path for path in after if after[path] != before[path]] == ["config.js"]
    env = json.loads(after["config.js"][0].decode().removeprefix("window.__ENV__ = ").rstrip(";\n"))
    assert env == {
        "API_BASE_URL": "",
        "API_DOMAIN": "api.test:1",
        "SCALE": 0.1,
        "FAULTS": ["page-shows-empty-drive", "sockets-race-to-refresh"],
    }
