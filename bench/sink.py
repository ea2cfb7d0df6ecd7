"""`python -m bench.sink`: a mail server on loopback that takes every letter, and counts how often it had each.

It prints its port, then, told by SIGTERM to end, its counts as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import time
from collections import Counter

from aiosmtpd.smtp import SMTP, Envelope, Session

_ID = re.compile(rb"^Message-ID: <([^@>]+)@", re.MULTILINE | re.IGNORECASE)


class Sink:
    """Called with each letter."""

    def __init__(self) -> None:
        self.letters: Counter[bytes] = Counter()
        self.sessions: set[int] = set()
        self.octets = 0

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take it."""
        content = envelope.original_content or b""
        found = _ID.search(content)
        self.letters[found[1] if found else b"none"] += 1
        self.sessions.add(id(session))
        self.octets += len(content)
        return "250 taken"


async def serve() -> None:
    """Until SIGTERM."""
    sink, loop, stop, connections = Sink(), asyncio.get_running_loop(), asyncio.Event(), Counter[str]()

    def connected() -> SMTP:
        connections["made"] += 1
        return SMTP(sink, hostname="localhost", loop=loop)

    loop.add_signal_handler(signal.SIGTERM, stop.set)
    server = await loop.create_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()
    told = {
        "letters": sink.letters.total(),
        "messages": len(sink.letters),
        "connections": connections["made"],
        "octets": sink.octets,
        "processor_seconds": time.process_time(),
    }
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
