"""Log lines: one line an event, fields behind it, and never a key."""

import logging
import re
import sys
import traceback
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.log import Level, LineFormatter, masked, set_up
from config.profiles import profiles
from tests.agent.cloud.cloud_world import SECRET

HEX = SECRET[-32:]


def line(event: str, *args: object, **fields: object) -> str:
    known = {"name": "agent.x", "levelname": "WARNING", "created": 1_775_120_400.5}
    record = logging.makeLogRecord(known | {"msg": event, "args": args} | fields)
    return LineFormatter().format(record)


@pytest.fixture
def root_logger_is_put_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_is_the_event_and_its_fields() -> None:
    assert line("ledger.%s", "begin", command_id="cmd_1", wait_s=1.5) == (
        "2026-04-02T09:00:00Z WARNING ledger.begin command_id=cmd_1 wait_s=1.5"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a b", '"a b"'),
        ("", '""'),
        ("a\nINFO forged", '"a\\nINFO forged"'),
        ("x=1", '"x=1"'),
        ('"', '"\\""'),
        ("/dev/ttyUSB0", "/dev/ttyUSB0"),
        ("pâine", "pâine"),
        ("\x1b[2J", '"\\u001b[2J"'),
        (None, "None"),
    ],
)
def test_a_field_cannot_forge_a_line_or_another_field(value: object, shown: str) -> None:
    assert line("e", field=value).endswith(f" field={shown}")
    assert "\n" not in line("e", field=value)


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"Bearer {SECRET}",
        f"key={SECRET}",
        f'{{"Authorization": "Bearer {SECRET}"}}',
        f"https://user:{SECRET}@cloud.example/?apiKey={SECRET}&x=1",
        f"ebon_live_a_b_c_d_{HEX}",
    ],
)
def test_a_key_is_masked_wherever_it_stands(text: str) -> None:
    for shown in (line(text), line("e", field=text), line("e %s", text), line("e", x=[text])):
        assert HEX not in shown
        assert "ebon_live_***" in shown


@pytest.mark.parametrize("organization", ["org-1", "a.b"])
def test_a_key_of_an_organization_with_other_signs_is_masked(organization: str) -> None:
    assert HEX not in line("e", field=f"ebon_live_{organization}_{HEX}")


@pytest.mark.parametrize("form", ["pk_test", "sk_live", "zatca_test", "zatca_live", "sak", "aak"])
def test_a_key_of_every_system_is_masked(form: str) -> None:
    assert HEX not in line("e", field=f"no such key: {form}_{HEX}.")


@pytest.mark.parametrize("profile", profiles())
@given(data=st.data())
def test_whatever_has_the_form_of_a_key_of_any_cloud_is_masked(
    profile: str, data: st.DataObject
) -> None:
    form = re.compile(profiles()[profile].key.pattern, re.ASCII)
    graphic = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="\"'&")
    key = data.draw(st.from_regex(form, fullmatch=True, alphabet=graphic))
    shown = masked(f"key {key}, refused")
    assert key[-16:] not in shown
    assert shown.startswith("key ")
    assert "***" in shown


def test_a_key_in_a_traceback_is_masked() -> None:
    try:
        raise ValueError(f"Illegal header value {SECRET!r}")
    except ValueError:
        shown = line("loop.broke", exc_info=sys.exc_info())
    assert "Traceback" in shown
    assert HEX not in shown


@pytest.mark.usefixtures("root_logger_is_put_back")
def test_the_log_goes_to_stderr_and_the_http_library_keeps_quiet(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up(Level.INFO)
    logging.getLogger("agent.x").info("agent.start", extra={"agent_id": "magazin-1"})
    logging.getLogger("agent.x").debug("not.shown")
    logging.getLogger("httpx").info("HTTP Request: GET https://cloud.example")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("Z INFO agent.start agent_id=magazin-1\n")
    assert err.count("\n") == 1


@pytest.mark.usefixtures("root_logger_is_put_back")
def test_what_passes_by_the_log_is_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(Level.INFO)
    set_up(Level.DEBUG)
    try:
        raise ValueError(f"Illegal header value {SECRET!r}")
    except ValueError:
        traceback.print_exc()
    sys.stderr.write(f"warning: {SECRET}\n")
    _, err = capsys.readouterr()
    assert "ValueError: Illegal header value 'ebon_live_***'" in err
    assert "warning: ebon_live_***\n" in err
    assert HEX not in err
