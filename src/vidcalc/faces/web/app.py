"""The HTTP of it: routes, what they take, and the few answers that are not a door's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vidcalc.faces import words
from vidcalc.faces.web.answers import ANSWERED, speaking
from vidcalc.faces.web.doors import DOORS
from vidcalc.faces.web.guard import Guard
from vidcalc.faces.web.workers import Busy, Failed, TooLong, Workers
from vidcalc.faces.words import _

JSON = "application/json"
LISTED = ("catalog", "words")  # which nothing but the language changes
BUSY, FAILED, NOT_FOUND = 503, 500, 404


class Api:
    """The doors over HTTP."""

    def __init__(self, workers: Workers) -> None:
        self.workers = workers

    async def post(self, request: Request) -> Response:
        """POST /api/v1/NAME."""
        name = request.path_params["name"]
        if name not in DOORS and name not in ANSWERED:
            return failed(NOT_FOUND, _("there is no {path} here", path=request.url.path))
        return await self.asked(name, await request.body(), language(request))

    async def explain(self, request: Request) -> Response:
        """POST /api/v1/explain: a page's {"asked", "path"}, or the command's own question."""
        body = await request.body()
        name = "explained" if b'"path"' in body else "explain"
        return await self.asked(name, body, language(request))

    async def get(self, request: Request) -> Response:
        """GET /api/v1/catalog, /api/v1/words."""
        lang = language(request)
        found = await self.asked(request.url.path.rpartition("/")[2], msgspec.json.encode({"lang": lang}), lang)
        found.headers["cache-control"] = "public, max-age=3600"
        return found

    async def asked(self, name: str, body: bytes, lang: str) -> Response:
        """What a door answers."""
        status, said = FAILED, b""
        try:
            status, said = await self.workers.ask(name, body, lang)
        except Busy:
            with speaking(lang):
                return failed(BUSY, _("too many questions at once; ask again in a moment"))
        except TooLong:
            with speaking(lang):
                seconds = f"{self.workers.seconds:g}"
                return failed(
                    BUSY, _("the answer takes longer than {seconds} s, which is the most here", seconds=seconds)
                )
        except Failed:
            pass
        return failed(FAILED, "") if status == FAILED else Response(said, status, media_type=JSON)


def failed(status: int, message: str) -> Response:
    """An answer in place of a door's."""
    said = {"flag": "", "value": None, "allowed": [], "nearest": None, "message": message}
    return Response(msgspec.json.encode({"error": said}), status, media_type=JSON)


def language(request: Request) -> str:
    """The language that a request asks for: ?lang=, else the first that there are words for of Accept-Language."""
    known = words.languages()
    asked = request.query_params.get("lang", "")
    if asked in known:
        return asked
    for part in request.headers.get("accept-language", "").split(",")[:16]:
        word = part.partition(";")[0].strip().partition("-")[0].casefold()
        if word in known:
            return word
    return words.SOURCE


async def healthy(request: Request) -> Response:
    """GET /healthz."""
    return Response(b'{"status":"ok"}', media_type=JSON)


def app(workers: Workers) -> Any:
    """The application; its workers live as long as it."""
    api = Api(workers)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await workers.begin()
        try:
            yield
        finally:
            await workers.end()

    routes = [
        Route("/healthz", healthy),
        *(Route(f"/api/v1/{name}", api.get) for name in LISTED),
        Route("/api/v1/explain", api.explain, methods=["POST"]),
        Route("/api/v1/{name}", api.post, methods=["POST"]),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Guard)], lifespan=lifespan)
