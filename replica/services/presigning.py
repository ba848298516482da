"""Upload URLs of board, chat and user, and the ways in which one of them signs wrongly (contract
§4.3, §4.5).
"""

from dataclasses import replace

from replica.s3_objects import Signer, public_signer
from replica.state import ReplicaState

PUT_SECONDS = 300
SECONDS_OF_A_SLIP = 20
NO_KEY = "ASIA" + "D" * 16


def upload_url(state: ReplicaState, service: str, key: str) -> str:
    """A presigned PUT of `key`, as `service` signs it."""
    signer, seconds = _signer(state, service), PUT_SECONDS
    if service == "chat" and state.is_fault_active("chat-presigns-for-seconds"):
        seconds = SECONDS_OF_A_SLIP
    if service == "user" and state.is_fault_active("user-presigns-for-reading"):
        return signer.get(key, "probe.png", seconds)
    return signer.put(key, seconds)


def _signer(state: ReplicaState, service: str) -> Signer:
    right = public_signer(state.bucket)
    if service == "user" and state.is_fault_active("user-presigns-over-http"):
        return replace(right, root=right.root.replace("https:", "http:", 1))
    if service != "board":
        return right
    if state.is_fault_active("board-presigns-with-dead-key"):
        return replace(right, access_key=NO_KEY)
    if state.is_fault_active("board-presigns-for-yesterday"):
        return replace(right, days_ago=1)
    if state.is_fault_active("board-presigns-for-another-service"):
        return replace(right, service="execute-api")
    return right
