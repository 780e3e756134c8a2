"""A stage per test: a virtual cloud, a virtual AMEF, and room for the agent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "shop") as stage:
        yield stage


@pytest.fixture
def slow_stage(tmp_path: Path) -> Iterator[Stage]:
    """The printer needs a while for every line, so that a receipt can be hit in the middle."""
    with Stage(tmp_path / "shop", printer=("--print-ms", "10")) as stage:
        yield stage


@pytest.fixture(scope="module")
def shared_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One stage with a running agent for many tests that leave it as it was."""
    with Stage(tmp_path_factory.mktemp("shop")) as stage:
        stage.start_agent()
        yield stage
