# pyright: strict
"""Messages between the caller and the supervisors: JSON behind its length, over local sockets."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

LENGTH = struct.Struct("=I")
Message = dict[str, Any]


def packed(message: Message) -> bytes:
    """Returns the bytes of a message. ASCII, so that any text of a program survives."""
    body = json.dumps(message, separators=(",", ":")).encode("ascii")
    return LENGTH.pack(len(body)) + body


class Inbox:
    """Bytes that have arrived, cut into messages."""

    def __init__(self) -> None:
        self.buffer = bytearray()

    def add(self, data: bytes) -> Iterator[Message]:
        """Yields the messages that are complete with these bytes."""
        self.buffer += data
        while len(self.buffer) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(self.buffer)[0]
            if len(self.buffer) < end:
                return
            body = bytes(self.buffer[LENGTH.size : end])
            del self.buffer[:end]
            yield json.loads(body)
