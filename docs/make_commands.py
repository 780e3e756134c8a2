"""Writes the tables of commands.md from the code; its head, above the mark, is written by hand.

make tables  ->  commands.md, beside what make_tables.py writes

What a field or a result means is said here; a field, a kind, a feature that nothing is said of
stops the making.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import AliasChoices, BaseModel

from agent.cloud.payloads import MAY_BE_EMPTY, SPELLINGS
from agent.commands import KINDS, Kind
from agent.verdict import Proof
from config.profiles import profiles
from config.settings import catalogue
from drivers.base import Operator
from drivers.capabilities import Feature
from drivers.families import printer

HERE = Path(__file__).parent
MARK = "<!-- from here on: docs/make_commands.py -->\n"

FIELDS = {
    "VendorReceipt": "A receipt",
    "Item": "`items[]`",
    "VendorPayment": "`payments[]`",
    "Change": "`discount`, `surcharge`",
    "VendorBarcode": "`barcode`",
}
MEANING = {
    "items": "what is sold; up to what the family takes ([families.md](families.md))",
    "payments": "how it is paid; cash is always taken last, so that only cash gives change",
    "customer_cif": "the buyer's CUI, with or without `RO`, or a person's CNP; the check digit is"
    " looked at",
    "tip": "lei, a line of its own outside VAT; needs `tips`",
    "advance": "lei that were paid before, taken off the sum; one VAT rate; needs `advances`",
    "texts_above": "lines of text above what is sold; wrapped to the paper",
    "texts_below": "lines of text below what is sold",
    "barcode": "needs `barcode`",
    "discount": "lei off, or `{type, value}`; of a line, or of the whole receipt",
    "surcharge": "lei on, or `{type, value}`; not beside a discount",
    "name": "what stands on the paper",
    "quantity": "at most 3 decimals, above 0, 99,999.999 at most",
    "price": "lei for one, with VAT, at most 2 decimals, above 0, 9,999,999.99 at most",
    "vat_rate": "percent; the device's table says the letter, a rate it lacks is refused",
    "department": "0 to 99; 1 if it is not said",
    "unit": "at most 6 letters",
    "void": "`true` takes back an equal line that stands before it",
    "deposit": "lei for one, SGR: a line of its own outside VAT",
    "kind": "see [Payments](#payments)",
    "amount": "lei, at most 2 decimals, above 0",
    "type": "see [Payments](#payments)",
    "value": "percent below 100, or lei; at most 2 decimals",
    "data": "plain letters; an EAN with its check digit",
    "lines": "texts",
    "`lines` or `text`": "texts, or one text with line ends",
    "datetime_": "the moment to show, as text with its zone (`2026-11-30T18:00:00+02:00`), before"
    " 2100; without it the agent's own clock",
    "rates": "letter A to G: percent; a letter that is not there becomes unused",
    "number": "the operator, 1 to 30; 1 if `get_operator` does not say",
    "old_password": "the password that he has",
    "password": "at most 8 digits; not another one for the operator that the agent sells with",
    "image": "base64 of a BMP, one bit a pixel, not compressed, 384 x 240 at most",
    "z_from": "the first Z",
    "z_to": "the last Z",
    "date_from": "the first day, `2026-11-30`; of the JE not where `je_by_date` cannot be asked"
    " ([families.md](families.md))",
    "date_to": "the last day",
    "document_from": "the first document",
    "document_to": "the last document",
    "detailed": "a block for each Z, not only the sums",
}
OPERATOR_NAME = "at most 32 characters"
PROVED = {
    Proof.RECEIPT: "receipt counter, total, our reference in the JE",
    Proof.Z_NUMBER: "Z number",
    Proof.CASH: "the day's sums of cash",
    Proof.SLIP: "our reference in the JE",
    Proof.DUPLICATE: "documents and what the JE names",
    Proof.NONE: "nothing: it can be done again",
}
RECEIPT = "`receiptNumber` `documentNumber` `fiscalId` `total`"
REPORT = "`number` `totals` `vatBreakdown` `payments` `receiptCount` `registers`, without `zNumber`"
DRAWER = "`drawer` {`cashAmount` `cashIn` `cashOut`}"
CONDITIONS = "`conditions` `blocking` `raw`"
CONTENT = "`content` {`encoding` `bytes` `lines` `sha256`} (its `data` goes up by itself)"
SPAN = "`zFrom` `zTo` (or `from` `to`, or `documentFrom` `documentTo`)"
RESULT = {
    "print_receipt": f"{RECEIPT} `folded`",
    "x_report": REPORT,
    "z_report": REPORT,
    "cash_in": f"`moved` {{`cashIn` `cashOut`}} {DRAWER}",
    "cash_out": f"`moved` {{`cashIn` `cashOut`}} {DRAWER}",
    "non_fiscal_receipt": "`documentNumber` `folded`",
    "print_duplicate": "`ofReceipt`",
    "void_open_receipt": "`cancelled` (`receipt`, `slip`, null) `documentNumber` `total`",
    "void_receipt": "never done",
    "print_reversal_receipt": "never done",
    "open_drawer": "",
    "set_datetime": "",
    "set_vat_rates": "`rates`, as they then stand",
    "set_header": "`lines`, as they then stand, `folded`",
    "set_footer": "`lines`, as they then stand, `folded`",
    "set_operator": "`number` `name`, as it then stands, `folded`",
    "set_logo": "`bytes`",
    "get_operator": "`number` `name`",
    "get_cash_amount": DRAWER,
    "get_datetime": "",
    "get_vat_rates": "`rates`",
    "get_header": "`lines`",
    "get_footer": "`lines`",
    "get_device_info": "`identity` {`model` `firmware` `fiscalSeries` `fiscalMemoryNumber` `cif`}"
    " `features`",
    "get_device_status": CONDITIONS,
    "preflight": f"{CONDITIONS} `dayOpenedAt` `serviceAt` `taxOfficeUntil` `vatRates`"
    " `zReportsLeft` `warnings` `said` {`code` `ro` `en`}",
    "get_last_receipt": f"{RECEIPT}; once a Z came after it, `zNumber` is null",
    "read_fiscal_memory": f"{CONTENT} `detailed`, and {SPAN}",
    "read_electronic_journal": f"{CONTENT} `documents` (how many) `missing`, and {SPAN}",
    "read_p7b": "never done",
}
FEATURES = {
    Feature.ADVANCES: "an advance may be taken off a receipt: as the accountant says",
    Feature.BARCODE: "a barcode or QR below a receipt",
    Feature.DRAWER: "a cash drawer",
    Feature.DUPLICATE: "a copy of the last receipt",
    Feature.LOGO: "a logo can be loaded",
    Feature.OPERATORS: "operators' names and passwords",
    Feature.REVERSAL: "reversal of a closed receipt: not in Romania",
    Feature.TEXTS: "header and footer lines",
    Feature.TIPS: "tips on a receipt: restaurants and bars",
    Feature.VAT_TABLE: "the VAT table can be written; a device allows it a few times in its life",
    Feature.ARCHIVE: "fiscal memory and JE can be read",
    Feature.P7B: "the signed daily files on the wire: no device that we know",
}


def commands() -> str:
    head, mark, _ = (HERE / "commands.md").read_text(encoding="utf-8").partition(MARK)
    assert mark, "commands.md has lost its mark"
    lines = ["## Commands", "", *_kinds(), "", "## Payloads", "", *_payloads(), "## Features", ""]
    return head + MARK + "\n" + "\n".join([*lines, *_features()]) + "\n"


def _kinds() -> Iterator[str]:
    yield "| command | payload | result, beside what all have | needs | after a lost answer |"
    yield "| --- | --- | --- | --- | --- |"
    for kind in KINDS.values():
        needs = f"`{kind.needs}`" if kind.needs else ""
        told = f"| {_payload_of(kind)} | {RESULT[kind.name]} | {needs} | {PROVED[kind.proof]} |"
        yield f"| {_name(kind)} {told}"


def _name(kind: Kind) -> str:
    words = {ours: theirs for theirs, ours in profiles()["ebon"].command_types.items()}
    return f"`{words.get(kind.name, kind.name)}`"


def _payload_of(kind: Kind) -> str:
    vendor = SPELLINGS.get(kind.payload)
    if vendor is None:
        return "none"
    if vendor.__name__ in FIELDS:
        return "see below"
    told = " ".join(_spelt(vendor, name) for name in vendor.model_fields)
    return f"{told}, or none" if kind.payload in MAY_BE_EMPTY else told


def _spelt(vendor: type[BaseModel], name: str) -> str:
    """A field's name as the cloud writes it; in brackets, if it may be left out."""
    field = vendor.model_fields[name]
    alias = field.validation_alias
    names = alias.choices if isinstance(alias, AliasChoices) else [alias or name]
    told = " or ".join(f"`{each}`" for each in names)
    return told if field.is_required() else f"[{told}]"


def _payloads() -> Iterator[str]:
    for vendor in _classes():
        if vendor.__name__ in FIELDS:
            yield from ("", f"### {FIELDS[vendor.__name__]}".replace("`", ""), "")
            yield from ("| field | meaning |", "| --- | --- |")
            for name in vendor.model_fields:
                yield f"| {_spelt(vendor, name)} | {MEANING[name]} |"
    yield from ("", "### All other payloads", "")
    yield from ("| field | of | meaning |", "| --- | --- | --- |")
    for (name, told), kinds in _others().items():
        yield f"| {name} | {' '.join(kinds)} | {told} |"
    yield ""


def _others() -> dict[tuple[str, str], list[str]]:
    """Every other field and what it means, with the commands that have it."""
    found: dict[tuple[str, str], list[str]] = {}
    for kind in KINDS.values():
        vendor = SPELLINGS.get(kind.payload)
        if vendor is None or vendor.__name__ in FIELDS:
            continue
        for name in vendor.model_fields:
            spelt = _spelt(vendor, name).strip("[]")
            told = OPERATOR_NAME if name == "name" else MEANING.get(spelt) or MEANING[name]
            found.setdefault((spelt, told), []).append(_name(kind))
    return found


def _classes() -> Iterator[type[BaseModel]]:
    """The payloads in the cloud's spelling, each followed by those that stand inside it."""
    for vendor in SPELLINGS.values():
        yield vendor
        if vendor.__name__ == "VendorReceipt":
            yield from {inner: None for inner in _inner(vendor)}


def _inner(vendor: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for field in vendor.model_fields.values():
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield part
                yield from _inner(part)


def _features() -> Iterator[str]:
    nowhere: Any = None  # a driver that is only asked what it can
    drivers = {
        family: printer(family, nowhere, nowhere, Operator(), frozenset(Feature))
        for family in catalogue()
    }
    yield "| `features` | what it is | commands | families that can |"
    yield "| --- | --- | --- | --- |"
    for feature in Feature:
        named = " ".join(f"`{kind.name}`" for kind in KINDS.values() if kind.needs is feature)
        able = [name for name, made in drivers.items() if feature in made.capabilities.features]
        yield f"| `{feature}` | {FEATURES[feature]} | {named} | {' '.join(able)} |"


TABLES = {"commands.md": commands}

if __name__ == "__main__":
    for name, table in TABLES.items():
        (HERE / name).write_text(table(), encoding="utf-8")
