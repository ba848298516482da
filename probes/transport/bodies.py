"""Read the body of an answer, as much of it as a promise could need: one that does not end, or that
unpacks to no end, is a finding, and does not take this process's memory.
"""

import zlib
from collections.abc import AsyncIterator, Callable

import httpx

LIMIT_BYTES = 8 * 2**20
# Of a body that is too long this much is evidence; redacted whole, a dozen take a gigabyte.
EVIDENCE_BYTES = 64 * 2**10
# What is asked for, and what is unpacked here (RFC 9110 8.4.1).
ACCEPTED = "gzip, deflate"
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_RAW_DEFLATE = -zlib.MAX_WBITS


class BodyTooLongError(Exception):
    """The body goes on after LIMIT_BYTES; `head` is how it began."""

    def __init__(self, kept: bytes) -> None:
        super().__init__(f"more than {LIMIT_BYTES // 2**20} MiB")
        self.head = kept


async def read(response: httpx.Response) -> bytes:
    """The whole body, unpacked. Raises BodyTooLongError, and what httpx raises of a connection."""
    unpack = _unpacker(response.headers.get("content-encoding", ""))
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += unpack(chunk, LIMIT_BYTES + 1 - len(body))
        if len(body) > LIMIT_BYTES:
            raise BodyTooLongError(bytes(body[:EVIDENCE_BYTES]))
    return bytes(body)


class LimitedStream(httpx.AsyncByteStream):
    """A body that is read as it comes, for as long as it is open. Raises httpx.ReadError."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream, self._left = stream, LIMIT_BYTES

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                raise httpx.ReadError(f"more than {LIMIT_BYTES // 2**20} MiB came")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Unpacker:
    """Unpacks gzip, zlib's and raw deflate; httpx unpacks a whole chunk, whatever it makes."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._begun = False

    def __call__(self, chunk: bytes, limit_bytes: int) -> bytes:
        try:
            unpacked = self._stream.decompress(chunk, limit_bytes)
        except zlib.error as error:
            if self._begun:
                raise httpx.DecodingError(str(error)) from error
            unpacked = self._begin_raw(chunk, limit_bytes)
        self._begun = True
        return unpacked

    def _begin_raw(self, chunk: bytes, limit_bytes: int) -> bytes:
        """Some servers mean RFC 1951 where they say deflate."""
        self._stream = zlib.decompressobj(_RAW_DEFLATE)
        try:
            return self._stream.decompress(chunk, limit_bytes)
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from error


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    if encoding.strip().lower() in ("gzip", "x-gzip", "deflate"):
        return _Unpacker()
    return lambda chunk, limit: chunk[:limit]
