"""Single values of a payload of ours: what a field may hold, beside its type."""

import re
from typing import Annotated

from pydantic import AfterValidator, Base64Bytes, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

TEXTS_MAX = 100
LOGO_BYTES_MAX = 64 * 1024

_BASE64 = re.compile(rb"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def _password(text: str) -> str:
    if not re.fullmatch(r"[0-9]{0,8}", text):
        raise PydanticCustomError("FIELD_INVALID", "must be digits, 8 at most")
    return text


def _strict_base64(value: object) -> object:
    """Take away line ends; what else is no base64 would be skipped, and the picture be another."""
    if not isinstance(value, str | bytes):
        return value
    raw = value if isinstance(value, bytes) else value.encode("ascii", "replace")
    raw = b"".join(raw.split())
    if not _BASE64.fullmatch(raw):
        raise PydanticCustomError("FIELD_INVALID", "must be base64, and nothing beside it")
    return raw


Positive = Annotated[int, Field(gt=0)]
Filled = Annotated[str, StringConstraints(min_length=1)]
TextLineList = Annotated[list[str], Field(max_length=TEXTS_MAX)]
Letter = Annotated[str, StringConstraints(pattern="^[A-G]$")]
Rate = Annotated[int, Field(ge=0, le=99_99)]
Password = Annotated[str, AfterValidator(_password)]
Image = Annotated[Base64Bytes, BeforeValidator(_strict_base64), Field(max_length=LOGO_BYTES_MAX)]
