"""A disk that is full, or read-only, under the real program."""

import subprocess

import pytest

from dialects import BOTH, OPENAI
from programs import World, run, until
from wire import call


@pytest.fixture
def small_disk(tmp_path):
    """A world whose folder is a file system of eight megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"file systems can not be mounted here: {mounted.stderr.strip()}")
    world = World(tmp_path)
    world.disk = folder
    world.audit = lambda: audit(world)
    yield world
    try:
        world.close()
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def remount(folder, options):
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


def start(world, **settings):
    return world.start(FAREBOX_DATABASE=f"sqlite:{world.disk / 'farebox.db'}", **settings)


def audit(world):
    done = run("audit", "--database", f"sqlite:{world.disk / 'farebox.db'}")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fill(folder):
    """Takes all the room that is left."""
    with (folder / "ballast").open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            return


@pytest.mark.parametrize("dialect", BOTH, ids=str)
def test_a_full_disk_refuses_before_the_upstream_and_loses_nothing(small_disk, dialect):
    world = small_disk
    gateway = start(world)
    customer = gateway.customer("5.00")
    seen = []
    for _ in range(3):
        answer = call(**dialect.request(customer)).expect(200)
        seen.append(answer.headers["x-farebox-receipt"])
    calls = world.simulator.received()["count"]
    fill(world.disk)

    # The log may have some room left in its last page; then money is refused, and no upstream is asked for it.
    refused = None
    for _ in range(200):
        try:
            answer = call(**dialect.request(customer))
        except (OSError, ConnectionError):
            break
        if answer.status == 503:
            refused = answer
            break
        seen.append(answer.expect(200).headers["x-farebox-receipt"])
    assert refused is not None, "a full disk was never noticed"
    assert dialect.error(refused.body)["code"] in ("store_commit_failed", "store_stopped")
    gateway.was_told = True
    assert gateway.wait() != 0, "a process whose commit failed goes on"
    assert world.simulator.received()["count"] in (len(seen), len(seen) + 1)
    assert calls <= len(seen)

    (world.disk / "ballast").unlink()
    gateway = start(world, name="again")
    customer.gateway = gateway
    gateway.wait_until_no_holds()
    for receipt in seen:
        customer.receipt(receipt).expect(200)
    assert customer.balance() == 5_000_000 - sum(customer.charges())
    call(**dialect.request(customer)).expect(200)
    assert "audit clean" in audit(world)


def test_a_disk_that_turned_read_only_refuses_money_and_still_answers_who_reads(small_disk):
    world = small_disk
    gateway = start(world)
    customer = gateway.customer("5.00")
    call(**OPENAI.request(customer)).expect(200)
    gateway.stop()
    remount(world.disk, "ro")
    done = run("serve", directory=world.directory, **{**gateway.settings})
    assert done.returncode != 0
    assert "Fatal error" not in done.stderr and done.stderr.strip()
    remount(world.disk, "rw")
    customer.gateway = start(world, name="again")
    assert customer.balance() == 5_000_000 - sum(customer.charges())
    until(lambda: customer.gateway.is_healthy(), "the gateway to be healthy")
    assert "audit clean" in audit(world)
