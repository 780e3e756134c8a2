"""What is wrong with a field, in our own words: a validator's error, made a code and a sentence.

too_long at payments        -->  TOO_MANY_PAYMENTS   "31, 30 at most"
missing at items[0].price   -->  FIELD_MISSING       "is missing"
one of ours, in capitals    -->  its own code, its own sentence
"""

from collections.abc import Mapping
from typing import Any

from drivers.model import Problem

KEY = "[key]"  # how a validator says that the name itself is wrong
TOO_MANY = {"payments": "TOO_MANY_PAYMENTS", "image": "IMAGE_TOO_LARGE"}

CODES = {
    "missing": "FIELD_MISSING",
    "bytes_too_long": "IMAGE_TOO_LARGE",
    "string_too_long": "TEXT_TOO_LONG",
}
SENTENCES = {
    "bool": "must be true or false",
    "bytes": "must be base64",
    "base64_decode": "must be base64",
    "dict_type": "must be an object, {{...}}",
    "enum": "must be {expected}",
    "extra_forbidden": "is not known",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be {ge} or more",
    "int": "must be a whole number",
    "finite_number": "must be a whole number",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list, [...]",
    "literal_error": "must be {expected}",
    "missing": "is missing",
    "model": "must be an object, {{...}}",
    "string_pattern_mismatch": "is not written as it should be",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "must not be empty",
    "string": "must be a text",
    "too_long": "{actual_length}, {max_length} at most",
    "too_short": "must not be empty",
    "date": "must be a date like 2026-11-30",
}
LETTER = "is no VAT group: A to G"
UNKNOWN = "is not what stands in the table of this field"


def problem_of(item: Mapping[str, Any]) -> Problem:
    """Say what is wrong and where; a code of our own stands in capitals, a validator's do not."""
    parts = [part for part in item["loc"] if part != KEY]
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in parts).lstrip(".")
    type_ = item["type"]
    if type_.isupper():
        return Problem(path, type_, item["msg"])
    if type_ == "value_error":
        return Problem(path, "FIELD_INVALID", item["msg"].removeprefix("Value error, "))
    if parts != list(item["loc"]):
        return Problem(path, "FIELD_INVALID", LETTER)
    if type_ == "too_long":
        code = TOO_MANY.get(str(parts[-1]), "TOO_MANY_LINES")
    else:
        code = CODES.get(type_, "FIELD_INVALID")
    return Problem(path, code, _sentence(type_, item.get("ctx", {})))


def _sentence(type_: str, about: Mapping[str, Any]) -> str:
    found = SENTENCES.get(type_) or SENTENCES.get(type_.partition("_")[0], UNKNOWN)
    return found.format_map(about)
