"""`amef wire` as it is typed."""

import json

import pytest

from tests.agent.amef import called

REPLY = "01 2C 21 2D 46 04 80 80 92 8F 80 B2 05 30 34 31 3C 03"
PAID = "01 2A 21 35 2D 31 30 2E 30 30 05 30 31 3A 31 03"
ENCODE = ("wire", "encode", "--family", "eltrade", "--seq", "0x21", "--command")


def decoded(*arguments: str) -> tuple[int, list[dict[str, object]]]:
    result = called("wire", "decode", "--family", "datecs_legacy", "--direction", "rx", *arguments)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def test_a_frame_is_typed_as_one_word_or_as_many() -> None:
    together, apart = decoded(REPLY), decoded(*REPLY.split())
    assert together == apart
    assert (apart[0], apart[1][0]["data"]) == (0, "F")


def test_a_stream_is_one_object_for_each_piece_and_fails_if_one_is_noise() -> None:
    code, told = decoded("--stream", "16", REPLY)
    assert (code, [piece["ok"] for piece in told]) == (0, [True, True])
    code, told = decoded("--stream", "16", REPLY, "41")
    assert (code, [piece["ok"] for piece in told]) == (1, [True, True, False])
    code, told = decoded("16", REPLY)
    assert (code, len(told)) == (1, 1)
    assert decoded("--stream", "xy")[0] == 1


@pytest.mark.parametrize("command", ["53", "0x35"])
def test_a_command_is_typed_as_the_manual_has_it(command: str) -> None:
    assert called(*ENCODE, command, "-10.00").stdout.strip() == PAID


def test_data_may_begin_with_a_dash_wherever_it_stands() -> None:
    where = ("wire", "encode", "-10.00", "--family", "eltrade", "--seq=33", "--command=53")
    assert called(*where).stdout.strip() == PAID
    assert called(*ENCODE, "53", "--", "-10.00").stdout.strip() == PAID
    assert called(*ENCODE, "53", "--", "--x").exit_code == 0


@pytest.mark.parametrize(
    "wrong", [("--comand", "53"), ("--comand=53",), ("-10.00", "--json"), ("-10.00", "-1")]
)
def test_an_option_that_there_is_not_is_an_error(wrong: tuple[str, ...]) -> None:
    assert called(*ENCODE, "53", *wrong).exit_code == 2


@pytest.mark.parametrize(
    "wrong",
    [
        ("--family", "shtrih", "--seq", "33", "--command", "0x10"),
        ("--family", "custom", "--seq", "33", "Z^"),
        ("--family", "fiscalnet", "--command", "33", "Z^"),
        ("--family", "tremol", "--command", "0x20"),
    ],
)
def test_numbers_that_the_wire_does_not_have_or_needs_are_a_wrong_call(
    wrong: tuple[str, ...],
) -> None:
    result = called("wire", "encode", *wrong)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "SEQ" in result.stderr or "CMD" in result.stderr


def test_a_file_without_a_line_is_not_printed_as_an_empty_line() -> None:
    result = called("wire", "encode", "--family", "custom", "")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no line" in result.stderr


def test_what_cannot_be_written_says_why() -> None:
    result = called(*ENCODE, "4A")
    assert (result.exit_code, result.stdout) == (2, "")
    result = called(*ENCODE, "0x1F")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "CMD 0x1f" in result.stderr
