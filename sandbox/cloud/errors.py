"""What the cloud says when it says no. The words and the envelope are the key system's own.

    raise ApiError(404, "Command not found")                  code NOT_FOUND follows from the status
    raise invalid([problem("items[0].vatRate", "...")])       400 VALIDATION_ERROR, with details
    raise ApiError(403, "...", code="IP_NOT_ALLOWED")         a code only that dialect has

A dialect's `refusal` makes the answer of it. FastAPI's own 422, 404, 405 and 500 go the same way.
"""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    500: "INTERNAL_ERROR",
    503: "SERVICE_UNAVAILABLE",
}


class ApiError(Exception):
    """A refusal with its status; the code follows from the status unless given."""

    def __init__(
        self, status: int, message: str, *, code: str | None = None, details: Any = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code or CODES.get(status, "BAD_REQUEST")
        self.message = message
        self.details = details


Refusal = Callable[[ApiError], JSONResponse]


def invalid(problems: list[dict[str, str]]) -> ApiError:
    """The 400 for a body or a parameter that breaks a rule."""
    return ApiError(400, "Request validation failed", code="VALIDATION_ERROR", details=problems)


def problem(path: str, message: str) -> dict[str, str]:
    return {"path": path, "message": message}


def path_of(location: tuple[int | str, ...]) -> str:
    """('items', 0, 'vatRate') -> items[0].vatRate, as e-bon's documented example writes it."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def install(app: FastAPI, refusal: Refusal) -> None:
    async def on_api_error(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiError)
        return refusal(error)

    async def on_http_error(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        answer = refusal(ApiError(error.status_code, str(error.detail)))
        answer.headers.update(error.headers or {})
        return answer

    async def on_invalid(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        rows = [problem(path_of(tuple(e["loc"][1:])), str(e["msg"])) for e in error.errors()]
        return refusal(invalid(rows))

    async def on_crash(_request: Request, _error: Exception) -> JSONResponse:
        return refusal(ApiError(500, "Internal error"))

    app.add_exception_handler(ApiError, on_api_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(Exception, on_crash)
