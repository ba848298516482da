"""A notice to every channel that PROBES_NOTICE_URLS names, through Apprise: Discord, Slack, mail, a webhook.

The addresses are secrets: whoever has a Discord webhook's address may write there.
"""

import logging
import re

from apprise import Apprise, NotifyFormat, NotifyType

# Apprise logs the addresses that it cannot read.
logging.getLogger("apprise").disabled = True


def send(urls: str, title: str, body: str, *, bad: bool) -> str:
    """Empty when all took it; else how many did not. Addresses stand apart by spaces or commas."""
    addresses = [url for url in re.split(r"[\s,]+(?=[a-z][a-z0-9+]*://)|\s+", urls.strip()) if url]
    channels = Apprise()
    strange = sum(not channels.add(url) for url in addresses)
    if strange:
        return f"{strange} of {len(addresses)} addresses in PROBES_NOTICE_URLS are none that Apprise knows"
    kind = NotifyType.FAILURE if bad else NotifyType.SUCCESS
    failed = sum(
        not channel.notify(body, title, kind, body_format=NotifyFormat.MARKDOWN) for channel in _each(channels)
    )
    return f"{failed} of {len(addresses)} channels did not take it" if failed else ""


def _each(channels: Apprise) -> list[Apprise]:
    """One by one: that the second refuses is no reason to think that the first did not hear."""
    return [Apprise([channel]) for channel in channels]
