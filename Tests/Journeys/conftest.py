"""Every test has a world of its own, or shares its module's; after each the logs hold no secret."""

import pytest

from programs import BINARY, World


def pytest_sessionstart():
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is missing: run `make build` first", returncode=2)


def pytest_collection_modifyitems(items):
    # The longest begins first, so that nobody waits for it at the end.
    items.sort(key=lambda item: item.path.name != "test_kill.py")


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture
def gateway(world):
    return world.start()


@pytest.fixture(scope="module")
def shared_settings():
    """Overridden by modules whose shared gateway is set up in a special way."""
    return {}


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory, shared_settings):
    world = World(tmp_path_factory.mktemp("world"))
    world.shared_gateway = world.start(**shared_settings)
    yield world
    world.close()


@pytest.fixture
def shared(shared_world):
    """The module's gateway, with a simulator that has forgotten the test before."""
    shared_world.simulator.reset()
    yield shared_world.shared_gateway
    shared_world.check_secrets()
