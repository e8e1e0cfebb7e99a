"""A disk whose writes and syncs fail with EIO under the real program: it says so, ends, and a restart finds the books."""

import functools
import http.client
import json
import subprocess

import pytest

from dialects import BOTH
from programs import ROOT, run, until
from wire import Stream, call

# Of the log: what is not known to be on the disk is never acknowledged. `once` is what Linux does: it tells of a failed
# sync once, and the next one succeeds without what was lost.
ORDERS = [
    f"{operation} {first} {repetition}"
    for operation in ("sync", "write")
    for first in (1, 4)
    for repetition in ("on", "once")
]


@pytest.fixture(scope="session")
def failing_disk(tmp_path_factory):
    """The library that makes a program's disk fail."""
    library = tmp_path_factory.mktemp("failing-disk") / "failing_disk.so"
    source = ROOT / "Tests/Journeys/failing_disk.c"
    subprocess.run(["clang", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source], check=True)
    return library


class Disk:
    """The disk of a world's gateway, which works until it is told to fail."""

    def __init__(self, world, library):
        self.world = world
        self.order = world.directory / "order"
        self.done = world.directory / "order.done"
        self.settings = {
            "LD_PRELOAD": library,
            "FAILING_DISK_FILES": str(world.directory / "farebox.db"),
            "FAILING_DISK_ORDER": self.order,
        }

    def fail(self, order):
        written = self.order.with_suffix(".new")
        written.write_text(order)
        written.rename(self.order)

    @property
    def has_failed(self):
        return self.done.exists()

    def works_again(self):
        self.order.unlink()
        self.done.unlink()


@pytest.fixture
def disk(world, failing_disk):
    return Disk(world, failing_disk)


def ask(dialect, customer, stream):
    """The receipt of an answer that came to its end; None and the failure's code where the disk failed."""
    with Stream(**dialect.request(customer, stream=stream)) as answer:
        body = answer.response.read()
        if answer.status == 503:
            return None, dialect.error(body)["code"]
        assert answer.status == 200, (answer.status, body)
        if not stream or dialect.end in body:
            return answer.headers["x-farebox-receipt"], None
        # The head was sent before the disk failed: the stream says so, and does not end as one that was settled does.
        last = [event for event in body.split(b"\n\n") if b"data:" in event][-1]
        assert dialect.is_error_event(last), body[-1000:]
        told = json.loads(last[last.index(b"data:") + 5 :])
        return None, told["error"].get("code", "in the stream")


def refuse_all_money(gateway, customer):
    """Whatever moves money or opens an account is refused, in the caller's words; who reads is still answered.

    All that until the process ends, a second after the failure: nobody is answered in another way.
    """

    def inference(dialect, stream):
        receipt, code = ask(dialect, customer, stream)
        assert receipt is None and code == "store_stopped"

    def order(method, path, **content):
        answer = gateway.admin(method, path, customer=customer.id, **content)
        assert answer.expect(503).json()["code"] == "store_stopped"

    asking = [functools.partial(inference, dialect, stream) for dialect in BOTH for stream in (False, True)] + [
        functools.partial(order, "POST", "/v1/register"),
        functools.partial(order, "POST", "/v1/admin/grants", amount="1.00", asset="usd", reason="r", id="late"),
        functools.partial(order, "POST", "/v1/admin/keys", settings={"name": "late"}),
        customer.balance,
    ]
    for one in asking:
        try:
            one()
        except (ConnectionError, http.client.BadStatusLine, http.client.IncompleteRead):
            until(lambda: not gateway.is_running, "a gateway that answers no more to end")


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("dialect", BOTH, ids=str)
def test_a_disk_that_fails_is_told_and_nothing_that_was_acknowledged_is_lost(world, disk, dialect, stream, order):
    gateway = world.start(**disk.settings)
    customer = gateway.customer("5.00")
    seen = [ask(dialect, customer, stream)[0] for _ in range(2)]
    assert all(seen)
    calls = world.simulator.received()["count"]
    disk.fail(order)
    gateway.was_told = True

    failure = None
    while not failure:
        assert not disk.has_failed, "an answer was acknowledged after the disk had failed"
        receipt, failure = ask(dialect, customer, stream)
        if receipt:
            seen.append(receipt)
            calls += 1
    assert disk.has_failed
    assert failure in ("store_commit_failed", "in the stream")
    # The hold of the one that failed may have been written before the disk failed; no other had one.
    until(lambda: world.simulator.received()["inflight"] == 0, "the upstream to be idle")
    held = world.simulator.received()["count"]
    assert held in (calls, calls + 1)
    refuse_all_money(gateway, customer)
    assert world.simulator.received()["count"] == held, "an upstream was asked without a hold"
    assert gateway.wait() not in (0, None), "a process whose disk failed goes on"

    assert audit(world).startswith("audit clean")
    disk.works_again()
    again = world.start(name="again", **disk.settings)
    customer.gateway = again
    assert again.open_holds() == 0
    for receipt in seen:
        customer.receipt(receipt).expect(200)
    charges = customer.charges()
    assert len(charges) in (len(seen), len(seen) + 1)
    assert customer.balance() == 5_000_000 - sum(charges)
    for dialect in BOTH:
        assert ask(dialect, customer, stream)[0]


@pytest.mark.parametrize("order", ["sync 1 on", "sync 1 once", "write 1 on", "write 1 once"])
def test_a_log_that_can_not_be_moved_into_the_database_ends_the_process(world, disk, order):
    """SQLite keeps such a failure to itself; a log whose sync failed is not to be written on."""
    database = str(world.directory / "farebox.db")
    gateway = world.start(**disk.settings | {"FAILING_DISK_FILES": database + "$"})
    customer = gateway.customer("5.00")
    disk.fail(order)
    gateway.was_told = True
    failure = None
    seen = []
    while not failure:
        assert not disk.has_failed, "an answer was acknowledged after the disk had failed"
        assert len(seen) < 500, "the log is never moved"
        receipt, failure = ask(BOTH[0], customer, False)
        seen += [receipt] if receipt else []
    assert failure == "store_commit_failed"
    refuse_all_money(gateway, customer)
    assert gateway.wait() not in (0, None)
    assert audit(world).startswith("audit clean")
    disk.works_again()
    customer.gateway = world.start(name="again")
    for receipt in seen:
        customer.receipt(receipt).expect(200)


def test_a_disk_that_fails_at_the_start_is_a_start_that_fails(world, disk):
    gateway = world.start(**disk.settings)
    customer = gateway.customer("5.00")
    assert ask(BOTH[0], customer, False)[0]
    gateway.kill()
    starts = 0
    for operation in ("sync", "write"):
        for first in range(1, 30):
            disk.fail(f"{operation} {first} on")
            done = run("grant", "--database", gateway.database, "--customer", customer.id, "--amount", "1.00",
                       "--id", f"{operation}", "--reason", "r", **disk.settings)
            failed = disk.has_failed
            assert failed == (done.returncode != 0), (operation, first, done)
            assert "Fatal error" not in done.stderr
            disk.order.unlink()
            disk.done.unlink(missing_ok=True)
            assert audit(world).startswith("audit clean")
            if not failed:
                break
            starts += 1
        else:
            pytest.fail("the disk fails for ever")
    assert starts > 4
    customer.gateway = world.start(name="again", **disk.settings)
    assert customer.balance() == 7_000_000 - sum(customer.charges())


def audit(world):
    done = run("audit", "--database", f"sqlite:{world.directory / 'farebox.db'}")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
