"""How each kind of command is done on a printer, and how its result is read after a doubt.

A result is what the device says after the deed: numbers, dates, sums. What is set is read back, and
told as it then stands. `recall_*` read the same when a look at the counters proved the deed.
"""

from dataclasses import asdict, replace
from typing import Any

from agent.payloads import (
    ClockSetting,
    Inspection,
    Logo,
    OperatorSetting,
    TextLines,
    VatTable,
    Work,
)
from agent.preflight import warnings
from drivers.base import FiscalPrinter
from drivers.capabilities import TextPlace, Told
from drivers.errors import ContactLost, Refused
from drivers.faults import Fault, words
from drivers.model import CashMovement, Observation, Receipt, Report, Slip
from drivers.receipt_check import folded

# what is sold


def receipt(printer: FiscalPrinter, work: Work) -> dict[str, Any]:
    assert isinstance(work, Receipt)
    return asdict(printer.issue_receipt(work)) | {"folded": _folded(printer, work)}


def complete(printer: FiscalPrinter, work: Work, payments_done: int) -> dict[str, Any]:
    """Go on with a receipt of ours that is partly or fully paid."""
    assert isinstance(work, Receipt)
    done = printer.complete_receipt(work, payments_done=payments_done)
    return asdict(done) | {"folded": _folded(printer, work)}


def recall_receipt(printer: FiscalPrinter, work: Work, seen: Observation) -> dict[str, Any]:
    """Others may have printed since: the numbers stand in the document with our reference.

    Where the JE cannot be read, ours is the one document that came: the last one.
    """
    assert isinstance(work, Receipt)
    common = {"total": work.total, "folded": _folded(printer, work)}
    now = seen.counters
    if seen.trace is not None:
        told = asdict(seen.trace) | {"document_number": seen.trace.document_number or None}
        return told | {"fiscal_serial": now.fiscal_serial} | common
    result = printer.last_receipt(work.total)
    if result.document_number is not None:
        _same(result.document_number, now.document_number)
    elif (again := printer.counters()) != now:
        raise ContactLost(f"the counters are {again}, and were {now}, which was looked at")
    return asdict(result) | common


def cancel_open(printer: FiscalPrinter, _: Work) -> dict[str, Any]:
    """Cancel what stands open and is not paid; afterwards nothing does, whoever opened it."""
    now = printer.counters()
    seen = printer.observe(since=now, reference="")
    result = {"cancelled": None, "document_number": None, "total": None}
    if seen.slip_open:
        printer.close_slip()
        return about(printer) | result | {"cancelled": "slip"}
    if seen.open_receipt is None:
        return about(printer) | result
    if seen.open_receipt.paid != 0:
        raise Refused(Fault.PAYMENT_STARTED, device_code="", doing="cancel")
    printer.cancel_receipt()
    found = seen.open_receipt
    numbers = {"document_number": found.document_number, "total": found.total}
    return about(printer) | {"cancelled": "receipt"} | numbers


def never(_printer: FiscalPrinter, _: Work) -> dict[str, Any]:
    raise AssertionError("a feature that no device has was let through")


# reports


def x_report(printer: FiscalPrinter, _: Work) -> dict[str, Any]:
    registers = _registers(printer)
    return _report(printer, printer.x_report()) | {"registers": registers}


def z_report(printer: FiscalPrinter, _: Work) -> dict[str, Any]:
    registers = _registers(printer)  # the Z sets them to nothing
    return _report(printer, printer.z_report()) | {"registers": registers}


def recall_z_report(printer: FiscalPrinter, _: Work, seen: Observation) -> dict[str, Any]:
    report = printer.last_z_report()
    _same(report.number, seen.counters.z_number)
    return _report(printer, report) | {"registers": None}


def _report(printer: FiscalPrinter, report: Report) -> dict[str, Any]:
    """Sums that the device does not tell are unknown, not nothing: it has its VAT groups always."""
    unknown = Told.COUNTERS in printer.capabilities.untold or not report.groups
    return asdict(report) | ({"groups": None, "payments": None} if unknown else {})


def _registers(printer: FiscalPrinter) -> dict[str, Any] | None:
    told = printer.day_registers()
    return asdict(told) if told is not None else None


# cash, slips, copies


def cash(printer: FiscalPrinter, work: Work) -> dict[str, Any]:
    assert isinstance(work, CashMovement)
    drawer = printer.move_cash(work)
    return about(printer) | {"moved": asdict(work), "drawer": asdict(drawer)}


def recall_cash(printer: FiscalPrinter, work: Work, _: Observation) -> dict[str, Any]:
    assert isinstance(work, CashMovement)
    return about(printer) | {"moved": asdict(work), "drawer": asdict(printer.drawer())}


def get_cash(printer: FiscalPrinter, _: Work) -> dict[str, Any]:
    return about(printer) | {"drawer": asdict(printer.drawer())}


def slip(printer: FiscalPrinter, work: Work) -> dict[str, Any]:
    assert isinstance(work, Slip)
    number = printer.print_slip(work)
    return about(printer) | {
        "document_number": number,
        "folded": _folded(printer, work),
    }


def recall_slip(printer: FiscalPrinter, work: Work, seen: Observation) -> dict[str, Any]:
    assert isinstance(work, Slip)
    assert seen.trace is not None, "a slip is only ever proved by its reference"
    found = {"issued_at": seen.trace.issued_at, "document_number": seen.trace.document_number}
    return about(printer) | found | {"folded": _folded(printer, work)}


def duplicate(printer: FiscalPrinter, _: Work) -> dict[str, Any]:
    printer.print_duplicate()
    return _duplicate(printer)


def recall_duplicate(printer: FiscalPrinter, _: Work, _seen: Observation) -> dict[str, Any]:
    return _duplicate(printer)


def _duplicate(printer: FiscalPrinter) -> dict[str, Any]:
    copied = printer.last_receipt(None)
    return about(printer) | {"of_receipt": copied.receipt_number}


def open_drawer(printer: FiscalPrinter, _: Work) -> dict[str, Any]:
    printer.open_drawer()
    return about(printer)


# settings: what is set is read back, and told as it then stands


def set_clock(printer: FiscalPrinter, work: Work) -> dict[str, Any]:
    assert isinstance(work, ClockSetting)
    try:
        printer.set_clock(work.at, summer=work.summer)
    except Refused as error:
        if error.fault is not Fault.WRONG_STATE:
            raise
        # Day, receipt and last record were looked at before: it would refuse again and again.
        doing = f"set_clock, {error}"
        raise Refused(Fault.BAD_REQUEST, device_code=error.device_code, doing=doing) from error
    return get_clock(printer, None)


def set_vat_rates(printer: FiscalPrinter, work: Work) -> dict[str, Any]:
    """Write the table if it is another: a device allows few changes in its life."""
    assert isinstance(work, VatTable)
    if printer.vat_rates() != work.rates:
        printer.service.set_vat_rates(work.rates)
    return get_vat_rates(printer, None)


def set_texts(printer: FiscalPrinter, work: Work) -> dict[str, Any]:
    assert isinstance(work, TextLines)
    held = printer.service.texts(work.place)
    printer.service.set_texts(work.place, work.lines + ("",) * (len(held) - len(work.lines)))
    return _texts(printer, work.place) | {"folded": _folded(printer, work.lines)}


def set_operator(printer: FiscalPrinter, work: Work) -> dict[str, Any]:
    assert isinstance(work, OperatorSetting)
    printer.service.set_operator(
        work.number, name=work.name, old_password=work.old_password, password=work.password
    )
    folded_to = ["name"] if work.name and _folded(printer, (work.name,)) else []
    return get_operator(printer, work) | {"folded": folded_to}


def set_logo(printer: FiscalPrinter, work: Work) -> dict[str, Any]:
    assert isinstance(work, Logo)
    printer.service.load_logo(work.image)
    return about(printer) | {"bytes": len(work.image)}


# reads


def get_clock(printer: FiscalPrinter, _: Work) -> dict[str, Any]:
    return about(printer)


def get_vat_rates(printer: FiscalPrinter, _: Work) -> dict[str, Any]:
    return about(printer) | {"rates": printer.vat_rates()}


def get_header(printer: FiscalPrinter, _: Work) -> dict[str, Any]:
    return _texts(printer, TextPlace.HEADER)


def get_footer(printer: FiscalPrinter, _: Work) -> dict[str, Any]:
    return _texts(printer, TextPlace.FOOTER)


def get_operator(printer: FiscalPrinter, work: Work) -> dict[str, Any]:
    assert isinstance(work, OperatorSetting)
    name = printer.service.operator_name(work.number)
    return about(printer) | {"number": work.number, "name": name}


def get_info(printer: FiscalPrinter, _: Work) -> dict[str, Any]:
    can = sorted(printer.capabilities.features)
    return about(printer) | {"identity": asdict(printer.identity()), "features": can}


def get_status(printer: FiscalPrinter, _: Work) -> dict[str, Any]:
    status = printer.status()
    told = {"conditions": list(status.conditions), "blocking": list(status.blocking)}
    return about(printer) | told | {"raw": status.raw.hex(" ")}


def preflight(printer: FiscalPrinter, work: Work) -> dict[str, Any]:
    """Read what will decide whether the day goes well, and say what it means."""
    assert isinstance(work, Inspection)
    seen = printer.upkeep()
    found = list(warnings(seen, work.at, work.rates))
    moments = {"day_opened_at": seen.day_opened_at, "service_at": seen.service_at}
    moments["tax_office_until"] = seen.tax_office_until
    told = {name: at and at.replace(tzinfo=None).isoformat() for name, at in moments.items()}
    counted = {"vat_rates": sorted(seen.rates), "z_reports_left": seen.z_reports_left}
    status = get_status(printer, None)
    said = [
        {"code": fault, "ro": words()[fault].ro, "en": words()[fault].en}
        for fault in dict.fromkeys([*status["conditions"], *found])
    ]
    return status | told | counted | {"warnings": found, "said": said}


def get_last_receipt(printer: FiscalPrinter, _: Work) -> dict[str, Any]:
    """After a Z nobody tells which day the last receipt was of: days without one have a Z too.

    Its document may have others behind it.
    """
    last = asdict(replace(printer.last_receipt(None), document_number=None))
    of_this_day = printer.day_is_open() and printer.day_totals().total > 0
    return last | ({} if of_this_day else {"z_number": None})


def _texts(printer: FiscalPrinter, place: TextPlace) -> dict[str, Any]:
    return about(printer) | {"lines": list(printer.service.texts(place))}


def about(printer: FiscalPrinter) -> dict[str, Any]:
    """Who says so, on which fiscal day, at what time of its own clock."""
    now = printer.counters()
    day = now.z_number + 1  # the Z report that will hold it
    at = printer.clock().text
    return {"fiscal_serial": now.fiscal_serial, "z_number": day, "issued_at": at}


def _folded(printer: FiscalPrinter, asked: Receipt | Slip | tuple[str, ...]) -> list[str]:
    can = printer.capabilities
    return folded(asked, can.code_page, can.replaced)


def _same(read: int | None, seen: int) -> None:
    """Somebody printed since we looked: look again, rather than tell another's numbers."""
    if read != seen:
        raise ContactLost(f"number {read} came after {seen}, which was looked at")
