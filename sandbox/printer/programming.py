"""What a host may program: VAT rates 83, an operator's password 101, the logo 202.

    83   TaxA[, .. TaxG]         -> RemainingChanges
    101  OpCode, OldPwd, NewPwd  ->
    202  START                   ->
         a piece in base64       -> Checksum      as often as needed
         STOP                    -> Checksum      now the logo is this

Doubts of the reference, decided in the stricter way:
* All of it with nothing open; 83 and 202 with the day closed too.
* 83: the Bulgarian last field (decimals) is not there; groups left out are unused. A table without
  any rate is refused (-102009). Every accepted table costs one change, the identical one too; the
  thirty-first: -100108. It is a record of the fiscal memory: 50 and 86 tell its time, no document
  comes out.
* 101: digits only, as the manual says. The administrators' passwords (29 and 30) do not stand in
  for the old one. Once an operator has a password of his own, the others no longer let him in.
* 202: known from the Bulgarian manual alone. Each piece is base64 complete in itself, at most 212
  characters in the 213 bytes of a frame. The manual says only "sum of decoded data": invented are
  that it runs from START on, is taken modulo 65536 and comes as four hexadecimal digits. A piece
  that spells STOP ends the load and one that spells POWEROFF is refused: cut it elsewhere. What is
  loaded must be a BMP of one bit a pixel, not compressed, at most 384 x 240; a STOP that is refused
  leaves the load as it was, START begins anew, a power cut forgets it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from dataclasses import replace

from sandbox.printer.asked import (
    NOT_PERMITTED,
    Asked,
    Done,
    Loading,
    need_clock,
    need_closed_day,
    need_nothing_open,
    need_password,
)
from sandbox.printer.fields import Refusal, bad_syntax, bad_value
from sandbox.printer.memory import GROUPS, OPERATORS, RATE_UNUSED, written

NO_RATES, NO_CHANGE_LEFT = -102009, -100108
NO_LOGO, LOGO_TOO_LONG = -101010, -101015
UNUSED_MAX = 100_02  # sources differ: 100.00 or 100.02
LOGO_BYTES_MAX = 16_384
LOGO_DOTS_MAX = (384, 240)
BMP_HEAD = struct.Struct("<2sIIIIiiHHI")  # BM, size, 0, offset, 40, width, height, 1, bits, 0


def set_rates(asked: Asked) -> Done:
    """83"""
    asked.fields.expect(1, len(GROUPS))
    given = tuple(rate(asked, position) for position in range(1, len(asked.fields) + 1))
    rates = (*given, *[RATE_UNUSED] * (len(GROUPS) - len(given)))
    if min(rates) >= RATE_UNUSED:
        raise Refusal(NO_RATES)
    memory = asked.memory
    need_closed_day(memory)
    need_clock(memory, asked.now)
    if memory.vat_changes_left < 1:
        raise Refusal(NO_CHANGE_LEFT)
    left = memory.vat_changes_left - 1
    after = replace(
        memory,
        rates=rates,
        vat_changes_left=left,
        vat_set_at=asked.now,
        last_record_at=asked.now,
    )
    return Done((left,), after)


def rate(asked: Asked, position: int) -> int:
    value = asked.fields.decimal(position, 2)
    if not 0 <= value <= UNUSED_MAX:
        raise bad_value(position)
    return min(value, RATE_UNUSED)


def set_password(asked: Asked) -> Done:
    """101"""
    fields, memory = asked.fields, asked.memory
    fields.expect(3, 3)
    operator = fields.integer(1, 1, OPERATORS)
    new = fields.text(3)
    if not new:
        raise bad_syntax(3)
    if not re.fullmatch(r"\d{1,8}", new, re.ASCII):
        raise bad_value(3)
    need_password(asked, operator, fields.text(2))
    need_nothing_open(memory)
    kept = written(memory.operator_passwords, operator - 1, new, OPERATORS)
    return Done(memory=replace(memory, operator_passwords=kept))


def logo(asked: Asked) -> Done:
    """202"""
    asked.fields.expect(1, 1)
    piece = asked.fields.text(1)
    if piece in {"POWEROFF", "RESTART"}:
        raise bad_value(1)
    need_closed_day(asked.memory)
    if piece == "START":
        return Done(loading=Loading(begun=True))
    if not asked.loading.begun:
        raise Refusal(NOT_PERMITTED)
    data = asked.loading.data
    if piece == "STOP":
        if not is_logo(data):
            raise Refusal(NO_LOGO)
        after = replace(asked.memory, logo_sha256=hashlib.sha256(data).hexdigest())
        return Done((checksum(data),), after, loading=Loading())
    data += decoded(piece)
    if len(data) > LOGO_BYTES_MAX:
        raise Refusal(LOGO_TOO_LONG)
    return Done((checksum(data),), loading=Loading(begun=True, data=data))


def decoded(piece: str) -> bytes:
    try:
        data = base64.b64decode(piece, validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad_syntax(1) from error
    if not data:
        raise bad_syntax(1)
    return data


def checksum(data: bytes) -> str:
    return f"{sum(data) & 0xFFFF:04X}"


def is_logo(data: bytes) -> bool:
    """A whole BMP of one bit a pixel that fits on the paper."""
    if len(data) < BMP_HEAD.size:
        return False
    kind, size, _, offset, head, width, height, _, bits, packed = BMP_HEAD.unpack_from(data)
    row_bytes = (width + 31) // 32 * 4
    return (
        (kind, size, head, bits, packed) == (b"BM", len(data), 40, 1, 0)
        and 0 < width <= LOGO_DOTS_MAX[0]
        and 0 < height <= LOGO_DOTS_MAX[1]
        and offset + row_bytes * height <= size
    )
