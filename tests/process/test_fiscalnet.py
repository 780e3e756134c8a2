"""The real program behind a FiscalNet in a process of its own: once on paper, also after SIGKILL.

cloud  <--HTTP-->  amef run  <--Bonuri, Raspuns-->  virtual FiscalNet  -->  paper
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.stage import Stage, stop

RECEIPT: dict[str, Any] = {
    "items": [
        {"name": "Pâine", "quantity": 2, "price": 4.5, "vatRate": 11},
        {"name": "Vin", "quantity": 1, "price": 30.0, "vatRate": 21},
    ],
    "payments": [{"type": "card", "amount": 20.0}, {"type": "cash", "amount": 19.0}],
}
SERIAL = "SIM0000001"
GROUPS = "\n[device.vat_groups]\n1 = 21\n2 = 11\n3 = 9\n4 = 0\n"
WAIT_S_MAX = 60.0


class FolderStage(Stage):
    """A shop whose printer hangs on a FiscalNet."""

    @property
    def folder(self) -> Path:
        return (self.home / "fiscalnet").resolve()

    def start_fiscalnet(self, *options: str) -> Any:
        arguments = ("printer", "--family", "custom", "--folder", str(self.folder))
        files = ("--paper", str(self.paper), "--state", str(self.printer_state) + ".fiscalnet")
        process, _ = self._sandbox(self._stack, *arguments, *files, *options)
        return process

    def configure(self, **device: object) -> None:
        folder = {"family": "custom", "transport": "folder", "address": str(self.folder)}
        super().configure(**folder, fiscal_serial=SERIAL, **device)
        with self.config.open("a") as file:
            file.write(GROUPS)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[FolderStage]:
    with FolderStage(tmp_path / "shop") as stage:
        yield stage


def receipts(stage: FolderStage) -> list[dict[str, Any]]:
    return stage.documents("receipt")


def test_receipt_x_and_z_go_through_the_folders_and_back_to_the_cloud(stage: FolderStage) -> None:
    stage.start_fiscalnet()
    stage.start_agent()
    ids = [stage.queue("print_receipt", RECEIPT)]
    ids += [stage.queue(kind) for kind in ("x_report", "z_report", "get_datetime")]
    sold, x_report, z_report, refused = stage.results(ids, WAIT_S_MAX)
    assert [record["status"] for record in (sold, x_report, z_report)] == ["completed"] * 3
    assert sold["result"]["fiscalSeries"] == SERIAL
    assert (sold["result"]["receiptNumber"], sold["result"]["total"]) == (1, 39.0)
    assert sold["result"]["folded"] == ["items[0].name"]
    assert (z_report["result"]["number"], z_report["result"]["totals"]) == (1, None)
    assert (refused["status"], refused["errorCode"]) == ("failed", "UNSUPPORTED")
    assert [paper["kind"] for paper in stage.documents()] == ["receipt", "x", "z"]
    assert list((stage.folder / "Bonuri").iterdir()) == []


def test_an_agent_that_is_killed_while_it_waits_for_an_answer_finds_it(
    stage: FolderStage,
) -> None:
    stage.start_fiscalnet("--fault", "late=4")
    agent = stage.start_agent()
    id_ = stage.queue("print_receipt", RECEIPT)
    stage.wait_device(lambda _: len(receipts(stage)) == 1)
    agent.kill()
    agent.wait()
    stage.start_agent()
    (record,) = stage.results([id_], WAIT_S_MAX)
    assert (record["status"], record["result"]["receiptNumber"]) == ("completed", 1)
    assert len(receipts(stage)) == 1


def test_an_agent_that_is_killed_while_fiscalnet_is_off_prints_once_when_it_is_back(
    stage: FolderStage,
) -> None:
    stop(stage.start_fiscalnet())
    stage.configure(answer_s=20)
    agent = stage.start_agent()
    id_ = stage.queue("print_receipt", RECEIPT)
    stage.wait_device(lambda _: list((stage.folder / "Bonuri").iterdir()))
    agent.kill()
    agent.wait()
    stage.start_agent()
    stage.wait_device(lambda _: not list((stage.folder / "Bonuri").iterdir()))  # taken back
    stage.start_fiscalnet()
    (record,) = stage.results([id_], WAIT_S_MAX)
    assert record["status"] == "completed", json.dumps(record)
    assert len(receipts(stage)) == 1
