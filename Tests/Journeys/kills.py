"""Agents of a gateway that is killed at random moments, and what must be true of its books after each kill.

Each ask is told apart by its input tokens: the simulated upstream reports a number that no other ask has. So a line of
a statement names the ask that it charges, and what it must cost follows from the published prices alone.
"""

import asyncio
import collections
import contextlib
import json
import secrets
from dataclasses import dataclass, field

from dialects import BOTH
from money import price, prices
from programs import run, until
from wire import call, dechunk, header, is_whole, parse, with_reset

AGENTS = 24
CUSTOMERS = 3
GRANT = 1_000_000  # micro-USD
SIZES = [1, 12, 12, 12, 60, 400]  # output tokens
PACES = ["", "", "delay_chunk_ms=1", "delay_head_ms=20", "delay_head_ms=5; chunk_bytes=97"]


@dataclass(eq=False)
class Ask:
    """One question of an agent, asked again after a kill if it carries an Idempotency-Key."""

    number: int
    customer: object
    dialect: object
    stream: bool
    output: int
    pace: str
    id: str | None
    # The lives of the gateway in which it was asked.
    lives: set = field(default_factory=set)
    receipt: str | None = None
    charge: int | None = None

    def request(self):
        body = self.dialect.body(self.stream, 500, messages=[{"role": "user", "content": "x" * self.number}])
        text = json.dumps(body).encode()
        fields = self.dialect.headers | self.dialect.auth(self.customer.key) | {
            "host": "gateway",
            "content-type": "application/json",
            "content-length": str(len(text)),
            self.dialect.simulate: f"input_tokens={self.number}; output_tokens={self.output}; {self.pace}",
        }
        if self.id:
            fields["idempotency-key"] = self.id
        lines = [f"POST {self.dialect.path} HTTP/1.1"] + [f"{name}: {value}" for name, value in fields.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + text

    def hear(self, heard):
        """Takes note of an answer that was heard to its end; returns whether it was."""
        head, end, body = heard.partition(b"\r\n\r\n")
        if not end or not head.startswith(b"HTTP/1.1 200"):
            return False
        if self.stream:
            body = dechunk(body)
            if self.dialect.end not in body:
                return False
            told = body.rpartition(b": farebox charge=")[2]
            self.charge = int(told.split(b" ")[0])
        elif not is_whole(heard):
            return False
        self.receipt = header(head, "x-farebox-receipt")
        return True


class Connection:
    """A connection of one agent, opened when it is needed."""

    def __init__(self, port):
        self.port = port
        self.writer = None

    async def converse(self, request, patience=None):
        """Sends a request and returns all that comes of one answer; at most `patience` reads of it."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        self.writer.write(request)
        heard = b""
        with contextlib.suppress(ConnectionError):
            while not is_whole(heard) and patience != 0:
                piece = await self.reader.read(1 << 20)
                if not piece:
                    break
                heard += piece
                patience = patience and patience - 1
        return heard

    def leave(self, reset):
        if reset:
            with_reset(self.writer.get_extra_info("socket"))
        self.writer.transport.abort()
        self.writer = None


class Book:
    """One database, its customers, and what they were told over all lives of its gateway."""

    def __init__(self, world, random):
        self.world = world
        self.random = random
        self.life = 0
        self.asks = []
        self.unanswered = collections.deque()
        # The agents of this customer leave for good; what they owe is known within bounds.
        self.leaves = 0
        self.grants = {}
        self.ungranted = collections.deque()
        self.keys = []
        self.calls = collections.defaultdict(list)
        self.holds = 0
        self.inflight = 0
        self.is_stopping = False
        self.figures = collections.Counter()

    def open(self, gateway):
        self.customers = [gateway.customer() for _ in range(CUSTOMERS)]
        self.leaver = gateway.customer()
        for customer in [*self.customers, self.leaver]:
            for _ in range(20):
                self.new_grant(customer)
        self.credit()
        self.prices = {dialect.model: prices(gateway, dialect.model) for dialect in BOTH}

    def new_grant(self, customer):
        id = f"grant-{len(self.grants)}"
        self.grants[id] = customer
        self.ungranted.append(id)

    def credit(self):
        """Asks for every grant again that nobody knows the end of."""
        while self.ungranted:
            id = self.ungranted.popleft()
            self.grants[id].grant("1.00", id)

    # What agents do

    async def serve(self, gateway):
        """Agents ask until the gateway is dead."""
        self.life += 1
        self.is_stopping = False
        self.inflight = 0
        await asyncio.gather(*(self.agent(gateway) for _ in range(AGENTS)))

    async def agent(self, gateway):
        connection = Connection(gateway.port)
        try:
            while True:
                await self.act(gateway, connection)
        except OSError:
            return
        finally:
            if connection.writer:
                connection.leave(False)

    async def act(self, gateway, connection):
        chance = self.random.random()
        if chance < 0.03:
            heard = await connection.converse(b"POST /v1/register HTTP/1.1\r\nhost: gateway\r\ncontent-length: 0\r\n\r\n")
            self.keys.append(parse(self.whole(heard)).json()["api_token"])
            self.world.secret("key", self.keys[-1])
        elif chance < 0.08 or (self.ungranted and chance < 0.2):
            if not self.ungranted:
                self.new_grant(self.random.choice(self.customers))
            await self.grant(gateway, connection, self.ungranted.popleft())
        elif chance < 0.15:
            await self.leave(connection)
        else:
            await self.ask(connection, self.unanswered.popleft() if self.unanswered else self.new_ask())

    async def grant(self, gateway, connection, id):
        content = {"customer": self.grants[id].id, "amount": "1.00", "asset": "usd", "reason": "load", "id": id}
        text = json.dumps(content).encode()
        head = f"POST /v1/admin/grants HTTP/1.1\r\nhost: gateway\r\nx-admin-key: {gateway.admin_key}\r\n"
        head += f"content-type: application/json\r\ncontent-length: {len(text)}\r\n\r\n"
        try:
            self.whole(await connection.converse(head.encode() + text))
        except OSError:
            # Nobody knows whether it was credited: it is asked for again, under its id.
            self.ungranted.append(id)
            raise

    def whole(self, heard):
        """An answer of 200 that must have come whole, unless the gateway died."""
        if not is_whole(heard) or (self.is_stopping and b" 503 " in heard[:20]):
            raise ConnectionResetError
        assert heard.startswith(b"HTTP/1.1 200"), heard[:1000]
        return heard

    def new_ask(self, customer=None, keyed=None):
        keyed = self.random.random() < 0.4 if keyed is None else keyed
        ask = Ask(
            number=len(self.asks) + 1,
            customer=customer or self.random.choice(self.customers),
            dialect=self.random.choice(BOTH),
            stream=self.random.random() < 0.6,
            output=self.random.choice(SIZES),
            pace=self.random.choice(PACES),
            id=secrets.token_hex(8) if keyed else None,
        )
        self.asks.append(ask)
        return ask

    async def ask(self, connection, ask):
        ask.lives.add(self.life)
        if ask.id and self.random.random() < 0.2:
            # It leaves first, and asks again at once.
            heard = await connection.converse(ask.request(), patience=self.random.choice([0, 0, 1, 2]))
            await asyncio.sleep(self.random.random() * 0.02)
            if not heard or not is_whole(heard):
                connection.leave(self.random.random() < 0.5)
            self.figures["left and asked again"] += 1
        self.inflight += 1
        try:
            heard = await connection.converse(ask.request())
        except OSError:
            heard = b""
        if ask.hear(heard):
            self.inflight -= 1
            self.figures["acknowledged"] += 1
            return
        if ask.id:
            self.unanswered.append(ask)
        if is_whole(heard) and not self.is_stopping:
            raise AssertionError((ask, heard[:300], heard[-1000:]))
        raise ConnectionResetError

    async def leave(self, connection):
        """An agent that does not come back."""
        self.leaves += 1
        ask = self.new_ask(self.leaver)
        ask.lives.add(self.life)
        await connection.converse(ask.request(), patience=self.random.choice([0, 1, 1, 2]))
        connection.leave(self.random.random() < 0.5)

    # What must be true

    def look_after_a_kill(self):
        """The dead gateway's books are in order; the upstream was asked nothing that was not held for."""
        transfers, holds, open_holds, receipts = self.audit()
        until(lambda: self.world.simulator.received()["inflight"] == 0, "the upstream to notice")
        received = self.world.simulator.received()
        assert received["count"] == len(received["requests"])
        call("DELETE", f"{self.world.simulator.url}/_simulator/requests").expect(200)
        for request in received["requests"]:
            # A request that broke off before its end was not accepted, and has no status.
            if request["status"] is None:
                continue
            told = next(value for name, value in request["headers"] if name.endswith("-simulate"))
            self.calls[int(told.partition(";")[0].partition("=")[2])].append(request["outcome"])
        count = sum(map(len, self.calls.values()))
        assert count <= holds, f"{count} calls of the upstream, {holds} holds"
        for number, calls in self.calls.items():
            ask = self.asks[number - 1]
            assert len(calls) <= len(ask.lives), f"{len(calls)} calls for an ask of {len(ask.lives)} lives: {calls} {ask}"

    def audit(self):
        done = run("audit", "--database", f"sqlite:{self.world.directory / 'farebox.db'}")
        assert done.returncode == 0, done.stdout + done.stderr
        words = done.stdout.replace("(", "").split("audit clean: ")[1].split()
        return int(words[0]), int(words[2]), int(words[4]), int(words[6])

    def check(self, gateway):
        """After a restart: nothing is held, and every ask was charged what it must."""
        for customer in [*self.customers, self.leaver]:
            customer.gateway = gateway
        self.credit()
        assert gateway.open_holds() == 0
        assert self.audit()[2] == 0
        self.figures["unseen"] = 0
        for customer in self.customers:
            self.check_charges(customer, self.check_balance(customer))
        left = self.check_balance(self.leaver)
        assert len(left) <= self.leaves
        self.figures["left for good, charged"] = len(left)
        for key in self.keys:
            call("GET", f"{gateway.url}/proxy/{key}/balance").expect(200)

    def check_balance(self, customer):
        """The balance is what was granted, each grant once, less what was charged; returns the charges."""
        rows = statement(customer)
        granted = [row for row in rows if row["type"] == "GRANT"]
        mine = [id for id, owner in self.grants.items() if owner is customer]
        assert len(granted) == len(mine), f"{len(granted)} grants of {len(mine)} asked for until acknowledged"
        assert all(row["usdc_amount"] == GRANT for row in granted)
        charged = [row for row in rows if row["type"] == "DEBIT"]
        balance = call("GET", f"{customer.proxy}/balance").expect(200).json()
        expected = GRANT * len(mine) + sum(row["usdc_amount"] for row in charged)
        assert balance["usdc_balance"] == expected >= 0
        for asset in balance["balances"].values():
            assert asset["held"] == 0 <= asset["posted"] == asset["available"]
        return charged

    def check_charges(self, customer, charged):
        by_number = collections.defaultdict(list)
        for row in charged:
            by_number[row["input_tokens"]].append(row)
        asks = {ask.number: ask for ask in self.asks if ask.customer is customer}
        assert by_number.keys() <= asks.keys(), "a charge for nothing that was asked"
        for number, ask in asks.items():
            rows = by_number[number]
            cost = price(self.prices[ask.dialect.model], {"input": number, "output": ask.output})
            assert all(-row["usdc_amount"] == cost for row in rows), (cost, rows)
            mine = [row for row in rows if row["id"] == ask.receipt]
            if ask.receipt:
                assert len(mine) == 1, f"lost or doubled: {ask} {rows}"
                assert ask.charge in (None, cost)
            # What nobody saw the end of may be charged where it ran to its end: once a life.
            unseen = len(rows) - len(mine)
            assert len(rows) <= len(ask.lives), f"doubled: {ask} {rows}"
            served = self.calls[number].count("completed")
            assert len(rows) <= served, f"charged without an answer of the upstream: {ask} {rows}"
            self.figures["unseen"] += unseen


def statement(customer):
    """All lines, page by page."""
    found = []
    page = 1
    while True:
        answer = call("GET", f"{customer.proxy}/transactions?page={page}&limit=500").expect(200).json()
        found += answer["transactions"]
        if page * 500 >= answer["total"]:
            return found
        page += 1
