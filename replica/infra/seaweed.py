"""SeaweedFS as the replica's S3: what it listens on, whom it knows, and what the pods' role may do.

Chosen because it checks SigV4 fully, enforces bucket CORS and issues session tokens as EKS Pod
Identity does (contract §4.3); moto and its kin accept any signature. Its telemetry is on by default
and is switched off here.
"""

import base64
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from replica.infra.ports import LOOPBACK, Ports
from replica.infra.processes import program

REGION = "ap-northeast-2"
DOMAIN = f"s3.{REGION}.wealist.localhost"
FILES = "wealist-replica-files"
SITE = "wealist-replica-site"
POD_ROLE = "arn:aws:iam::role/wealist-replica-pod"


@dataclass(frozen=True, slots=True)
class Seaweed:
    """One SeaweedFS: its ports, and the account that sets it up, which no other replica shares."""

    s3: int
    filer: int
    others: tuple[int, ...]
    access_key: str = field(default_factory=lambda: f"AKIA{secrets.token_hex(8).upper()}")
    secret_key: str = field(default_factory=secrets.token_urlsafe)
    static_access_key: str = field(default_factory=lambda: f"AKIA{secrets.token_hex(8).upper()}")
    static_secret_key: str = field(default_factory=secrets.token_urlsafe)

    @classmethod
    def allocate(cls, ports: Ports) -> "Seaweed":
        return cls(ports.reserve(), ports.reserve(), tuple(ports.reserve() for _ in OTHER_PORTS))

    @property
    def endpoint(self) -> str:
        return f"http://{LOOPBACK}:{self.s3}"


# Unsaid, SeaweedFS takes well-known ones and others 10000 above them.
OTHER_PORTS = (
    "s3.port.grpc",
    "master.port",
    "master.port.grpc",
    "filer.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "admin.port",
    "admin.port.grpc",
)


def command(seaweed: Seaweed, folder: Path) -> list[str]:
    """The command line, after writing the two files that it names."""
    (folder / "data").mkdir()
    (folder / "s3.json").write_text(json.dumps(identities(seaweed)))
    (folder / "iam.json").write_text(json.dumps(roles()))
    flags = {
        "dir": folder / "data",
        "ip": LOOPBACK,
        "ip.bind": LOOPBACK,
        "master.telemetry": "false",
        "admin.ui": "false",
        "webdav": "false",
        "s3.config": folder / "s3.json",
        "s3.iam.config": folder / "iam.json",
        "s3.domainName": DOMAIN,
        "s3.port": seaweed.s3,
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.localSocket": folder / "s3.sock",
        "filer.port": seaweed.filer,
        "filer.disableDirListing": "true",
        "filer.localSocket": folder / "filer.sock",
        **dict(zip(OTHER_PORTS, seaweed.others, strict=True)),
    }
    return [program("weed"), "mini", *(f"-{name}={value}" for name, value in flags.items())]


def identities(seaweed: Seaweed) -> dict[str, Any]:
    """The account that deploys, a user with a static key, and the public, which reads the site as
    CloudFront does.
    """
    keys = {"accessKey": seaweed.access_key, "secretKey": seaweed.secret_key}
    static = {"accessKey": seaweed.static_access_key, "secretKey": seaweed.static_secret_key}
    files = [f"{action}:{FILES}" for action in ("Read", "Write", "List")]
    return {
        "identities": [
            {
                "name": "deployer",
                "credentials": [keys],
                "actions": ["Admin", "Read", "Write", "List"],
            },
            {"name": "static", "credentials": [static], "actions": files},
            {"name": "anonymous", "actions": [f"Read:{SITE}"]},
        ]
    }


def roles() -> dict[str, Any]:
    """The one role that pods have: it may do anything in the files bucket and nothing elsewhere."""
    resources = [f"arn:aws:s3:::{FILES}", f"arn:aws:s3:::{FILES}/*"]
    trust = {"Effect": "Allow", "Principal": "*", "Action": ["sts:AssumeRole"]}
    may = {"Effect": "Allow", "Action": ["s3:*"], "Resource": resources}
    version = "2012-10-17"
    return {
        "sts": {
            "tokenDuration": "12h",
            "maxSessionLength": "12h",
            "issuer": "wealist-replica",
            "signingKey": base64.b64encode(secrets.token_bytes(32)).decode(),
        },
        "policy": {"defaultEffect": "Deny", "storeType": "memory"},
        "policies": [{"name": "files", "document": {"Version": version, "Statement": [may]}}],
        "roles": [
            {
                "roleName": POD_ROLE.partition("/")[2],
                "roleArn": POD_ROLE,
                "trustPolicy": {"Version": version, "Statement": [trust]},
                "attachedPolicies": ["files"],
            }
        ],
    }
