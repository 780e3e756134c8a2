"""What is asked of a device's past: from a payload as the ledger keeps it to a span.

{"z_from": 3, "z_to": 7, "detailed": true}            MemoryPayload: by Z or by date
{"date_from": "2026-11-01", "date_to": "2026-11-02"}  JePayload: by document, by Z or by date
"""

from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from agent.payloads import Payload, Work
from drivers.archive import DateSpan, DocumentSpan, JeReading, MemoryReading, ZSpan

Z_MAX, DOCUMENT_MAX = 9_999, 9_999_999
SPANS = {"z": ZSpan, "date": DateSpan, "document": DocumentSpan}

ZNumber = Annotated[int, Field(ge=1, le=Z_MAX)]
DocumentNumber = Annotated[int, Field(ge=1, le=DOCUMENT_MAX)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]  # two digits on the wire


class SpanPayload(Payload):
    """One span, with both its ends; the days are of the device's own calendar."""

    z_from: ZNumber | None = None
    z_to: ZNumber | None = None
    date_from: Day | None = None
    date_to: Day | None = None

    @model_validator(mode="after")
    def _one_that_runs_forward(self) -> Self:
        ends = self._ends().values()
        if len(ends) != 1 or None in (*ends,)[0]:
            raise ValueError("one span is needed, with its first and its last")
        ((first, last),) = ends
        if last < first:
            raise ValueError("its last is before its first")
        return self

    @property
    def span(self) -> Any:
        (name, ends), *_ = self._ends().items()
        return SPANS[name](*ends)

    def _ends(self) -> dict[str, tuple[Any, Any]]:
        """The first and the last of each span that is asked for."""
        pairs = {
            name: (getattr(self, f"{name}_from", None), getattr(self, f"{name}_to", None))
            for name in SPANS
        }
        return {name: pair for name, pair in pairs.items() if pair != (None, None)}


class MemoryPayload(SpanPayload):
    detailed: bool = False  # a block for each Z, not only the sums

    def work(self, command_id: str, now: datetime) -> Work:
        return MemoryReading(self.span, self.detailed)


class JePayload(SpanPayload):
    document_from: DocumentNumber | None = None
    document_to: DocumentNumber | None = None

    def work(self, command_id: str, now: datetime) -> Work:
        return JeReading(self.span)
