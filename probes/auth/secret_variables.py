"""Tokens that people put into variables: cleaned of what a copy brings along, and refused by the
variable's name where they can be no token of ours.
"""

import re
from collections.abc import Mapping

from probes.auth.tokens import claims, seconds_left
from probes.finding import CannotAsk

_QUOTES = "\"'`"
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")  # RFC 7515 7.1


def clean(text: str) -> str:
    """`text` without what a copy brings along: spaces, line ends and quotes around it."""
    return text.strip().strip(_QUOTES).strip()


def read_token(environ: Mapping[str, str], variable: str) -> str:
    """The token in `variable`, without spaces, line ends, quotes and `Bearer `; "" where there is
    none. Raises CannotAsk for a text that is no token, for instance a placeholder.
    """
    text = clean(environ.get(variable, ""))
    text = re.sub(r"(?i)^(authorization:\s*)?bearer\s+", "", text).strip(_QUOTES)
    if text and not _TOKEN.fullmatch(text):
        raise CannotAsk(
            f"{variable} holds no token (three parts with dots between them, RFC 7519); is it a "
            "placeholder? put the token itself there"
        )
    return text


def expect_usable(token: str, variable: str, user_id: str, lasts_s: float = 0.0) -> None:
    """Raises CannotAsk where the token in `variable` is another user's, has expired, or will in
    less than `lasts_s` seconds: what it opens would be said to refuse it.
    """
    owner = claims(token).get("sub")
    if owner is not None and user_id and str(owner) != user_id:
        raise CannotAsk(
            f"the token in {variable} is of user {owner}, and the environment file says {user_id}; "
            "put that user's token there, or correct the id"
        )
    left_s = seconds_left(token)
    if claims(token).get("exp") is None:
        return
    if left_s <= 0:
        raise CannotAsk(f"the token in {variable} expired {-left_s:.0f} s ago; put a new one there")
    if left_s < lasts_s:
        raise CannotAsk(
            f"the token in {variable} expires in {left_s:.0f} s, and a scenario may take "
            f"{lasts_s:g} s; put a new one there"
        )
