"""A shop that keeps an archive, and the key it takes it to the cloud with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cloud.world import World
from tests.agent.archive.archive_shop import Shop, a_shop


@pytest.fixture
def secret(world: World) -> str:
    """A key that may not store into the documented lists."""
    return world.key("commands", "devices")[1]["x-api-key"]


@pytest.fixture
def shop(tmp_path: Path, world: World, secret: str) -> Iterator[Shop]:
    with a_shop(tmp_path, world, world.device(), secret) as shop:
        shop.settle()
        yield shop
