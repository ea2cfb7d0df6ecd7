"""Links and a picture that tell of clicks and opens, signed: what nobody of ours wrote leads nowhere. Pure.

A link carries where it leads, so nothing is kept for it; the signature covers the message, the link's place and the
address. Links to unsubscribe and to the preference centre stay as they are.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from html import escape, unescape
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CLICK, OPEN = "/pages/click", "/pages/open"
LINKS_MAX = 200
"""Of a letter; those behind them lead where they lead."""
_SIGNATURE_BYTES = 16
_ANCHOR = re.compile(r'(<a\b[^>]*?\shref=")([^"]*)(")', re.IGNORECASE)
_END = "</body>"


class Links:
    """Signs and checks."""

    def __init__(self, secret_key: str) -> None:
        """`secret_key`: the platform's."""
        self._key = HKDF(SHA256(), 32, salt=None, info=b"mandegar links").derive(secret_key.strip().encode())

    def signature(self, message: str, link: int, url: str) -> str:
        """Of a link, by its place in the letter; the picture has place -1 and no address."""
        said = f"{message}\x1f{link}\x1f{url}".encode()
        digest = hmac.new(self._key, said, hashlib.sha256).digest()[:_SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def holds(self, message: str, link: int, url: str, signature: str) -> bool:
        """Whether it is one of ours. In constant time."""
        return hmac.compare_digest(self.signature(message, link, url).encode(), signature.encode("utf-8", "replace"))

    def tracked(self, html: str, message: str, base: str) -> str:
        """A letter whose links lead over `base`, with the picture at its end."""
        places = iter(range(LINKS_MAX))

        def one(found: re.Match[str]) -> str:
            url = unescape(found[2])
            place = None if _stays(url, base) else next(places, None)
            if place is None:
                return found[0]
            path = f"{base}{CLICK}/{message}/{place}/{self.signature(message, place, url)}?to={quote(url, safe='')}"
            return found[1] + escape(path) + found[3]

        made = _ANCHOR.sub(one, html)
        picture = f"{base}{OPEN}/{message}/{self.signature(message, -1, '')}.gif"
        shown = f'<img src="{escape(picture)}" width="1" height="1" alt="">'
        at = made.rfind(_END)
        return made + shown if at < 0 else made[:at] + shown + made[at:]


def _stays(url: str, base: str) -> bool:
    return not url.startswith(("https://", "http://")) or url.startswith(f"{base}/pages/")
