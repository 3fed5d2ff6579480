"""What stands before every route: no body beyond a bound, no answer without the headers that browsers go by."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.requests import Request

from vidcalc.faces.web.failures import TOO_LARGE, failure, language

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

LARGEST = 2**18  # bytes of a body
UPLOAD = 2**23 + 2**16  # of a file that is read
UPLOADS = "/api/v1/read"

CONTENT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
ENCODED = [(name.encode(), value.encode()) for name, value in HEADERS.items()]


class Guard:
    """Wraps an application."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Pass a request on with its body bounded and its answer headed."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = UPLOAD if scope["path"] == UPLOADS else LARGEST
        stated = dict(scope["headers"]).get(b"content-length", b"0")
        taken, started = 0, False

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise Overlong
            return message

        async def headed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", ()), *ENCODED]
            await send(message)

        try:
            if not stated.isdigit() or int(stated[:20]) > most:
                raise Overlong
            await self.app(scope, bounded, headed)
        except Overlong:
            if not started:
                await headed(
                    {"type": "http.response.start", "status": 413, "headers": [(b"content-type", b"application/json")]}
                )
                said = failure(TOO_LARGE, language(Request(scope)))
                await send({"type": "http.response.body", "body": said})


class Overlong(Exception):
    """A body beyond the bound."""
