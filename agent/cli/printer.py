"""`amef printer`: ask and drive one printer on the spot, beside the ledger.

status, info, clock, totals    read only
clock --set, x, slip           act, but nothing of it is fiscal; receipts and Z go through the agent

    $ amef printer status --config /etc/amef-agent/config.toml
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli.common import Config, Json, Yes, print_json
from agent.cli.on_the_spot import Taken, taken
from agent.cli.output import Lang, Language, RefusedHere, refusals, table
from agent.payloads import clock_setting
from drivers.capabilities import Told
from drivers.clock import SystemClock
from drivers.faults import words
from drivers.model import Bani, Report, Slip, lei, percent
from drivers.precision import ahead_s
from drivers.status import DeviceStatus

app = typer.Typer(no_args_is_help=True, help="Ask and drive one printer on the spot.")

Device = Annotated[
    str | None, typer.Option(help="Its id in the configuration; needed where there are several.")
]

ON_DEVICE = "%d-%m-%y %H:%M:%S"  # as the device writes a moment, in local time
DRIFT_S_MAX = 86_400  # more is set only after a person has looked: a clock does not go back
SLIP_COLUMNS_MAX = 30  # the narrowest paper, less what its maker keeps [datecs.md 4, 42]
SLIP = (
    "PROBĂ DE IMPRIMARE",
    "Brânză țărănească, șuncă",
    "ăâîșț ĂÂÎȘȚ",
    "{now}",
    "amef-agent: {device}",
    "ACESTA NU ESTE BON FISCAL",
)


@contextmanager
def _at(
    config: Path, device: str | None, lang: Language, *, as_json: bool, to_act: bool = False
) -> Iterator[Taken]:
    with refusals(lang, as_json=as_json), taken(config, device, to_act=to_act) as held:
        yield held


@app.command()
def status(config: Config, lang: Lang, device: Device = None, as_json: Json = False) -> None:
    """Show every status bit in words, and what keeps the printer from working."""
    with _at(config, device, lang, as_json=as_json) as held:
        found = held.printer.status()
    if as_json:
        print_json({"device": held.device.id, "identity": asdict(held.identity), **_status(found)})
        return
    typer.echo(f"{held.device.id}: {held.identity.model}, {held.identity.fiscal_serial}")
    headers = ("bit", lang.say("setat", "set"), lang.say("ce înseamnă", "meaning"))
    table(
        (*headers, lang.say("defect", "fault"), lang.say("blochează", "blocks")),
        [
            (
                f"{bit.byte}.{bit.bit}",
                "X" if bit.is_set(found.raw) else "",
                lang.say(bit.ro, bit.en),
                bit.fault or "",
                "X" if bit.is_set(found.raw) and bit.fault in found.blocking else "",
            )
            for bit in found.bits
        ]
        + _error_row(found, lang),
    )
    typer.echo(f"{lang.say('octeți', 'bytes')}: {found.raw.hex(' ').upper()}")
    for fault in found.conditions:
        mark = lang.say(" (blochează)", " (blocks)") if fault in found.blocking else ""
        typer.echo(f"{fault}{mark}: {lang.say(words()[fault].ro, words()[fault].en)}")
    if not found.blocking:
        typer.echo(lang.say("Nimic nu blochează casa de marcat.", "Nothing blocks the printer."))


@app.command()
def info(config: Config, lang: Lang, device: Device = None, as_json: Json = False) -> None:
    """Show who the printer is, its VAT table, its counters and what it can do."""
    with _at(config, device, lang, as_json=as_json) as held:
        rates, counters = held.printer.vat_rates(), held.printer.counters()
    identity, counted = asdict(held.identity), asdict(counters)
    able = {  # a set has no order of its own
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in asdict(held.printer.capabilities).items()
    }
    if as_json:
        vat = {letter: percent(rate) for letter, rate in rates.items()}
        found = {"device": held.device.id, "family": held.device.family, "identity": identity}
        print_json({**found, "vat_percent": vat, "counters": counted, "capabilities": able})
        return
    labels = _LABELS if lang is Language.RO else {}
    rows = [("device", held.device.id), ("family", held.device.family), *identity.items()]
    rows += [
        (f"{lang.say('TVA', 'VAT')} {letter}", f"{percent(r)} %") for letter, r in rates.items()
    ]
    rows += [(name, value) for name, value in counted.items() if name not in identity]
    able["payment_kinds"] = [lang.payment(kind) for kind in able["payment_kinds"]]
    rows += able.items()
    table(
        (lang.say("ce", "what"), lang.say("valoare", "value")),
        [(labels.get(name, name.replace("_", " ")), _one(name, value)) for name, value in rows],
    )


def _one(name: str, value: object) -> str:
    """One value, as people read it; "-" is nothing, or not told."""
    if isinstance(value, list):
        value = ", ".join(value)
    if name in ("paid_in", "paid_out") and isinstance(value, int):
        return lei(Bani(value))
    return "-" if value is None or value == "" else str(value)


@app.command()
def clock(
    config: Config,
    lang: Lang,
    device: Device = None,
    set_: Annotated[bool, typer.Option("--set", help="Set it to this machine's clock.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Show the printer's clock beside this machine's; set it with --set."""
    if set_ and as_json and not yes:
        raise typer.BadParameter("--json cannot ask: --set needs --yes")
    with _at(config, device, lang, as_json=as_json, to_act=set_) as held:
        before = _clocks(held)
        after = None
        if not as_json:
            _show_clocks(before, lang)
        if set_:
            _refuse_far(before, asked=not yes)
            question = lang.say("Se setează ceasul casei de marcat?", "Set the printer's clock?")
            if not yes:
                typer.confirm(question, abort=True, err=True)
            setting = clock_setting(None, _now(held.zone))
            held.printer.set_clock(setting.at, summer=setting.summer)
            after = _clocks(held)
            if not as_json:
                _show_clocks(after, lang)
    if as_json:
        found = {"device": held.device.id, "set": set_, **_clock_values(before)}
        print_json(found | ({"after": _clock_values(after)} if after else {}))


@app.command()
def totals(config: Config, lang: Lang, device: Device = None, as_json: Json = False) -> None:
    """Show the open day's totals; prints nothing."""
    with _at(config, device, lang, as_json=as_json) as held:
        report, drawer = held.printer.day_totals(), held.printer.drawer()
    if as_json:
        print_json({"device": held.device.id, **_report_values(report), "drawer": asdict(drawer)})
        return
    _show_report(held, report, lang, as_json=False)
    words = (lang.say("în sertar", "in the drawer"), lang.say("introdus", "paid in"))
    amounts = zip((*words, lang.say("scos", "paid out")), astuple(drawer), strict=True)
    table((lang.say("numerar", "cash"), "lei"), [(word, lei(sum_)) for word, sum_ in amounts])


@app.command()
def x(config: Config, lang: Lang, device: Device = None, as_json: Json = False) -> None:
    """Print an X report, which closes nothing, and show its totals."""
    with _at(config, device, lang, as_json=as_json, to_act=True) as held:
        report = held.printer.x_report()
    _show_report(held, report, lang, as_json=as_json)


@app.command()
def slip(config: Config, lang: Lang, device: Device = None, as_json: Json = False) -> None:
    """Print a non-fiscal test slip."""
    with _at(config, device, lang, as_json=as_json, to_act=True) as held:
        now = _now(held.zone).strftime("%d-%m-%Y %H:%M:%S")
        texts = tuple(
            text.format(now=now, device=held.device.id)[:SLIP_COLUMNS_MAX] for text in SLIP
        )
        if held.printer.observe(since=held.printer.counters(), reference="").slip_open:
            held.printer.close_slip()  # one that was broken off, e.g. out of paper
        held.printer.print_slip(Slip(texts))
    if as_json:
        print_json({"device": held.device.id, "printed": texts})
        return
    typer.echo(lang.say("S-a tipărit bonul nefiscal de probă:", "The test slip was printed:"))
    for text in texts:
        typer.echo(f"  {text}")


def _error_row(found: DeviceStatus, lang: Language) -> list[tuple[str, str, str, str, str]]:
    """The number of the last error, where the device keeps one in its status."""
    if (error := found.error) is None:
        return []
    what = lang.say("ultima eroare, ca număr", "the last error, as a number")
    said = f"{what}: {error.number}" if error.number else what
    if error.fault:
        said += f". {lang.say(words()[error.fault].ro, words()[error.fault].en)}"
    return [(f"{error.byte}", "X" if error.number else "", said, error.fault or "", "")]


def _status(found: DeviceStatus) -> dict[str, Any]:
    bits = [asdict(bit) | {"set": bit.is_set(found.raw)} for bit in found.bits]
    return {
        "raw": found.raw.hex(" "),
        "bits": bits,
        "error": asdict(found.error) if found.error else None,
        "conditions": found.conditions,
        "blocking": found.blocking,
        "receipt_open": found.receipt_open,
        "fiscalised": found.fiscalised,
    }


_LABELS = {
    "device": "casa de marcat",
    "family": "familie",
    "model": "model",
    "firmware": "firmware",
    "fiscal_serial": "serie fiscală",
    "fiscal_memory_number": "numărul memoriei fiscale",
    "tax_id": "cod fiscal",
    "z_number": "ultimul raport Z",
    "receipt_count": "bonuri fiscale emise",
    "document_number": "ultimul document",
    "paid_in": "numerar introdus",
    "paid_out": "numerar scos",
    "name_length_max": "litere într-un rând de denumire, cel mult",
    "name_lines_max": "rânduri de denumire, cel mult",
    "lines_max": "linii pe bon, cel mult",
    "payment_kinds": "feluri de plată",
    "payments_max": "plăți pe bon, cel mult",
    "features": "funcții",
    "code_page": "litere (code_page)",
    "untold": "ce nu spune",
    "lacks": "ce nu are familia ei",
    "replaced": "semne pe care le scrie altfel",
}


@dataclass(frozen=True, slots=True)
class Clocks:
    """What both clocks showed at one moment; the drift is positive where the device is ahead."""

    device: str
    ours: datetime
    drift_s: int | None  # at least; None: the device's text is no date
    step_s: int = 1  # how long the device's clock shows the same


def _now(zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(SystemClock().now_ms() / 1000, tz=zone)


def _clocks(held: Taken) -> Clocks:
    before = _now(held.zone)
    shown = held.printer.clock()
    ours = (before + (_now(held.zone) - before) / 2).replace(tzinfo=UTC)  # neither shifts any more
    return Clocks(shown.text, ours, ahead_s(shown, ours), shown.step_s)


def _show_clocks(both: Clocks, lang: Language) -> None:
    drift = lang.say("nu se poate citi", "cannot be read")
    if both.drift_s is not None:
        drift = f"{both.drift_s:+d} s" if both.drift_s else "0 s"
        if not both.drift_s and both.step_s > 1:
            drift = lang.say("sub un minut", "less than a minute")
    rows = [
        (lang.say("casa de marcat", "printer"), both.device),
        (lang.say("acest calculator", "this machine"), both.ours.strftime(ON_DEVICE)),
        (lang.say("diferența", "drift"), drift),
    ]
    table((lang.say("ceas", "clock"), lang.say("arată", "shows")), rows)


def _clock_values(both: Clocks) -> dict[str, Any]:
    ours = both.ours.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    return {"device_clock": both.device, "our_clock": ours, "drift_s": both.drift_s}


def _refuse_far(both: Clocks, *, asked: bool) -> None:
    """Let only a person say yes to a jump: a fiscal clock cannot be set back past a record."""
    if not asked and (both.drift_s is None or abs(both.drift_s) > DRIFT_S_MAX):
        raise RefusedHere(
            "drift_too_large",
            ro="Ceasurile diferă cu peste o zi. Verificați data calculatorului și repetați fără "
            "--yes: ceasul casei de marcat nu se mai poate da înapoi.",
            en="The clocks are more than a day apart. Check this machine's date and repeat "
            "without --yes: the printer's clock cannot be set back.",
        )


def _show_report(held: Taken, report: Report, lang: Language, *, as_json: bool) -> None:
    if as_json:
        values = _report_values(report)
        if not _tells_sums(held, report):
            values |= dict.fromkeys(("groups", "payments", "total", "paid"))
        print_json({"device": held.device.id, **values})
        return
    typer.echo(", ".join(filter(None, (report.fiscal_serial, report.issued_at))))
    rows = [
        (
            f"{lang.say('TVA', 'VAT')} {group.letter}",
            "" if group.rate is None else f"{percent(group.rate)} %",
            lei(group.total),
        )
        for group in report.groups
    ]
    told = _tells_sums(held, report)
    total = lei(report.total) if told else lang.say("nu spune", "not told")
    rows += [(lang.say("total", "total"), "", total)]
    rows += [(lang.payment(each.kind), "", lei(each.amount)) for each in report.payments]
    table((lang.say("ce", "what"), lang.say("cota", "rate"), "lei"), rows)


def _tells_sums(held: Taken, report: Report) -> bool:
    """An X whose sums nobody knows is not one of nothing: a device has its VAT groups always."""
    return Told.COUNTERS not in held.printer.capabilities.untold and bool(report.groups)


def _report_values(report: Report) -> dict[str, Any]:
    """Money in whole bani, as everywhere inside."""
    paid: Bani = Bani(sum(payment.amount for payment in report.payments))
    return asdict(report) | {"total": report.total, "paid": paid}
