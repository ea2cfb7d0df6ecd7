"""E-mail as it goes over the wire. Pure.

Written by hand where each letter differs, out of parts that the standard library encodes in C: its own EmailMessage
parses every header anew and takes a millisecond and a half, more than all else that a letter costs.
"""

from __future__ import annotations

import re
from base64 import encodebytes
from binascii import b2a_qp
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from typing import NamedTuple

_PLAIN = re.compile(r"Message-ID: <[!-~]+>\r\nList-Unsubscribe: <[!-~]+>\r\n")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
"""What nearly every address is; of others the library judges."""
_ADDRESS_LENGTH_MAX = 70
_SUBJECT = re.compile(r"[ -~]{1,60}")
"""A subject that stands in its line as it is."""
_CRLF = "\r\n"
_LINE = re.compile(r"\r\n|\r|\n")
_BOUNDARY = "=_alternative"
"""No line of a part holds it: `=_` comes of neither encoding."""
_FOREIGN = 1.25
"""Bytes to characters, above which base64 is shorter."""


class Sheet(NamedTuple):
    """An e-mail as it goes out."""

    message: str
    """Its id: what a server that knows it already takes once."""
    to: str
    sender: str
    """`Name <address>`, or the address."""
    subject: str
    text: str
    html: str
    unsubscribe: str
    now: datetime


def composed(letter: Sheet) -> bytes:
    """The letter. ValueError where an address or a header holds what it may not."""
    domain, sender = _sender(letter.sender)
    # As they are: the library folds what is long into encoded words, in which no mail program finds an address.
    own = f"Message-ID: <{letter.message}@{domain}>\r\nList-Unsubscribe: <{letter.unsubscribe}>\r\n"
    if not _PLAIN.fullmatch(own):
        raise ValueError("an address is none")
    head = (
        f"{own}{sender}{_to(letter.to)}{_subject(letter.subject)}Date: {format_datetime(letter.now)}\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"\r\n\r\n'
    )
    edge = f"--{_BOUNDARY}".encode()
    parts = b"".join(
        edge + b"\r\n" + _part(kind, said) for kind, said in (("plain", letter.text), ("html", letter.html))
    )
    return head.encode("ascii") + parts + edge + b"--\r\n"


def _part(kind: str, said: str) -> bytes:
    lines = _CRLF.join(_LINE.split(said)) + _CRLF
    content = lines.encode()
    if len(content) > len(lines) * _FOREIGN:
        encoding, body = "base64", encodebytes(content).replace(b"\n", b"\r\n")
    else:
        encoding, body = "quoted-printable", b2a_qp(content)
    head = f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode("ascii") + body + b"\r\n"


def _to(address: str) -> str:
    if len(address) <= _ADDRESS_LENGTH_MAX and _ADDRESS.fullmatch(address):
        return f"To: {address}\r\n"
    if any(character in address for character in "\r\n,;<> "):
        raise ValueError("an address is none")
    return _by_library("To", Address(addr_spec=address))


def _subject(subject: str) -> str:
    line = " ".join(subject.split())
    if not _SUBJECT.fullmatch(line) or "=?" in line:  # which would be read as an encoded word
        line = Header(line, "utf-8", header_name="Subject").encode(linesep=_CRLF)
    return f"Subject: {line}\r\n"


@lru_cache(16)
def _sender(sender: str) -> tuple[str, str]:
    """The domain, and the header."""
    name, address = parseaddr(sender)
    user, _, domain = address.rpartition("@")
    if not user or not domain:
        raise ValueError("an address is none")
    return domain, _by_library("From", Address(name, user, domain))


def _by_library(name: str, value: Address) -> str:
    made = EmailMessage(policy=POLICY)
    made[name] = value
    return made.as_bytes().decode("ascii").removesuffix("\r\n")
