"""Answers that reach what hold and balance cover, and holds that grow with their stream."""

import json

import pytest

from dialects import ANTHROPIC, BOTH, OPENAI
from money import dollars, price, prices
from programs import until
from wire import Stream, call, data, is_our_comment

both = pytest.mark.parametrize("dialect", BOTH, ids=str)
ENDLESS = "fault=ignore_max_tokens; output_tokens=20000; delay_chunk_ms=1"


def stream_of(dialect, customer, directives, **more):
    with Stream(**dialect.request(customer, directives, stream=True, **more)) as answer:
        assert answer.status == 200
        return answer.headers, answer.events()


def told(events):
    return [json.loads(data(event)) for event in events if data(event) not in (None, b"[DONE]")]


def ends_for_its_length(dialect, events):
    own = [event for event in events if not is_our_comment(event)]
    if dialect is OPENAI:
        assert own[-1].startswith(b"data: [DONE]")
        finish = [choice["finish_reason"] for chunk in told(events) for choice in chunk["choices"]]
        assert finish[-1] == "length" and set(finish[:-1]) == {None}
    else:
        kinds = [event["type"] for event in told(events)]
        assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
        assert kinds.count("content_block_start") == kinds.count("content_block_stop")
        assert told(events)[-2]["delta"]["stop_reason"] == "max_tokens"


@both
def test_an_answer_without_an_end_costs_the_balance_and_not_a_cent_more(world, dialect):
    gateway = world.start()
    row = prices(gateway, dialect.model)
    # Enough for the floor of output, and the upstream sends twenty times that.
    money = price(row, {"input": 100, "output": 1100})
    customer = gateway.customer(dollars(money))
    headers, events = stream_of(dialect, customer, ENDLESS, max_tokens=4000)
    ends_for_its_length(dialect, events)
    receipt = customer.settled(headers["x-farebox-receipt"])
    assert receipt["outcome"] == "cut"
    assert receipt["charge"] <= receipt["hold"] <= money
    assert customer.balance() == money - receipt["charge"] >= 0
    record = world.simulator.last()
    assert record["outcome"] == "cancelled", record
    world.audit()


@both
def test_a_hold_that_covers_less_than_the_ceiling_grows_when_money_comes(world, dialect):
    gateway = world.start(FAREBOX_HOLDS_STEP=64)
    row = prices(gateway, dialect.model)
    customer = gateway.customer(dollars(price(row, {"input": 200, "output": 1100})))
    # Its head waits for the money.
    directives = "input_tokens=5000; output_tokens=900; delay_head_ms=4000"
    words = "word " * 2000
    request = dialect.request(customer, directives, stream=True, max_tokens=1000)
    request["json"]["messages"][0]["content"] = words
    refused = call(**request)
    assert refused.status == 402, "the estimate of its input alone is more than the balance"

    customer.grant(dollars(price(row, {"input": 2600, "output": 100})))
    asked = Stream(**request)
    until(lambda: gateway.open_holds() == 1, "the hold")
    customer.grant("5.00")
    with asked as answer:
        assert answer.status == 200
        events = answer.events()
    receipt = customer.settled(answer.headers["x-farebox-receipt"])
    assert receipt["outcome"] == "completed", receipt
    if dialect is ANTHROPIC:
        # Its input is reported first: the hold grew before the output passed, and nothing overran.
        assert (receipt["charge"], receipt["overrun"]) == (price(row, {k: v for k, v in receipt["usage"].items() if k != "request"}), 0)
    assert receipt["charge"] <= receipt["hold"]
    assert dialect.end in events[-1]
    assert customer.gateway.open_holds() == 0
    world.audit()


def test_a_long_stream_keeps_its_hold_beyond_the_lease(world):
    gateway = world.start(FAREBOX_HOLDS_LEASE=1)
    customer = gateway.customer("5.00")
    headers, events = stream_of(OPENAI, customer, "output_tokens=60; delay_chunk_ms=50", max_tokens=100)
    assert b"[DONE]" in events[-1]
    receipt = customer.settled(headers["x-farebox-receipt"])
    assert receipt["outcome"] == "completed"
    until(lambda: gateway.open_holds() == 0, "no hold")


def test_every_choice_is_closed_when_an_answer_is_cut(world):
    gateway = world.start()
    customer = gateway.customer("5.00")
    _, events = stream_of(OPENAI, customer, ENDLESS, max_tokens=20, n=3)
    finished = [
        choice["index"] for chunk in told(events) for choice in chunk["choices"] if choice["finish_reason"] == "length"
    ]
    assert sorted(finished) == [0, 1, 2]


@both
def test_a_cut_answer_that_is_asked_for_again_is_the_same_and_paid_once(world, dialect):
    gateway = world.start()
    money = price(prices(gateway, dialect.model), {"input": 100, "output": 1100})
    customer = gateway.customer(dollars(money))
    request = dialect.request(customer, ENDLESS, stream=True, max_tokens=4000)
    request["headers"]["idempotency-key"] = "order-1"
    first = call(**request).expect(200)
    customer.grant("5.00", "more")
    second = call(**request).expect(200)
    assert second.headers["idempotent-replayed"] == "true" and first.body == second.body
    assert len(customer.charges()) == 1


@both
def test_an_answer_that_is_cut_after_its_agent_left_ends_for_who_asks_again(world, dialect):
    gateway = world.start()
    money = price(prices(gateway, dialect.model), {"input": 100, "output": 1100})
    customer = gateway.customer(dollars(money))
    request = dialect.request(customer, ENDLESS, stream=True, max_tokens=4000)
    request["headers"]["idempotency-key"] = "order-1"
    with Stream(**request) as first:
        heard = b"".join(first.events(5))
        first.leave()
    gateway.wait_until_no_holds()
    [charge] = customer.charges()
    with Stream(**request) as again:
        assert again.status == 200 and again.headers["idempotent-replayed"] == "true"
        events = again.events()
    assert b"".join(events).startswith(heard)
    ends_for_its_length(dialect, events)
    receipt = customer.settled(again.headers["x-farebox-receipt"])
    assert (receipt["outcome"], receipt["charge"], customer.charges()) == ("cut", charge, [charge])
    world.audit()
