"""The HTTP of it: which route opens which door, in which language, and the page's own files."""

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from vidcalc.faces import words
from vidcalc.faces.web import batch, static
from vidcalc.faces.web.answers import ANSWERED
from vidcalc.faces.web.doors import OK, READ, REFUSED
from vidcalc.faces.web.failures import BROKEN, BUSY, NOWHERE, TOO_LONG, TOO_MANY, failure, language
from vidcalc.faces.web.guard import HEADERS, Guard
from vidcalc.faces.web.remembered import Remembered
from vidcalc.faces.web.static import Held
from vidcalc.faces.web.workers import Busy, Failed, TooLong, Workers

JSON, ROWS, HTML = "application/json", "application/x-ndjson", "text/html; charset=utf-8"
POSTED = ("page", "curve")  # doors that are asked with a body
LISTED = ("catalog", "words")  # which nothing but the language changes
WAITS, FAILED, MISSING = 503, 500, 404
SOON = {"retry-after": "1"}
LATER = "public, max-age=3600"


class Api:
    """The doors over HTTP, and the page's files."""

    def __init__(self, workers: Workers) -> None:
        self.workers, self.known = workers, Remembered()
        self.files: dict[str, Held] = static.held()

    async def post(self, request: Request) -> Response:
        """POST /api/v1/NAME: a command, or a door of the page."""
        name = request.path_params["name"]
        if name not in POSTED and name not in ANSWERED:
            raise HTTPException(MISSING)
        return packed(request, *await self.asked(name, await request.body(), language(request)))

    async def read(self, request: Request) -> Response:
        """POST /api/v1/read?name=FILE: the question that a file asks."""
        file = request.query_params.get("name", "")
        return packed(request, *await self.asked(READ, await request.body(), language(request), file))

    async def listed(self, request: Request) -> Response:
        """GET /api/v1/catalog, /api/v1/words."""
        name, lang = request.url.path.rpartition("/")[2], language(request)
        status, said = await self.asked(name, b"", lang)
        return packed(request, status, said, headers={"cache-control": LATER} if status == OK else None)

    async def openapi(self, request: Request) -> Response:
        """GET /openapi.json."""
        return packed(request, *await self.asked("openapi", b"", words.SOURCE))

    async def batch(self, request: Request) -> Response:
        """POST /api/v1/batch: JSON Lines in and out."""
        lines = [line for line in (await request.body()).splitlines() if line.strip()]
        lang = language(request)
        if len(lines) > batch.MOST:
            return packed(request, REFUSED, failure(TOO_MANY, lang, most=batch.MOST))
        return StreamingResponse(batch.answers(self.workers, lines, lang), media_type=ROWS)

    async def first(self, request: Request) -> Response:
        """GET /: the page with the answer to the question in its address."""
        lang = language(request)
        link = request.query_params.get("q", "")[:8000]
        status, said = await self.asked("first", msgspec.json.encode({"q": link}), lang)
        found = msgspec.json.decode(said) if status == OK else {"title": "vidcalc", "html": ""}
        content = static.index(self.files, lang, found["title"], found["html"])
        return packed(request, OK, content, HTML, {"cache-control": "no-cache"})

    async def file(self, request: Request) -> Response:
        """GET /FILE: one of the page's own."""
        found = self.files.get(request.path_params["path"])
        if found is None:
            raise HTTPException(MISSING)
        head = {"etag": found.tag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == found.tag:
            return Response(status_code=304, headers=head)
        if found.compressed and takes_gzip(request):
            head |= {"content-encoding": "gzip", "vary": "accept-encoding"}
            return Response(found.compressed, headers=head, media_type=found.kind)
        return Response(found.content, headers=head, media_type=found.kind)

    async def asked(self, name: str, body: bytes, lang: str, file: str = "") -> tuple[int, bytes]:
        """What a door answers, or what is said in its place."""
        question = hashlib.sha256(f"{name} {lang} ".encode() + body).digest()
        known = None if name == READ else self.known.get(question)
        if known is not None:
            return known
        try:
            status, said = await self.workers.ask(name, body, lang, file)
        except Busy:
            return WAITS, failure(BUSY, lang)
        except TooLong:
            return WAITS, failure(TOO_LONG, lang, seconds=f"{self.workers.seconds:g}")
        except Failed:
            return FAILED, failure(BROKEN, lang)
        if status == FAILED:
            return FAILED, failure(BROKEN, lang)
        if name != READ:
            self.known.put(question, (status, said))
        return status, said


def packed(
    request: Request, status: int, content: bytes, kind: str = JSON, headers: dict[str, str] | None = None
) -> Response:
    """An answer, compressed where that is worth it."""
    head = {"vary": "accept-encoding, accept-language", **(SOON if status == WAITS else {}), **(headers or {})}
    if len(content) > static.SMALL and takes_gzip(request):
        content = gzip.compress(content, 1)
        head["content-encoding"] = "gzip"
    return Response(content, status, headers=head, media_type=kind)


def takes_gzip(request: Request) -> bool:
    """Whether the client reads gzip."""
    return "gzip" in request.headers.get("accept-encoding", "")


async def healthy(request: Request) -> Response:
    """GET /healthz."""
    return Response(b'{"status":"ok"}', media_type=JSON)


async def refused(request: Request, error: Exception) -> Response:
    """What HTTP itself refuses: a path or a method that there is not."""
    status = error.status_code if isinstance(error, HTTPException) else FAILED
    message = failure(BROKEN if status == FAILED else NOWHERE, language(request), path=request.url.path[:200])
    headers = HEADERS if status == FAILED else getattr(error, "headers", None)  # a fault is answered outside the guard
    return Response(message, status, headers=headers, media_type=JSON)


def app(workers: Workers) -> Any:
    """The application; its workers live as long as it."""
    api = Api(workers)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await workers.begin()
        first = [asyncio.ensure_future(api.asked("first", b'{"q":""}', lang)) for lang in words.languages()]
        try:
            yield
        finally:
            for each in first:
                each.cancel()
            await workers.end()

    handlers: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
        HTTPException: refused,
        FAILED: refused,
    }
    routes = [
        Route("/", api.first),
        Route("/healthz", healthy),
        Route("/openapi.json", api.openapi),
        *(Route(f"/api/v1/{name}", api.listed) for name in LISTED),
        Route("/api/v1/read", api.read, methods=["POST"]),
        Route("/api/v1/batch", api.batch, methods=["POST"]),
        Route("/api/v1/{name}", api.post, methods=["POST"]),
        Route("/{path:path}", api.file),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Guard)], lifespan=lifespan, exception_handlers=handlers)
