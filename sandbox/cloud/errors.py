"""What the cloud says when it says no: one envelope for every refusal.

    {"error": {"code": "VALIDATION_ERROR", "message": "...", "details": [{"path", "message"}]}}

`details` is there only when there is something in it. The one exception is 429, whose body is flat
(reference/error-codes) and is written in `limits.py`. FastAPI's own 422, 404, 405 and 500 are put
into the same envelope here.
"""

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
        self.code = code or CODES[status]
        self.message = message
        self.details = details


def invalid(problems: list[dict[str, str]]) -> ApiError:
    """The documented 400 for a body or a parameter that breaks a rule."""
    return ApiError(400, "Request validation failed", code="VALIDATION_ERROR", details=problems)


def problem(path: str, message: str) -> dict[str, str]:
    return {"path": path, "message": message}


def path_of(location: tuple[int | str, ...]) -> str:
    """('items', 0, 'vatRate') -> items[0].vatRate, as the documented example writes it."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def envelope(status: int, code: str, message: str, details: Any = None) -> JSONResponse:
    error: dict[str, Any] = {"code": code, "message": message}
    if details is not None:
        error["details"] = details
    return JSONResponse({"error": error}, status_code=status)


async def _on_api_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return envelope(error.status, error.code, error.message, error.details)


async def _on_http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = error.status_code
    answer = envelope(status, CODES.get(status, "BAD_REQUEST"), str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def _on_invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = [problem(path_of(tuple(e["loc"][1:])), str(e["msg"])) for e in error.errors()]
    return envelope(400, "VALIDATION_ERROR", "Request validation failed", problems)


async def _on_crash(_request: Request, _error: Exception) -> JSONResponse:
    return envelope(500, CODES[500], "Internal error")


def install(app: FastAPI) -> None:
    app.add_exception_handler(ApiError, _on_api_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(Exception, _on_crash)
