"""The certificate of every morning: made once, told when something changed, and on the spot."""

import json
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from agent.archive.certificate.as_json import checked
from agent.archive.certificate.certificate import certify
from agent.archive.certificate.daily import (
    INCOMPLETE,
    JSON_FILE,
    PAGE_FILE,
    DailyCertificate,
    local_now,
)
from agent.archive.certificate.holding import Known, gather, table
from agent.archive.index import ArchiveIndex
from agent.archive.keeping import CERTIFICATE, ArchiveKeeping
from agent.archive.loop import archive_loop
from agent.archive.sorts import Filed, Sort, Source
from agent.ledger import Ledger
from agent.ledger_file import LEDGER_FILE
from agent.preflight import archive_warnings
from config.settings import Settings, load
from drivers.faults import Fault
from tests.agent.amef import called, configuration
from tests.agent.archive.zs import (
    DEVICE,
    NUI,
    SERIAL,
    WHOLE,
    ZONE,
    figures,
    filed,
    je_day,
    signed_day,
)
from tests.agent.clocks import FakeClock
from tests.agent.world import World

READ_STEPS = 300


class Shop:
    """A state directory with an archive of one device, and who makes its certificate."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.show("2026-09-11 09:00")
        self.path = configuration(folder, "/dev/ttyS9", extra=f'nui = "{NUI}"')
        text = Path(self.path).read_text("utf-8").replace('"UTC"', '"Europe/Bucharest"')
        Path(self.path).write_text(text, "utf-8")
        self.settings: Settings = load(Path(self.path))
        self.state_dir = self.settings.agent.state_dir
        self.state_dir.mkdir()
        self.index = ArchiveKeeping(self.state_dir / LEDGER_FILE, self.clock)
        self.daily = self.started()

    def started(self) -> DailyCertificate:
        return DailyCertificate(self.settings, self.index, self.clock)

    def fill(self) -> None:
        """Ten Zs, of which every source has every one."""
        for piece in WHOLE:
            for each in piece:
                if isinstance(each, Filed):
                    self.index.file(each.document)
                else:
                    self.index.note_z(each.owner, each.source, each.figures)

    def show(self, moment: str) -> None:
        self.clock.show(datetime.fromisoformat(moment).replace(tzinfo=ZONE))

    def at(self, moment: str) -> str:
        """Let the clock show this and do a step; return the day and verdict that stand there."""
        self.show(moment)
        self.daily.step()
        told = checked((self.state_dir / "archive" / JSON_FILE).read_text("utf-8"))
        assert told is not None
        return f"{told['day']} {told['verdict']}"

    def told(self) -> list[dict[str, object]]:
        rows = self.index._rows("SELECT device_id, data FROM event WHERE name = ?", CERTIFICATE)
        return [{"device": row["device_id"]} | json.loads(row["data"]) for row in rows]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_certificate_is_made_every_morning_as_json_and_as_a_page(shop: Shop) -> None:
    shop.fill()
    assert shop.at("2026-09-11 09:00") == "2026-09-11 complete"
    assert shop.at("2026-09-12 05:59") == "2026-09-11 complete"
    assert shop.at("2026-09-12 06:00") == "2026-09-12 complete"
    assert "12.09.2026" in (shop.state_dir / "archive" / PAGE_FILE).read_text("utf-8")
    assert {each.name for each in (shop.state_dir / "archive").iterdir()} == {JSON_FILE, PAGE_FILE}


def test_a_restart_makes_no_second_one_of_the_day(shop: Shop) -> None:
    shop.fill()
    shop.at("2026-09-11 09:00")
    page = shop.state_dir / "archive" / PAGE_FILE
    page.unlink()
    shop.daily = shop.started()
    assert shop.at("2026-09-11 10:00") == "2026-09-11 complete"
    assert not page.exists()


def test_an_event_tells_the_first_verdict_and_then_only_changes(shop: Shop) -> None:
    shop.fill()
    for day in (11, 12, 13):
        shop.at(f"2026-09-{day} 09:00")
    (first,) = shop.told()
    assert (first["device"], first["owner"], first["verdict"]) == (DEVICE, SERIAL, "complete")
    assert (first["complete_until"], first["wrong"], first["count"]) == (10, [], 0)
    shop.index.note_z(SERIAL, Source.MF, figures(5, odd=1))
    shop.at("2026-09-14 09:00")
    shop.at("2026-09-15 09:00")
    later = shop.told()[1:]
    assert [(each["verdict"], each["count"]) for each in later] == [("incomplete", 1)]
    assert [each["code"] for each in later[0]["wrong"]] == ["Z_TOLD_TWICE"]  # type: ignore[attr-defined]
    assert shop.daily.note == INCOMPLETE


def test_what_is_wrong_becomes_a_warning_of_the_device_until_it_is_mended(shop: Shop) -> None:
    ledger = Ledger(shop.state_dir / LEDGER_FILE, shop.clock)

    def warned() -> list[Fault]:
        return list(archive_warnings(ledger.archive_trouble(DEVICE)))

    assert warned() == []
    for z in (1, 2):
        shop.index.file(filed(Sort.Z, SERIAL, z, z).document)
        shop.index.note_z(SERIAL, Source.REPORT, figures(z))
        shop.index.note_z(SERIAL, Source.MF, figures(z))
    assert shop.at("2026-10-15 09:00") == "2026-10-15 cannot_be_said"
    assert warned() == []
    assert shop.at("2026-10-20 09:00") == "2026-10-20 incomplete"
    assert warned() == [Fault.SIGNED_FILES_VANISH]
    shop.at("2026-11-15 09:00")
    assert warned() == [Fault.ARCHIVE_INCOMPLETE]
    for z in (1, 2):
        shop.index.note_z(NUI, Source.SIGNED, figures(z))
    assert shop.at("2026-11-16 09:00") == "2026-11-16 complete"
    assert warned() == []
    ledger.close()


@pytest.mark.parametrize("spoilt", ["", "{}", '{"version": 1}', "\xff"])
def test_a_certificate_that_was_changed_is_made_and_told_anew(shop: Shop, spoilt: str) -> None:
    shop.fill()
    shop.at("2026-09-11 09:00")
    (shop.state_dir / "archive" / JSON_FILE).write_bytes(spoilt.encode("latin-1"))
    shop.daily = shop.started()
    assert shop.at("2026-09-11 10:00") == "2026-09-11 complete"
    assert len(shop.told()) == 2


def test_a_clock_that_had_jumped_ahead_stops_no_certificate(shop: Shop) -> None:
    shop.fill()
    shop.at("2031-01-01 09:00")
    assert shop.at("2026-09-11 09:00") == "2026-09-11 complete"


def test_a_disk_that_takes_no_file_is_said_and_the_event_stands(shop: Shop) -> None:
    shop.fill()
    (shop.state_dir / "archive").write_text("in the way")
    with pytest.raises(OSError, match="exists"):
        shop.daily.step()
    assert len(shop.told()) == 1


def test_the_loop_of_the_archive_makes_it(shop: Shop) -> None:
    shop.fill()
    archive_loop(shop.settings, shop.index, shop.clock, lambda: 0).step()
    assert (shop.state_dir / "archive" / PAGE_FILE).exists()


def test_one_device_is_gathered_under_its_serial_and_its_nui(shop: Shop) -> None:
    for source, owner in ((Source.MF, SERIAL), (Source.REPORT, SERIAL), (Source.SIGNED, NUI)):
        for z in (1, 2):
            shop.index.note_z(owner, source, figures(z))
    for document in (je_day(1), signed_day(1), signed_day(9, "6000000007", "")):
        shop.index.file(document.document)
    held = gather(shop.index, [Known(DEVICE, "", NUI), Known("dev_2", "SIM2")])
    assert [(each.owner, each.device_id, each.is_foreign) for each in held] == [
        (SERIAL, DEVICE, False),
        ("SIM2", "dev_2", False),
        ("6000000007", "", True),
    ]
    assert set(table(held[0])[1].told) == set(Source)


def test_a_printer_that_was_replaced_keeps_its_own_certificate(shop: Shop) -> None:
    shop.index.file(je_day(1).document)
    shop.clock.ms += 1
    newer = signed_day(1, "SIM0000002").document
    shop.index.file(newer)
    held = gather(shop.index, [Known(DEVICE)])
    assert [(each.owner, each.device_id) for each in held] == [
        ("SIM0000002", DEVICE),
        (SERIAL, DEVICE),
    ]


def test_what_is_read_from_a_device_agrees_with_itself(tmp_path: Path) -> None:
    """Three days on a virtual printer, read by the agent: no source is off by a ban."""
    world = World(tmp_path, reads_on=True)
    for _ in range(3):
        world.printer.key_receipt("3.00")
        world.printer.key(69, "Z")
        world.clock.ms += 20 * 3600 * 1000
        world.steps(READ_STEPS)
    with closing(ArchiveIndex(tmp_path / LEDGER_FILE, world.clock)) as index:
        held = gather(index, [Known(DEVICE)])
    world.close()
    certificate = certify(held, local_now(world.clock, ZONE).date(), ZONE)
    (owner,) = certificate.owners
    assert [(kept.source, kept.count) for kept in owner.sources] == [
        ("report", 3),
        ("mf", 3),
        ("je", 3),
        ("p7b", 0),
    ]
    assert [each.code for each in owner.remarks] == ["Z_AWAITED"]
    assert (owner.disagreements, owner.told_twice) == ((), ())


# the command


def test_the_command_says_what_is_missing_and_ends_with_one(shop: Shop, tmp_path: Path) -> None:
    shop.fill()
    shop.index.note_z(SERIAL, Source.MF, figures(5, odd=1))
    ran = called("archive", "certificate", "--config", shop.path, "--into", str(tmp_path / "out"))
    assert ran.exit_code == 1
    assert "Z 5\t" in ran.output
    assert "Z_TOLD_TWICE" in ran.output
    assert checked((tmp_path / "out" / JSON_FILE).read_text("utf-8")) is not None
    assert (tmp_path / "out" / PAGE_FILE).exists()
    romanian = called("archive", "certificate", "--config", shop.path, "--lang", "ro")
    assert romanian.output.splitlines()[-1] == "incomplet"


def test_the_command_says_what_was_found_inside_of_documents(shop: Shop) -> None:
    shop.fill()
    odd = [{"code": "RECEIPT_MISSING", "place": "Z 12 bon", "sentence": "2 is not there"}]
    odd += [{"code": "ISSUER_UNKNOWN", "place": "chain", "sentence": "to be known only"}]
    shop.index.file(signed_day(12, findings=odd).document)
    ran = called("archive", "certificate", "--config", shop.path)
    assert "in documents: RECEIPT_MISSING, Z 12; " in ran.output
    assert "ISSUER_UNKNOWN" not in ran.output


def test_the_command_prints_the_certificate_of_one_owner_as_json(shop: Shop) -> None:
    shop.fill()
    shop.index.file(signed_day(3, "6000000007", "").document)
    for asked in (SERIAL, NUI):
        ran = called("archive", "certificate", "--config", shop.path, "--json", "--owner", asked)
        told = checked(ran.output)
        assert told is not None
        assert [each["owner"] for each in told["owners"]] == [SERIAL]
    refused = called("archive", "certificate", "--config", shop.path, "--owner", "nobody")
    assert (refused.exit_code, "no_such_owner" in refused.output) == (1, True)


def test_the_command_refuses_a_folder_that_cannot_be_written(shop: Shop, tmp_path: Path) -> None:
    shop.fill()
    (tmp_path / "file").write_text("")
    into = str(tmp_path / "file" / "out")
    ran = called("archive", "certificate", "--config", shop.path, "--into", into)
    assert (ran.exit_code, "not_written" in ran.output) == (1, True)
