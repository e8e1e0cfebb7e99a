"""kill -9 while many agents are served: what an agent saw finished is charged, once; nothing stays held."""

import asyncio
import json
import random

from dialects import BOTH
from programs import until
from wire import LeanConnection, call, header

CUSTOMERS = 4
AGENTS = 32
ROUNDS = 4
ANSWERS_BEFORE_A_KILL = 120


def request_bytes(dialect, customer, stream):
    body = json.dumps(dialect.body(stream)).encode()
    fields = dialect.headers | dialect.auth(customer.key) | {
        "host": "gateway",
        "content-type": "application/json",
        "content-length": str(len(body)),
        dialect.simulate: "output_tokens=12; delay_chunk_ms=3",
    }
    lines = [f"POST {dialect.path} HTTP/1.1"] + [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Load:
    """Agents that ask again and again, and remember which answers they saw the end of."""

    def __init__(self, gateway, customers, seed):
        self.gateway = gateway
        self.customers = customers
        self.random = random.Random(seed)
        self.finished = []

    async def agent(self):
        connection = LeanConnection(self.gateway.port)
        while True:
            customer = self.random.choice(self.customers)
            dialect = self.random.choice(BOTH)
            stream = self.random.random() < 0.6
            try:
                status, head, body = await connection.ask(request_bytes(dialect, customer, stream))
            except (OSError, asyncio.IncompleteReadError):
                return
            assert status == 200, (status, body)
            if not stream or dialect.end in body:
                self.finished.append((customer, header(head, "x-farebox-receipt")))

    async def run(self, kill_after):
        agents = [asyncio.create_task(self.agent()) for _ in range(AGENTS)]
        while len(self.finished) < kill_after:
            for agent in agents:
                if agent.done():
                    agent.result()
            await asyncio.sleep(0.005)
        self.gateway.kill()
        await asyncio.gather(*agents)


def test_every_answer_seen_is_charged_once_after_a_kill(world):
    gateway = world.start(FAREBOX_HOLDS_LEASE=2)
    customers = [gateway.customer("500.00") for _ in range(CUSTOMERS)]
    seen = []
    for round in range(ROUNDS):
        load = Load(gateway, customers, seed=round)
        asyncio.run(load.run(ANSWERS_BEFORE_A_KILL))
        seen += load.finished

        gateway = world.start(name=f"gateway-{round}", FAREBOX_HOLDS_LEASE=2)
        for customer in customers:
            customer.gateway = gateway
        gateway.wait_until_no_holds()
        world.audit()

    ids = [receipt for _, receipt in seen]
    assert len(set(ids)) == len(ids) >= ROUNDS * ANSWERS_BEFORE_A_KILL
    for customer, receipt in seen:
        customer.receipt(receipt).expect(200)

    for customer in customers:
        charged = debits(customer)
        assert customer.balance() == 500_000_000 - sum(charged)
        mine = [receipt for owner, receipt in seen if owner is customer]
        paid = sum(customer.receipt(receipt).json()["charge"] for receipt in mine)
        # What nobody saw the end of may have been settled just before the kill.
        unseen = len(charged) - len(mine)
        assert 0 <= unseen <= ROUNDS * AGENTS
        assert paid <= sum(charged)


def debits(customer):
    """All charges of a customer, page by page."""
    found = []
    page = 1
    while True:
        answer = call("GET", f"{customer.proxy}/transactions?page={page}&limit=100").expect(200).json()
        found += [-row["usdc_amount"] for row in answer["transactions"] if row["type"] == "DEBIT"]
        if page * 100 >= answer["total"]:
            return found
        page += 1


def test_a_hold_of_a_dead_gateway_is_released(world):
    """An answer that never came costs nothing after the restart."""
    gateway = world.start(FAREBOX_HOLDS_LEASE=2)
    customer = gateway.customer("1.00")
    world.simulator.answer("fault=stall_head")

    async def leave_it_waiting():
        connection = LeanConnection(gateway.port)
        asking = asyncio.create_task(connection.ask(request_bytes(BOTH[0], customer, False)))
        await asyncio.to_thread(until, lambda: gateway.open_holds() == 1, "the hold")
        gateway.kill()
        try:
            await asking
        except (OSError, asyncio.IncompleteReadError):
            return
        raise AssertionError("a killed gateway answered")

    asyncio.run(leave_it_waiting())
    customer.gateway = world.start(name="again", FAREBOX_HOLDS_LEASE=2)
    customer.gateway.wait_until_no_holds()
    assert customer.balance() == 1_000_000
    assert customer.charges() == []
    world.audit()
