"""`python bare.py WORK`: the questions by httpx alone, eight at a time, each answer read as JSON.

The least that Python asks for: it imports httpx and nothing of the suite.
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

AT_ONCE = 8


async def ask(work: dict[str, Any]) -> None:
    trust = ssl.create_default_context()
    trust.load_verify_locations(work["ca"])
    free = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(verify=trust, timeout=30) as client:

        async def one(url: str, headers: dict[str, str]) -> None:
            host = urlsplit(url).hostname
            local = httpx.URL(url).copy_with(host="127.0.0.1")
            named = {"host": urlsplit(url).netloc, **headers}
            async with free:
                answer = await client.get(local, headers=named, extensions={"sni_hostname": host})
            answer.raise_for_status()
            answer.json()

        await asyncio.gather(*(one(each["url"], each["headers"]) for each in work["questions"]))


asyncio.run(ask(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
