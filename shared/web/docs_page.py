"""`/docs`: Swagger UI over openapi.json, served whole by the service: nothing on it is loaded from elsewhere.

The files of Swagger UI come with the package fastapi-offline. The policy lets a browser load and ask nothing but this
service, whatever those files would like to.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib import resources

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shared.web.access import public

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_OWN, _VENDORED = "shared.web", "fastapi_offline"
_FILES = {
    "/docs": (_OWN, "page/page.html", "text/html"),
    "/docs/page.js": (_OWN, "page/page.js", "text/javascript"),
    "/docs/page.css": (_OWN, "page/page.css", "text/css"),
    "/docs/swagger-ui.js": (_VENDORED, "static/swagger-ui-bundle.js", "text/javascript"),
    "/docs/swagger-ui.css": (_VENDORED, "static/swagger-ui.css", "text/css"),
}


def page_router() -> APIRouter:
    """The page and its files. Read when they are first asked for: most processes are never asked."""
    router = APIRouter()
    for path in _FILES:
        shown = public("a page over openapi.json; holds nothing of any shop")
        router.add_api_route(path, _file, methods=["GET"], response_class=Response, openapi_extra=shown)
    return router


async def _file(request: Request) -> Response:
    plain, packed, media_type = _read(request.scope["route"].path)
    headers = {"Content-Security-Policy": PAGE_POLICY, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=media_type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(plain, media_type=media_type, headers=headers)


@cache
def _read(path: str) -> tuple[bytes, bytes, str]:
    package, name, media_type = _FILES[path]
    plain = resources.files(package).joinpath(name).read_bytes()
    return plain, gzip.compress(plain, 6, mtime=0), media_type
