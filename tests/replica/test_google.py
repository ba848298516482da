"""What stands for Google: what it is told, and what a machine without Node is told."""

import json
import shutil
from pathlib import Path

import pytest

from replica import google
from replica.google import Account, Google
from replica.infra.processes import ChildError

GOOGLE = Google("https://accounts.google.localhost:1", Path("google.sock"))


def test_the_provider_learns_where_people_may_come_back_to() -> None:
    """Address, socket, client, accounts, in one variable."""
    told = json.loads(
        google.environment_variables(GOOGLE, ["https://a/b"], [Account("a@b", "A")])["GOOGLE"]
    )
    assert told["redirectUris"] == ["https://a/b"]
    assert told["accounts"] == [{"email": "a@b", "name": "A"}]
    assert (told["clientId"], told["clientSecret"]) == (GOOGLE.client_id, GOOGLE.client_secret)


def test_the_client_s_secret_is_not_shown() -> None:
    """Not even in a traceback."""
    assert GOOGLE.client_secret not in repr(GOOGLE)


def test_a_machine_without_node_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And so is a clone whose packages are not installed."""
    with monkeypatch.context() as patch:
        patch.setattr(google, "FOLDER", tmp_path)
        with pytest.raises(ChildError, match="make setup"):
            google.command()
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(ChildError, match="install Node 20"):
        google.command()
