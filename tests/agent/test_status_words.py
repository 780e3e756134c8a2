"""`amef status --lang ro`: what the running agent writes in English, said in Romanian."""

import json
import time
from pathlib import Path

import pytest

from agent.cli.status_words import COSTS_OF, COSTS_RO, in_romanian
from agent.cloud.abilities import COSTS
from agent.cloud.network import expiry_warning
from agent.health import STATUS_FILE
from tests.agent.amef import called, configuration

DAY_MS = 86_400_000
SAID = {
    "connected": "conectat",
    "the disk is 86 % full": "discul este plin 86 %",
    "the disk is 98 % full: no new commands are taken": (
        "discul este plin 98 %: nu se iau comenzi noi"
    ),
    "the key may not (403 FORBIDDEN: no scope (receipts): none): no commands are taken": (
        "cheia nu are voie (403 FORBIDDEN: no scope (receipts): none): nu se iau comenzi"
    ),
    f"the key may not (403 FORBIDDEN): {COSTS['receipt']}": (
        f"cheia nu are voie (403 FORBIDDEN): {COSTS_RO['receipt']}"
    ),
    f"the cloud lacks claim: {COSTS['claim']}": f"cloud-ul nu are claim: {COSTS_RO['claim']}",
    "127.0.0.1 refuses the connection": "127.0.0.1 refuză conexiunea",
}


@pytest.mark.parametrize("sentence", SAID)
def test_a_sentence_of_the_agent_is_said_in_romanian(sentence: str) -> None:
    assert in_romanian(sentence) == SAID[sentence]


def test_every_cost_of_what_a_cloud_lacks_is_known_in_romanian() -> None:
    assert COSTS_RO.keys() == COSTS.keys()
    assert COSTS_OF.keys() == {*COSTS.values()}


def test_a_certificate_that_ends_is_said_in_romanian() -> None:
    assert in_romanian(expiry_warning(9 * DAY_MS, 8 * DAY_MS)).endswith("expiră la 1970-01-10")
    assert in_romanian(expiry_warning(7 * DAY_MS, 8 * DAY_MS)).endswith("a expirat la 1970-01-08")


@pytest.mark.parametrize("sentence", ["401 UNAUTHORIZED: no", "", "online paper_low"])
def test_what_is_not_known_stays_as_it_is(sentence: str) -> None:
    assert in_romanian(sentence) == sentence


def test_the_status_is_shown_in_the_readers_language(tmp_path: Path) -> None:
    config = configuration(tmp_path, "/dev/ttyS9")
    (tmp_path / "state").mkdir()
    said = {"at_ms": int(time.time() * 1000), "loops": {"cloud": "connected"}}
    notes = {"cloud": ["the disk is 86 % full"]}
    (tmp_path / "state" / STATUS_FILE).write_text(json.dumps(said | {"notes": notes}))
    english = called("status", "--config", config).output
    romanian = called("status", "--config", config, "--lang", "ro").output
    assert "running" in english
    assert "cloud: connected" in english
    assert "merge" in romanian
    assert "cloud: conectat" in romanian
    assert "discul este plin 86 %" in romanian
