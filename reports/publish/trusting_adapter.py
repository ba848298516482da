"""TLS of what is sent by `requests`, in a module of its own: 100 ms that only sending is worth."""

import ssl
from typing import Any

from requests.adapters import HTTPAdapter


class TrustingAdapter(HTTPAdapter):
    """Trusts what every client of a run trusts: the system's authorities, or those of
    SSL_CERT_FILE and SSL_CERT_DIR.
    """

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        options["ssl_context"] = ssl.create_default_context()
        super().init_poolmanager(*arguments, **options)
