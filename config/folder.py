"""The `[[folder]]` table: where a till drops files, as for another driver, and what they mean.

    [[folder]]
    device = "dev_..."
    format = "fiscalnet"                       fiscalnet | fprint
    path = "/srv/till/Bonuri"
    answers = "/srv/till/Raspuns"              fprint: `path` itself, if it is left out
    vat_rates = { 1 = 21, 2 = 11, 3 = 0 }      the file's VAT group, and its rate in percent

The formats say a group, we sell by rate: what stands for what is only known in the shop.
"""

from collections.abc import Collection, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from config.tables import Table

TTL_S_MAX = 7 * 86_400
SUFFIXES = {"fiscalnet": ".txt", "fprint": ".inp"}


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError(f"{str(path)!r} is not a whole path: it begins with /")
    return path


def _hundredths(value: object) -> int:
    """Turn a rate in percent into hundredths of a percent, exactly."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a VAT rate is a number, in percent")
    rate = Decimal(str(value)) * 100
    if not rate.is_finite() or rate != int(rate) or not 0 <= rate < 100_00:
        raise ValueError(f"{value} is not a VAT rate in percent")
    return int(rate)


FolderPath = Annotated[Path, Field(strict=False), AfterValidator(_absolute)]
Group = Annotated[str, StringConstraints(pattern=r"^([0-9]{1,2}|[A-H])$")]
Rate = Annotated[int, BeforeValidator(_hundredths)]
PaymentName = Literal[
    "cash",
    "card",
    "credit",
    "meal_ticket",
    "value_ticket",
    "voucher",
    "modern",
    "card_cash_advance",
    "other",
    "foreign",
]
PaymentNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}$")]


class FolderSettings(Table):
    """One watched folder; what is dropped there is for one printer."""

    device: Annotated[str, StringConstraints(min_length=1)]
    format: Literal["fiscalnet", "fprint"]
    path: FolderPath
    answers: FolderPath | None = None
    suffix: Annotated[str, StringConstraints(pattern=r"^\.[A-Za-z0-9]{1,10}$")] = ""
    vat_rates: Annotated[dict[Group, Rate], Field(min_length=1)]
    payments: dict[PaymentNumber, PaymentName] = Field(default_factory=dict)  # over the known ones
    encoding: Literal["auto", "utf-8", "cp1250", "iso8859-2", "cp852"] = "auto"
    names: Literal["unique", "reused"] = "unique"  # does a name ever come back for another sale?
    x_line: Literal["cancel", "report"] = "cancel"  # fprint: what a line X means
    ttl_s: Annotated[int, Field(gt=0, le=TTL_S_MAX)] = 180

    @model_validator(mode="after")
    def _answers_apart(self) -> Self:
        if self.format == "fiscalnet" and self.answers in (None, self.path):
            raise ValueError("fiscalnet answers under the same name: `answers` is another folder")
        return self

    @property
    def answer_folder(self) -> Path:
        return self.answers or self.path

    @property
    def file_suffix(self) -> str:
        return self.suffix or SUFFIXES[self.format]


def folder_trouble(folders: Sequence[FolderSettings], device_ids: Collection[str]) -> str:
    """Say what the `[[folder]]` tables contradict: each other, or the devices; "" if nothing."""
    watched: set[Path] = set()
    answered: set[Path] = set()
    for index, folder in enumerate(folders):
        where = f"folder[{index}]"
        if folder.device not in device_ids:
            return f"{where}.device: {folder.device!r} is not the id of a device"
        if folder.path in watched:
            return f"{where}.path: {str(folder.path)!r} is watched twice"
        if folder.answer_folder in answered:
            return f"{where}.answers: {str(folder.answer_folder)!r} has the answers of another"
        watched.add(folder.path)
        answered.add(folder.answer_folder)
    for index, folder in enumerate(folders):
        if folder.answer_folder in watched - {folder.path}:
            return f"folder[{index}].answers: {str(folder.answer_folder)!r} is watched"
    return ""
