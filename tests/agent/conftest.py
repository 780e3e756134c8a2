"""A virtual cloud for the tests of one module; what one test breaks is mended before the next."""

from collections.abc import Iterator

import pytest

from sandbox.cloud.world import World, opened


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("cloud") / "cloud.db", faults=True) as world:
        yield world


@pytest.fixture
def world(cloud: World) -> Iterator[World]:
    yield cloud
    cloud.shop.delete("/sandbox/faults")
