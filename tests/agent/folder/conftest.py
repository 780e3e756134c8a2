"""A till, and the folder it drops its files in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.till import Till, quick_folder


@pytest.fixture
def till(quick_path: Path) -> Iterator[Till]:
    made = Till(quick_path)
    yield made
    made.close()


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    with quick_folder(tmp_path) as folder:
        yield folder
