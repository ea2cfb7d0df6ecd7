"""The pages of the inbox: a list, and each letter as it would be read. No script, nothing from elsewhere."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, StrictUndefined

from mandegar.inbox.letters import Letter, Letters

_HTML, _TEXT, _JSON = "text/html; charset=utf-8", "text/plain; charset=utf-8", "application/json"
# A letter's own styles are inline. It is shown in a frame that may run nothing, and that opens links in a new tab.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-src 'self'; frame-ancestors 'self'"
)
_ENVIRONMENT = Environment(autoescape=True, undefined=StrictUndefined)
_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{{ title }}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-inline-size: 48rem; margin: 1.5rem auto; padding-inline: 1rem }
table { border-collapse: collapse; inline-size: 100% }
td, th { text-align: start; padding: .4rem .6rem; border-block-end: 1px solid #8884; vertical-align: top }
td { overflow-wrap: anywhere }
iframe { inline-size: 100%; block-size: 36rem; border: 1px solid #8886; background: #fff }
pre { white-space: pre-wrap; overflow-wrap: anywhere }
</style>
</head>
<body>
<main>
"""
_LIST = _ENVIRONMENT.from_string(
    _HEAD
    + """<h1>Inbox</h1>
<p>What this platform has sent on this machine. Nothing leaves it.</p>
{% if letters %}
<table>
<thead><tr><th scope="col">When</th><th scope="col">To</th><th scope="col">Subject</th></tr></thead>
<tbody>
{% for letter in letters %}
<tr><td>{{ letter.received_at.strftime("%H:%M:%S") }}</td><td><bdi>{{ letter.to|join(", ") }}</bdi></td>
<td><a href="/letters/{{ letter.number }}"><bdi>{{ letter.subject or "(no subject)" }}</bdi></a></td></tr>
{% endfor %}
</tbody>
</table>
{% else %}<p>Nothing has come yet.</p>{% endif %}
</main>
</body>
</html>
"""
)
_LETTER = _ENVIRONMENT.from_string(
    _HEAD
    + """<p><a href="/">Inbox</a></p>
<h1><bdi>{{ letter.subject or "(no subject)" }}</bdi></h1>
{% if letter.html %}
<iframe title="The letter" src="/letters/{{ letter.number }}/html"
 sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>
{% endif %}
<h2>As text</h2>
<pre dir="auto">{{ letter.text or "(none)" }}</pre>
<h2>Headers</h2>
<table>
{% for name, value in letter.headers %}<tr><th scope="row">{{ name }}</th><td><bdi>{{ value }}</bdi></td></tr>
{% endfor %}
</table>
</main>
</body>
</html>
"""
)


class Pages(BaseHTTPRequestHandler):
    """`/`, `/letters/{n}`, `/letters/{n}/html`, `/letters.json?to=`, `/readyz`. A class of its own for each inbox."""

    letters: Letters
    server_version = "inbox"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        """Answer."""
        url = urlsplit(self.path)
        parts = [part for part in url.path.split("/") if part]
        if not parts:
            self._answer(_LIST.render(title="Inbox", letters=self.letters.all()), _HTML)
        elif parts in (["healthz"], ["readyz"]):
            self._answer("ok\n", _TEXT)
        elif parts == ["letters.json"]:
            to = parse_qs(url.query).get("to", [""])[0]
            found = [letter.as_json() for letter in self.letters.all(to)]
            self._answer(json.dumps(found, ensure_ascii=False), _JSON)
        elif parts[0] == "letters" and len(parts) in (2, 3) and (letter := self._letter(parts[1])) is not None:
            self._show(letter, parts[2:])
        else:
            self._answer("There is no such letter. The newest are at /\n", _TEXT, HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: what is looked at is nobody's business."""

    def _letter(self, number: str) -> Letter | None:
        return self.letters.of(int(number)) if number.isascii() and number.isdecimal() and len(number) < 10 else None

    def _show(self, letter: Letter, rest: list[str]) -> None:
        if not rest:
            self._answer(_LETTER.render(title=letter.subject or "A letter", letter=letter), _HTML)
        elif rest == ["html"] and letter.html:
            # Links of a letter lead out of the frame.
            self._answer(f'<base target="_blank">{letter.html}', _HTML)
        else:
            self._answer("This letter has no such part.\n", _TEXT, HTTPStatus.NOT_FOUND)

    def _answer(self, body: str, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)
