"""kill -9 at random moments: what an agent saw finished is charged, once; nothing else that it should not be."""

import asyncio
import collections
import os
import random
import secrets
import signal
import time

from dialects import BOTH
from kills import Ask, Book, Connection
from programs import Gateway, World, until

KILLS = int(os.environ.get("KILLS", 300))
SEED = os.environ.get("SEED") or secrets.token_hex(4)
KILLS_PER_BOOK = 30
STARTING = 0.08  # seconds: a start takes about half of it
SERVING = 0.4
ANSWERS = 12  # before a kill, at most that many are waited for


class Campaign:
    """Books that are opened one after the other, and a gateway that is killed over each."""

    def __init__(self, directory):
        self.directory = directory
        self.random = random.Random(SEED)
        self.figures = collections.Counter()

    def keep_a_book(self, kills):
        directory = self.directory / f"book-{self.figures['books']}"
        directory.mkdir()
        world = World(directory)
        with world.programs:
            book = Book(world, self.random)
            gateway = self.start(world)
            gateway.wait_until_listening()
            book.open(gateway)
            for _ in range(kills):
                self.kill_once(book, gateway)
                book.look_after_a_kill()
                gateway = self.start(world)
            gateway.wait_until_listening()
            book.check(gateway)
            world.check_secrets()
        self.figures += book.figures
        self.figures["upstream calls"] += sum(map(len, book.calls.values()))
        self.figures["grants"] += len(book.grants)
        self.figures["registrations"] += len(book.keys)
        self.figures["books"] += 1

    def start(self, world):
        gateway = Gateway(world, awaits_listening=False, FAREBOX_HOLDS_LEASE=2)
        world.programs.callback(gateway.kill)
        return gateway

    def kill_once(self, book, gateway):
        if self.random.random() < 0.35:
            # While it opens the database, recovers and expires holds.
            time.sleep(self.random.uniform(0, STARTING))
            gateway.kill()
            self.figures["while starting"] += 1
            return
        gateway.wait_until_listening()
        if book.life:
            book.check(gateway)
        stops = self.random.random() < 0.15
        asyncio.run(self.serve_and_kill(book, gateway, stops))
        self.figures["while stopping" if stops else "while serving"] += 1

    async def serve_and_kill(self, book, gateway, stops):
        answered = book.figures["acknowledged"] + self.random.randrange(ANSWERS)
        serving = asyncio.create_task(book.serve(gateway))
        # A slow machine needs longer for them; a fast one has many more of them in the time that follows.
        while not serving.done() and book.figures["acknowledged"] < answered:
            await asyncio.sleep(0.005)
        await self.pass_time(serving, self.random.uniform(0, SERVING))
        if stops:
            book.is_stopping = True
            gateway.send(signal.SIGTERM)
            await self.pass_time(serving, self.random.uniform(0, STARTING))
        gateway.kill()
        await serving

    async def pass_time(self, serving, duration):
        await asyncio.wait([serving], timeout=duration)
        if serving.done():
            serving.result()


def test_whatever_the_moment_of_a_kill_no_money_is_lost_or_doubled(tmp_path, capsys):
    campaign = Campaign(tmp_path)
    started = time.monotonic()
    left = KILLS
    try:
        while left:
            kills = min(left, KILLS_PER_BOOK)
            campaign.keep_a_book(kills)
            left -= kills
    except BaseException:
        print(f"kills: SEED={SEED} in book {campaign.figures['books']}")
        raise
    figures = campaign.figures
    assert figures["acknowledged"] > KILLS
    with capsys.disabled():
        print(
            f"\nkills={KILLS} (starting={figures['while starting']} serving={figures['while serving']} "
            f"stopping={figures['while stopping']}) acknowledged={figures['acknowledged']} lost=0 doubled=0 "
            f"unseen={figures['unseen']} left-and-asked-again={figures['left and asked again']} "
            f"left-for-good-charged={figures['left for good, charged']} upstream-calls={figures['upstream calls']} "
            f"grants={figures['grants']} registrations={figures['registrations']} "
            f"seconds={time.monotonic() - started:.0f} seed={SEED}"
        )


def test_a_hold_of_a_dead_gateway_is_released(world):
    """An answer that never came costs nothing after the restart."""
    gateway = world.start(FAREBOX_HOLDS_LEASE=2)
    customer = gateway.customer("1.00")
    world.simulator.answer("fault=stall_head")

    async def leave_it_waiting():
        ask = Ask(1, customer, BOTH[0], False, 1, "", None)
        asking = asyncio.create_task(Connection(gateway.port).converse(ask.request()))
        await asyncio.to_thread(until, lambda: gateway.open_holds() == 1, "the hold")
        gateway.kill()
        assert await asking == b"", "a killed gateway answered"

    asyncio.run(leave_it_waiting())
    customer.gateway = world.start(name="again", FAREBOX_HOLDS_LEASE=2)
    customer.gateway.wait_until_no_holds()
    assert customer.balance() == 1_000_000
    assert customer.charges() == []
    world.audit()
