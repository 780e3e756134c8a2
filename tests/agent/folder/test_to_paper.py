"""From the till's file to the paper and back: once, whatever ends in between.

    the program ends   at every thing the folder does on disk | before and after every commit of the
                       worker | at every frame, which came to the printer or did not

Everything is one process: folder and worker end together, and start together.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.payloads import reference_of
from agent.states import State
from tests.agent.till import SALE, Till, quick_folder
from tests.agent.world import ACTIVE, Mishap, World

STEPS_MAX = 400
NAME = "bon fiscal 1.txt"
RECEIPT = """CF^RO12345674\r
S^Pâine de casă^350^2000^buc^2^1\r
DP^1000\r
S^Cafea^450^1000^buc^1^1\r
ST^\r
DV^30\r
TL^Va multumim!\r
P^2^500\r
P^1^1000\r
"""


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    with quick_folder(tmp_path) as folder:
        yield folder


class Shop:
    """A till, its folder, the agent and a printer."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.world = World(folder)
        self.till = Till(folder, self.world.clock, folder / "ledger.sqlite3")
        self.world.on_crash = self.till.stop

    def settle(self) -> None:
        """Let both work until nothing is left to do."""
        quiet = 0
        for _ in range(STEPS_MAX):
            crashes = self.till.crashes
            more = self.till.step()
            if self.till.crashes > crashes:
                self.world.stop()
            more = self.world.step() or more
            idle = not more and not ACTIVE & set(self.world.cloud.counts())
            quiet = quiet + 1 if idle else 0
            if quiet > 3:
                return
            self.world.clock.ms += 0 if more else 500
        raise AssertionError(f"never quiet: {self.world.cloud.entries(5)}")

    def close(self) -> None:
        self.till.close()
        self.world.close()


@pytest.fixture
def shop(quick_path: Path) -> Iterator[Shop]:
    made = Shop(quick_path)
    yield made
    made.close()


def run(folder: Path, spoil: Callable[[Shop], None] = lambda _: None) -> Shop:
    shop = Shop(folder)
    spoil(shop)
    shop.till.drop(NAME, RECEIPT.encode("cp1250"))
    shop.settle()
    return shop


def printed_once(shop: Shop, point: str) -> None:
    (entry,) = shop.till.commands()
    assert entry.state is State.ISSUED, f"{point}: {entry}"
    (paper,) = shop.world.paper("receipt")
    assert paper["reference"] == reference_of(entry.id), point
    assert shop.till.answer(NAME) == f"BONOK=1\r\nNRBON={paper['number']}\r\n", point
    assert (shop.till.dropped(), shop.till.stage("done")) == ([], [NAME]), point
    assert shop.world.printer.device.memory.receipt is None, point


def test_a_dropped_file_comes_out_on_paper_as_it_was_written(shop: Shop) -> None:
    shop.till.drop(NAME, RECEIPT.encode("cp1250"))
    shop.settle()
    printed_once(shop, "nothing happens")
    (paper,) = shop.world.paper("receipt")
    sold = [(line["name"], line["total_bani"], line["vat_rate"]) for line in paper["lines"]]
    assert sold == [("Paine de casa", 630, "11.00"), ("Cafea", 450, "21.00")]
    paid = [(payment["kind"], payment["amount_bani"]) for payment in paper["payments"]]
    assert paid == [("card", 500), ("cash", 1000)]
    assert (paper["total_bani"], paper["change_bani"]) == (1050, 450)
    assert paper["customer_tax_id"] == "12345674"
    assert "Va multumim!" in json.dumps(paper)


def test_every_kind_of_file_reaches_the_printer(shop: Shop) -> None:
    files = {
        "1.txt": "I^10000",
        "2.txt": SALE,
        "3.txt": "O^2500",
        "4.txt": "TL^Comanda 7\nTL^2 x supa",
        "5.txt": "VB^",
        "6.txt": "X^",
        "7.txt": "Z^",
    }
    for age_s, (name, text) in enumerate(reversed(files.items())):
        shop.till.drop(name, text, age_s=age_s)
    shop.settle()
    answers = [shop.till.answer(name) or "" for name in files]
    assert [answer.split("\r\n")[0] for answer in answers] == ["BONOK=1"] * 7, answers
    kinds = [document["kind"] for document in shop.world.printer.documents()]
    assert kinds == ["cash_in", "receipt", "cash_out", "nonfiscal", "x", "z"]


def test_what_the_printer_cannot_do_is_answered_and_nothing_comes_out(shop: Shop) -> None:
    shop.till.drop("short.txt", "S^A^100^1000^buc^1^1\nP^1^99")
    shop.till.drop("cui.txt", "CF^RO12345675\n" + SALE)
    shop.till.drop(
        "void.txt", "S^A^100^1000^buc^1^1\nS^B^50^1000^buc^1^1\nVS^C^50^1000^buc^1^1\nP^1^100"
    )
    shop.settle()
    told = {
        name: (shop.till.answer(name) or "").split("\r\n")[1] for name in shop.till.stage("bad")
    }
    assert told == {
        "short.txt": "ERRCODE=PAYMENTS_SHORT",
        "cui.txt": "ERRCODE=CUSTOMER_TAX_ID_BAD",
        "void.txt": "ERRCODE=NOTHING_TO_VOID",
    }
    assert shop.world.printer.documents() == []


def test_a_printer_that_is_off_too_long_is_answered_and_the_sale_does_not_come_out_later(
    shop: Shop,
) -> None:
    shop.world.cable.plugged = False
    shop.till.drop(NAME, SALE)
    shop.settle()
    assert "ERRCODE=EXPIRED" in (shop.till.answer(NAME) or "")
    shop.world.cable.plugged = True
    shop.settle()
    assert shop.world.printer.documents() == []


def test_a_program_that_ends_at_any_point_prints_once_and_answers(quick_path: Path) -> None:
    plain = run(quick_path / "plain")
    points, commits = plain.till.points, plain.world.commits
    frames = len(plain.world.cable.commands)
    printed_once(plain, "nothing happens")
    plain.close()
    assert points > 8
    assert commits > 6
    assert frames > 10

    def crash_in_folder(point: int) -> Callable[[Shop], None]:
        return lambda shop: setattr(shop.till, "crash_at", point)

    def crash_at_commit(point: int) -> Callable[[Shop], None]:
        return lambda shop: setattr(shop.world, "crash_at_commit", point)

    def crash_at_frame(frame: int, *, delivered: bool) -> Callable[[Shop], None]:
        mishap = Mishap(crash=True, delivered=delivered)
        return lambda shop: shop.world.cable.mishaps.update({frame: mishap})

    spoilers = {f"folder {n}": crash_in_folder(n) for n in range(1, points + 1)}
    spoilers |= {f"commit {n}": crash_at_commit(n) for n in range(1, commits + 1)}
    for name, delivered in (("lost", False), ("answer lost", True)):
        for n in range(frames):
            spoilers[f"frame {n} {name}"] = crash_at_frame(n, delivered=delivered)
    for point, spoil in spoilers.items():
        shop = run(quick_path / point, spoil)
        assert shop.till.crashes + shop.world.crashes == 1, point
        printed_once(shop, point)
        shop.close()
