"""An inbox beside the services: what they send by e-mail is seen on this machine and goes nowhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from mandegar.stack.child import Child
from mandegar.stack.server import Server

PORTS = ("inbox-smtp", "inbox")
_LINKS = {"campaigns": "MANDEGAR_PUBLIC_URL", "feedback": "MANDEGAR_SURVEY_URL"}
_SENDER = "Mandegar <shop@localhost.example>"


def environment(ports: Mapping[str, int]) -> dict[str, str]:
    """How services reach it."""
    return {
        "MANDEGAR_SMTP_HOST": "127.0.0.1",
        "MANDEGAR_SMTP_PORT": str(ports["inbox-smtp"]),
        "MANDEGAR_SMTP_TLS": "none",
        "MANDEGAR_MAIL_FROM": os.environ.get("MANDEGAR_MAIL_FROM") or _SENDER,
    }


def public_url(ports: Mapping[str, int], service: str) -> dict[str, str]:
    """Where links in letters lead: to the service's own API, unless the environment says otherwise."""
    own, setting = ports.get(f"{service}-api"), _LINKS.get(service, "")
    if own is None or not setting or os.environ.get(setting):
        return {}
    return {setting: f"http://127.0.0.1:{own}"}


def child(server: Server, ports: Mapping[str, int]) -> Child:
    """The process."""
    address = f"http://127.0.0.1:{ports['inbox']}"
    return Child(
        server=server,
        command=[
            *(sys.executable, "-m", "mandegar", "inbox"),
            *("--smtp-port", str(ports["inbox-smtp"]), "--port", str(ports["inbox"])),
        ],
        environment={},
        url=address,
        ready_url=f"{address}/readyz",
    )
