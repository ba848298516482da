"""A notice to every channel that PROBES_NOTICE_URLS names, through Apprise: Discord, Slack, mail, a
webhook.

The addresses are secrets: whoever has a Discord webhook's address may write there.
"""

import logging
import re

from apprise import Apprise, NotifyFormat, NotifyType

# Apprise logs the addresses that it cannot read.
logging.getLogger("apprise").disabled = True


def strange(urls: str) -> str:
    """What is wrong with the addresses themselves; empty where Apprise knows all of them."""
    addresses = _apart(urls)
    unknown = sum(Apprise.instantiate(address) is None for address in addresses)
    return (
        f"{unknown} of {len(addresses)} addresses in PROBES_NOTICE_URLS are none that Apprise knows"
        if unknown
        else ""
    )


def send(urls: str, title: str, body: str, *, bad: bool) -> str:
    """Empty when all took it; else how many did not. Addresses stand apart by spaces or commas."""
    if wrong := strange(urls):
        return wrong
    addresses, kind = _apart(urls), NotifyType.FAILURE if bad else NotifyType.SUCCESS
    # One by one: that the second refuses is no reason to think that the first did not hear.
    failed = sum(
        not Apprise(a).notify(body, title, kind, body_format=NotifyFormat.MARKDOWN)
        for a in addresses
    )
    return f"{failed} of {len(addresses)} channels did not take it" if failed else ""


def _apart(urls: str) -> list[str]:
    return [url for url in re.split(r",?\s+|,(?=[a-z][a-z0-9+]*://)", urls.strip()) if url]
