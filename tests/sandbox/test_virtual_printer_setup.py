"""What a host may set on the virtual Datecs X: texts, VAT rates, passwords, logo, drawer."""

import base64
import hashlib
import json
import sqlite3
import struct

import pytest
from virtual_printer_host import Desk

from sandbox.printer.memory import EPOCH, Memory, from_json, to_json
from sandbox.printer.programming import is_logo

NEED_Z, RECEIPT_OPEN, TEXT_OPEN, DENIED = -104000, -111015, -111046, -101014
NOT_PERMITTED, NO_LOGO = -112002, -101010
PIECE = 159  # bytes in 212 characters


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path) as desk:
        yield desk


def read(desk, name, index=""):
    return desk.ask(255, name, index, "").values[1]


def remembered(folder):
    with sqlite3.connect(folder / "printer.db") as database:
        return json.loads(database.execute("SELECT state FROM memory").fetchone()[0])


def state(folder):
    return "--state", str(folder / "printer.db")


def bmp(width=32, height=4, bits=1, packed=0, extra=0):
    rows = (width + 31) // 32 * 4 * height
    size = 62 + rows
    head = struct.pack("<2sIIIIiiHHI", b"BM", size, 0, 62, 40, width, height, 1, bits, packed)
    return head.ljust(62, b"\0") + b"\xa5" * (rows + extra)


def load(desk, picture, stop="STOP"):
    assert desk.ask(202, "START").values == ["0"]
    for at in range(0, len(picture), PIECE):
        heard = desk.ask(202, base64.b64encode(picture[at : at + PIECE]).decode())
        assert heard.values == ["0", f"{sum(picture[: at + PIECE]) % 65536:04X}"]
    return desk.ask(202, stop)


# --- header, footer, names


def test_header_and_footer_read_back_and_stand_on_the_next_documents(desk):
    was = desk.ask(123, "1").values
    assert desk.ask(255, "Header", "0", "CAFENEAUA MEA").values == ["0"]
    assert desk.ask(255, "Header", "2", "PUNCT DE LUCRU").values == ["0"]
    assert desk.ask(255, "Footer", "9", "VA MAI ASTEPTAM").values == ["0"]
    assert [read(desk, "Header", n) for n in range(4)] == [
        "CAFENEAUA MEA",
        was[4],
        "PUNCT DE LUCRU",
        "",
    ]
    assert (read(desk, "Footer", 0), read(desk, "Footer", 9)) == ("", "VA MAI ASTEPTAM")
    assert desk.ask(123, "1").values == [*was[:3], "CAFENEAUA MEA", *was[4:]]
    desk.receipt()
    desk.ask(38)
    desk.ask(39)
    desk.ask(69, "Z")
    for out in desk.paper:
        text = [line.strip() for line in out["text"]]
        assert text[:4] == ["CAFENEAUA MEA", was[4], "CIF: RO12345674", "PUNCT DE LUCRU"]
        assert "VA MAI ASTEPTAM" in text
    assert out["kind"] == "z"


def test_a_line_is_emptied_by_blanks_and_no_longer_printed(desk):
    desk.ask(255, "Footer", "0", "DE SARBATORI")
    desk.ask(255, "Footer", "0", "  ")
    assert read(desk, "Footer", 0) == "  "
    desk.receipt()
    assert all(line.strip() for line in desk.paper[0]["text"])


def test_an_operator_has_a_name_and_it_stands_on_his_receipts(desk):
    name = "Popescu Ion-Alexandru al treilea"
    assert len(name) == 32
    assert desk.ask(255, "OperName", "1", name).values == ["0"]
    assert desk.ask(255, "OperName", "30", "Ana").values == ["0"]
    assert [read(desk, "OperName", n) for n in (1, 2, 30)] == [name, "", "Ana"]
    desk.receipt()
    assert name in [line.strip() for line in desk.paper[0]["text"]]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (("NoSuchName", "", "x"), -112201),
        (("Header", "10", "x"), -112202),
        (("OperName", "0", "x"), -112202),
        (("OperName", "31", "x"), -112202),
        (("OperName", "", "x"), -112102),
        (("OperName", "1", "n" * 33), -112203),
        (("Header", "0", "n" * 49), -112203),
        (("valVat", "0", "19.00"), DENIED),
        (("PrintColumns", "", "42"), DENIED),
        (("TAXnumber", "", "RO1"), DENIED),
    ],
)
def test_what_may_not_be_written_is_refused(desk, values, code):
    assert desk.ask(255, *values).code == code


@pytest.mark.parametrize("name", ["Header", "Footer", "OperName"])
def test_texts_are_written_only_with_nothing_open_and_the_day_closed(desk, name):
    desk.ask(38)
    assert desk.ask(255, name, "1", "x").code == TEXT_OPEN
    desk.ask(39)
    desk.open()
    assert desk.ask(255, name, "1", "x").code == RECEIPT_OPEN
    desk.ask(60)
    assert desk.ask(255, name, "1", "x").code == 0
    desk.receipt()
    assert desk.ask(255, name, "1", "y").code == NEED_Z
    assert read(desk, name, 1) == "x"
    desk.ask(69, "Z")
    assert desk.ask(255, name, "1", "y").code == 0


# --- VAT rates


def test_vat_rates_are_set_and_what_is_left_out_is_unused(tmp_path):
    with Desk(tmp_path, "--clock", "2026-11-21T08:00:00") as desk:
        assert desk.ask(83, "19.00", "9", "100.02", "0.00").values == ["0", "29"]
        heard = desk.ask(50).values
        assert heard[2:9] == ["19.00", "9.00", "100.00", "0.00", *["100.00"] * 3]
        assert heard[9].startswith("21-11-26 08:00:0")
        assert desk.ask(86).values[1].startswith("21-11-2026 08:00:0")
        assert read(desk, "valVat", 0) == "19.00"
        assert desk.ask(83, "19.00", "9", "100.02", "0.00").values == ["0", "28"]
        desk.open()
        assert desk.sell(group="3").code == -112202
        assert desk.sell(group="1").code == 0
        assert desk.paper == []


def test_a_fiscal_memory_takes_thirty_tables(desk):
    heard = [desk.ask(83, "21.00").values for _ in range(30)]
    assert heard == [["0", str(left)] for left in range(29, -1, -1)]
    assert desk.ask(83, "21.00").code == -100108


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ((), -112001),
        (("21.00",) * 8, -112001),
        (("21.00", "100.03"), -112202),
        (("-1.00",), -112201),
        (("21.00", ""), -112102),
        (("21.005",), -112101),
        (("100.00", "100.00"), -102009),
    ],
)
def test_a_bad_table_is_refused_and_costs_nothing(desk, values, code):
    assert desk.ask(83, *values).code == code
    assert desk.ask(83, "21.00").values == ["0", "29"]


def test_rates_are_set_only_with_nothing_open_and_the_day_closed(desk):
    desk.open()
    assert desk.ask(83, "19.00").code == RECEIPT_OPEN
    desk.ask(60)
    desk.receipt()
    assert desk.ask(83, "19.00").code == NEED_Z
    desk.ask(69, "Z")
    assert desk.ask(83, "19.00").code == 0


# --- operators


def test_an_operator_with_his_own_password_comes_in_with_no_other(tmp_path):
    with Desk(tmp_path, *state(tmp_path)) as desk:
        assert desk.ask(101, "1", "9999", "4711").code == -102002
        assert desk.ask(101, "1", "0001", "4711").values == ["0"]
        assert desk.ask(101, "1", "0001", "4712").code == -102002
        for wrong in ("0001", "1", ""):
            assert desk.ask(48, "1", wrong, "1", "", "").code == -102002
        assert desk.ask(48, "2", "2", "1", "", "").code == 0
        assert desk.ask(101, "1", "4711", "8").code == RECEIPT_OPEN
        desk.ask(60)
    with Desk(tmp_path, *state(tmp_path), "--open-receipt") as desk:
        assert desk.ask(76).values[1] == "1"
        desk.ask(60)
        assert desk.ask(48, "1", "4711", "1", "", "").code == 0


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (("31", "31", "1"), -112201),
        (("1", "0001", ""), -112103),
        (("1", "0001", "123456789"), -112203),
        (("1", "0001", "abc"), -112203),
        (("1", "0001"), -112001),
    ],
)
def test_a_password_that_cannot_be_is_refused(desk, values, code):
    assert desk.ask(101, *values).code == code
    assert desk.open().code == 0


# --- the logo


def test_a_logo_is_loaded_in_pieces_and_known_by_its_hash(tmp_path):
    picture = bmp(384, 10)
    with Desk(tmp_path, *state(tmp_path)) as desk:
        assert load(desk, picture).values == ["0", f"{sum(picture) % 65536:04X}"]
        assert desk.ask(202, "STOP").code == NOT_PERMITTED
        assert desk.paper == []
    assert remembered(tmp_path)["logo_sha256"] == hashlib.sha256(picture).hexdigest()


def test_what_is_no_logo_is_refused_at_the_end_and_the_load_begins_anew(tmp_path):
    with Desk(tmp_path, *state(tmp_path)) as desk:
        assert load(desk, b"GIF89a").code == NO_LOGO
        assert remembered(tmp_path)["logo_sha256"] == ""
        assert load(desk, bmp()).code == 0


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        bmp()[:-1],
        bmp(extra=1),
        bmp(bits=24),
        bmp(packed=1),
        bmp(width=385),
        bmp(height=241),
        bmp(height=0),
        b"MB" + bmp()[2:],
    ],
)
def test_only_a_whole_bitmap_of_one_bit_that_fits_is_a_logo(picture):
    assert is_logo(bmp())
    assert is_logo(bmp(384, 240))
    assert not is_logo(picture)


def test_a_piece_that_cannot_be_is_refused_and_the_load_goes_on(desk):
    assert desk.ask(202, "QUJD").code == NOT_PERMITTED
    desk.ask(202, "START")
    for bad, code in (("QUJ", -112101), ("Q JD", -112101), ("", -112101), ("POWEROFF", -112201)):
        assert desk.ask(202, bad).code == code
    assert desk.ask(202).code == -112001
    assert desk.ask(202, "QUJD").values == ["0", "00C6"]


def test_a_logo_that_never_ends_is_refused(desk):
    desk.ask(202, "START")
    piece = base64.b64encode(b"\0" * PIECE).decode()
    codes = [desk.ask(202, piece).code for _ in range(104)]
    assert codes == [0] * 103 + [-101015]


def test_a_logo_is_loaded_only_with_nothing_open_and_the_day_closed(desk):
    desk.receipt()
    assert desk.ask(202, "START").code == NEED_Z
    desk.ask(69, "Z")
    desk.ask(202, "START")
    desk.open()
    assert desk.ask(202, "QUJD").code == RECEIPT_OPEN


def test_a_power_cut_forgets_the_load(tmp_path):
    with Desk(tmp_path, *state(tmp_path)) as desk:
        desk.ask(202, "START")
    with Desk(tmp_path, *state(tmp_path)) as desk:
        assert desk.ask(202, "QUJD").code == NOT_PERMITTED


# --- the drawer, and what is remembered


def test_the_drawer_opens_in_any_state_and_leaves_no_document(tmp_path):
    with Desk(tmp_path, *state(tmp_path)) as desk:
        assert desk.ask(106).values == ["0"]
        desk.open()
        assert desk.ask(106, "200").values == ["0"]
        assert desk.ask(106, "").values == ["0"]
        assert [desk.ask(106, bad).code for bad in ("0", "65536", "x")] == [
            -112201,
            -112201,
            -112101,
        ]
        assert desk.paper == []
    assert remembered(tmp_path)["drawer_pulses"] == 3


def test_a_state_file_from_before_all_this_still_loads():
    kept = json.loads(to_json(Memory("SIM1", (21_00,) * 7, EPOCH)))
    for name in (
        "header",
        "footer",
        "operator_names",
        "operator_passwords",
        "vat_set_at",
        "vat_changes_left",
        "drawer_pulses",
        "logo_sha256",
    ):
        del kept[name]
    assert from_json(json.dumps(kept)) == Memory("SIM1", (21_00,) * 7, EPOCH)
