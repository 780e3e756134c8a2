"""`amef printer info`: who a printer is, what it counted, what it can do."""

import json
from pathlib import Path

from tests.agent.amef import called, configuration, program
from tests.drivers.virtual_printer import VirtualPrinter


def test_the_program_tells_who_the_printer_is(config: str) -> None:
    done = program("printer", "info", "--config", config)
    assert done.returncode == 0
    for line in (
        "fiscal serial\tSIM0000001",
        "VAT A\t21.00 %",
        "receipt count\t0",
        "model\tSIM-25X",
    ):
        assert f"\n{line}\n" in done.stdout


def test_the_identity_is_told_as_json_and_in_romanian(config: str) -> None:
    found = json.loads(called("printer", "info", "--config", config, "--json").stdout)
    assert found["vat_percent"] == {"A": "21.00", "B": "11.00", "C": "9.00", "D": "0.00"}
    assert found["counters"]["receipt_count"] == 0
    assert "cash" in found["capabilities"]["payment_kinds"]
    assert found["capabilities"]["features"] == found["capabilities"]["untold"] == []
    done = called("printer", "info", "--config", config, "--lang", "ro")
    assert "tichete de masă" in done.stdout


def test_what_a_printer_can_do_is_told_in_words(printer: VirtualPrinter, tmp_path: Path) -> None:
    config = configuration(tmp_path, printer.address, extra='features = ["tips", "archive"]')
    romanian = called("printer", "info", "--config", config, "--lang", "ro").stdout
    for line in (
        "funcții\tarchive, tips",
        "ce nu spune\t-",
        "numerar introdus\t-",
        "litere (code_page)\tascii",
        "rânduri de denumire, cel mult\t3",
    ):
        assert f"\n{line}\n" in romanian
    assert "frozenset" not in romanian
    assert "None" not in romanian
    found = json.loads(called("printer", "info", "--config", config, "--json").stdout)
    assert found["capabilities"]["features"] == ["archive", "tips"]


def test_everything_that_info_tells_has_its_romanian_label(config: str) -> None:
    def labels(language: str) -> set[str]:
        told = called("printer", "info", "--config", config, "--lang", language).stdout
        return {line.split("\t")[0] for line in told.splitlines()}

    same = {"model", "firmware"}
    assert labels("ro") & labels("en") == same
