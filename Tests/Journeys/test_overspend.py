"""A balance that covers 77 holds buys 77 answers, however many ask at once (L5-19 and L5-23, otherwise)."""

import asyncio
import json
import re

import pytest

from dialects import BOTH, OPENAI
from money import dollars
from wire import LeanConnection, call, header

CONNECTIONS = 300
AFFORDABLE = 77
# The provider reports more than any hold covers, so each charge is exactly its hold.
COSTLY = "input_tokens=1000000; output_tokens=3; delay_head_ms=200"


def request_bytes(dialect, customer, stream):
    body = json.dumps(dialect.body(stream)).encode()
    fields = dialect.headers | dialect.auth(customer.key) | {
        "host": "gateway",
        "content-type": "application/json",
        "content-length": str(len(body)),
    }
    lines = [f"POST {dialect.path} HTTP/1.1"] + [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def hold_of_one(gateway, dialect, stream):
    customer = gateway.customer("50.00")
    answer = call(**dialect.request(customer, stream=stream)).expect(200)
    receipt = customer.settled(answer.headers["x-farebox-receipt"])
    assert receipt["charge"] == receipt["hold"], "the simulator reports more than the hold"
    return receipt["hold"]


async def crowd(port, request, count):
    """Sends the request so many times over a few hundred connections; returns (status, head, body) of each."""
    left = iter(range(count))
    answers = []

    async def one():
        connection = LeanConnection(port)
        for _ in left:
            answers.append(await connection.ask(request))
        connection.close()

    await asyncio.gather(*(one() for _ in range(min(CONNECTIONS, count))))
    return answers


async def watch(customer, lowest):
    while True:
        answer = await asyncio.to_thread(call, "GET", f"{customer.proxy}/balance")
        balances = answer.expect(200).json()
        lowest.append(balances["usdc_balance"])
        for asset in balances["balances"].values():
            lowest += [asset["posted"], asset["held"], asset["available"]]
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "dialect, count, stream",
    [(OPENAI, 10_000, False), (BOTH[1], 1_000, True)],
    ids=["10000 chat completions", "1000 streamed messages"],
)
def test_a_crowd_can_not_spend_more_than_there_is(world, dialect, count, stream):
    gateway = world.start(FAREBOX_HOLDS_MODE="strict")
    world.simulator.answer(COSTLY)
    hold = hold_of_one(gateway, dialect, stream)
    customer = gateway.customer(dollars(AFFORDABLE * hold))
    world.simulator.answer(COSTLY)
    before = world.simulator.received()["count"]

    lowest = []

    async def race():
        watcher = asyncio.create_task(watch(customer, lowest))
        answers = await crowd(gateway.port, request_bytes(dialect, customer, stream), count)
        watcher.cancel()
        return answers

    answers = asyncio.run(race())

    served = [answer for answer in answers if answer[0] == 200]
    refused = [answer for answer in answers if answer[0] == 402]
    assert len(answers) == count
    assert (len(served), len(refused)) == (AFFORDABLE, count - AFFORDABLE)
    assert world.simulator.received()["count"] - before == AFFORDABLE

    for _, head, body in refused:
        message = dialect.error(body)["message"]
        needed, available = re.findall(r"\d+\.\d{6}", message)[:2]
        assert needed == dollars(hold)
        assert float(available) < float(needed)
        assert int(header(head, "x-balance-remaining") or 0) < hold

    assert min(lowest) >= 0
    assert customer.balance() == 0
    receipts = {header(head, "x-farebox-receipt") for _, head, _ in served}
    assert len(receipts) == AFFORDABLE
    charges = customer.charges()
    assert charges == [hold] * AFFORDABLE
    gateway.wait_until_no_holds()
    world.audit()
