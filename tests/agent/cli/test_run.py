"""`amef run`, before it runs: what is asked for wrongly is said, and nothing is started."""

from pathlib import Path

import pytest

from agent.log import Level
from tests.agent.amef import configuration, program


@pytest.mark.parametrize("level", ["NONSENSE", "", "10"])
def test_a_level_that_is_none_is_wrong_usage_and_no_traceback(tmp_path: Path, level: str) -> None:
    config = configuration(tmp_path, "/dev/ttyS9")
    done = program("run", "--config", config, "--log-level", level)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "Invalid value for '--log-level'" in done.stderr
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("level", [*Level, "info", "Debug"])
def test_a_level_is_taken_in_small_letters_too(tmp_path: Path, level: str) -> None:
    done = program("run", "--config", str(tmp_path / "none.toml"), "--log-level", level)
    assert done.returncode == 78, "the level is taken, the missing file is not"
