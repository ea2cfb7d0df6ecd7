"""A TCP proxy before PostgreSQL that loses the replies of some COMMITs: the server commits, the client never knows.

It can also become a black hole for the connections that it has: they stay open, and nothing passes any more. Or it
resets them.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

_COMMIT = b"COMMIT;\0"


class LossyProxy:
    """`lose(n)` tells whether the reply of the n-th COMMIT is lost."""

    def __init__(self, host: str, port: int, lose: Callable[[int], bool]) -> None:
        self._host, self._port, self._lose = host, port, lose
        self.commits = self.lost = self.port = 0
        self._holes: list[asyncio.Event] = []
        self._clients: set[asyncio.StreamWriter] = set()

    def swallow(self) -> int:
        """From now on nothing passes on the connections that are open; new ones work. Gives their number."""
        holes, self._holes = self._holes, []
        for hole in holes:
            hole.set()
        return len(holes)

    def reset(self) -> int:
        """End all connections that are open by RST, whatever is on its way. Gives their number."""
        clients = list(self._clients)
        for client in clients:
            # To linger for no time means: throw away what was not sent, and send RST instead of FIN.
            client.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.transport.abort()
        return len(clients)

    async def _serve(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        try:
            server, questions = await asyncio.open_connection(self._host, self._port)
        except OSError:  # the server is away
            answers.close()
            return
        cut, hole = asyncio.Event(), asyncio.Event()
        self._holes.append(hole)
        self._clients.add(answers)

        async def up() -> None:
            while data := await client.read(1 << 16):
                if hole.is_set():
                    continue
                if data.endswith(_COMMIT):
                    self.commits += 1
                    if self._lose(self.commits):
                        self.lost += 1
                        cut.set()
                questions.write(data)
                await questions.drain()

        async def down() -> None:
            while data := await server.read(1 << 16):
                if cut.is_set():
                    return  # the answer has come, so it is committed; the client hears nothing but the end
                if hole.is_set():
                    continue
                answers.write(data)
                await answers.drain()

        tasks = [asyncio.create_task(up()), asyncio.create_task(down())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._clients.discard(answers)
            if hole in self._holes:
                self._holes.remove(hole)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for writer in (questions, answers):
                with suppress(OSError):
                    writer.close()


@asynccontextmanager
async def lossy_proxy(host: str, port: int, lose: Callable[[int], bool]) -> AsyncIterator[LossyProxy]:
    """A proxy that listens on `.port`."""
    proxy = LossyProxy(host, port, lose)
    server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
