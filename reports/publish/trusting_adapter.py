"""TLS of what is sent by `requests`, in a module of its own: 100 ms that only sending is worth."""

import ssl
from typing import Any

from requests.adapters import HTTPAdapter


class TrustingAdapter(HTTPAdapter):
    """Trusts the system's authorities, and what a run has named to `requests`
    (probes/config/authorities.py).
    """

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        options["ssl_context"] = ssl.create_default_context()
        super().init_poolmanager(*arguments, **options)
