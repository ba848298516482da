"""Presigned URLs, and the services' own way into the bucket."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from replica.s3_objects import BucketObjects, public_signer
from replica.service_settings import BucketSettings

BUCKET = BucketSettings(
    "http://127.0.0.1:9", "b.s3.test:1", "b", "eu-x", "ASIAX", "secret", "token"
)


def test_a_put_url_signs_its_host_only() -> None:
    """Virtual host, path escaped, key, region and token in the query, as the SDK writes them."""
    url = urlsplit(public_signer(BUCKET).put("a/노 트.txt", 300))
    query = parse_qs(url.query)
    assert (url.scheme, url.netloc, url.path) == (
        "https",
        "b.s3.test:1",
        "/a/%EB%85%B8%20%ED%8A%B8.txt",
    )
    assert query["x-id"] == ["PutObject"]
    assert query["X-Amz-Credential"][0].split("/")[0::2] == ["ASIAX", "eu-x", "aws4_request"]
    assert query["X-Amz-SignedHeaders"] == ["host"]
    assert (query["X-Amz-Expires"], query["X-Amz-Security-Token"]) == (["300"], ["token"])


def test_a_get_url_names_the_file_to_save_as() -> None:
    """Signed for the host alone."""
    query = parse_qs(urlsplit(public_signer(BUCKET).get("k", "노트.txt", 3600)).query)
    assert query["response-content-disposition"] == ['attachment; filename="노트.txt"']
    assert query["X-Amz-SignedHeaders"] == ["host"]


def test_credentials_without_a_token_send_none() -> None:
    """A long-lived key has no session."""
    signer = replace(public_signer(BUCKET), session_token=None)
    assert "X-Amz-Security-Token" not in signer.put("k", 1)


@pytest.fixture
async def heard() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A loopback server that takes everything but /b/refused, and what it heard."""
    lines: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines.append(head.split(b"\r\n")[0])
        status = b"403 Forbidden" if b"/b/refused" in head else b"204 No Content"
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}", lines


async def test_objects_are_put_and_removed_inside(heard: tuple[str, list[bytes]]) -> None:
    """By the internal endpoint, path style, signed."""
    endpoint, lines = heard
    objects = BucketObjects(replace(BUCKET, endpoint=endpoint))
    await objects.put("a/k.txt", b"")
    await objects.remove("a/k.txt")
    assert [line.split(b"?")[0] for line in lines] == [b"PUT /b/a/k.txt", b"DELETE /b/a/k.txt"]
    assert all(b"X-Amz-Signature=" in line for line in lines)


async def test_a_refusal_of_the_bucket_is_not_swallowed(heard: tuple[str, list[bytes]]) -> None:
    """Else a delete that failed would pass for one that worked."""
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        await BucketObjects(replace(BUCKET, endpoint=heard[0])).remove("refused")
