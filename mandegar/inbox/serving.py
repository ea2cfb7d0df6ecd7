"""An inbox that listens: SMTP and pages, on this machine alone."""

from __future__ import annotations

import threading
from http.server import ThreadingHTTPServer
from types import TracebackType

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from mandegar.inbox.letters import Letters
from mandegar.inbox.pages import Pages
from shared.kernel import SystemClock

HOST = "127.0.0.1"
LETTER_BYTES_MAX = 5 << 20


class Inbox:
    """Listens between `__enter__` and `__exit__`. OSError where a port is taken."""

    def __init__(self, smtp_port: int, http_port: int, letters: Letters | None = None) -> None:
        self.letters = letters or Letters(SystemClock())
        self._smtp = Controller(
            _Keeper(self.letters),
            hostname=HOST,
            port=smtp_port,
            data_size_limit=LETTER_BYTES_MAX,
            enable_SMTPUTF8=True,
        )
        pages = type("PagesOfOne", (Pages,), {"letters": self.letters})
        self._http = ThreadingHTTPServer((HOST, http_port), pages)
        self._thread = threading.Thread(target=self._http.serve_forever, name="pages", daemon=True)
        self.smtp_port = smtp_port
        self.url = f"http://{HOST}:{self._http.server_address[1]}"

    def __enter__(self) -> Inbox:
        try:
            self._smtp.start()
        except BaseException:
            self._http.server_close()
            raise
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._smtp.stop()
        self._http.shutdown()
        self._thread.join(5)
        self._http.server_close()


class _Keeper:
    """What aiosmtpd calls for each letter."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content
        if not isinstance(content, bytes):
            return "550 a letter is bytes"
        self._letters.add(envelope.mail_from or "", envelope.rcpt_tos, content)
        return "250 kept, not delivered"
