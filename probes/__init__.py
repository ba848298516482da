"""The library of weAlist probes: one module for each protocol or concern."""

import sys

__version__ = "0.2.0"

# Neither httpx's command line (click, pygments, rich's progress bars) nor HTTP/2 is ever used, and
# both are a tenth of what a run would import. The libraries do without what is not there.
for _unused in ("httpx._main", "httpcore._async.http2", "httpcore._sync.http2"):
    sys.modules.setdefault(_unused, None)  # type: ignore[arg-type]
