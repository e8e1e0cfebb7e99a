"""Each row of the outcome table: what the agent gets, what it costs, and that nothing stays held."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from dialects import ANTHROPIC, BOTH, OPENAI
from money import price, prices
from programs import PATIENCE, World, until
from wire import Stream, call, data, is_our_comment

both = pytest.mark.parametrize("dialect", BOTH, ids=str)
either = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
# Of a gateway that is waited for; every other one here has more patience than any test.
IMPATIENT = {
    "FAREBOX_UPSTREAM_HEAD_TIMEOUT": 3,
    "FAREBOX_UPSTREAM_IDLE_TIMEOUT": 2,
    "FAREBOX_DRAIN_SECONDS": 1,
}


@pytest.fixture(scope="module")
def shared_settings():
    """A drain outlasts every wait: what ends sooner ends for another reason."""
    return {"FAREBOX_DRAIN_SECONDS": 4 * PATIENCE}


@pytest.fixture
def customer(shared):
    return shared.customer("5.00")


@pytest.fixture(scope="module")
def impatient_world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("impatient"))
    world.shared_gateway = world.start(**IMPATIENT)
    yield world
    world.close()


@pytest.fixture
def impatient(impatient_world):
    """A customer of a gateway that does not wait long for its upstream."""
    impatient_world.simulator.reset()
    yield impatient_world.shared_gateway.customer("5.00")
    impatient_world.check_secrets()


class Outcome:
    """One request with a fault, and all that can be known of it afterwards."""

    def __init__(self, customer, dialect, stream, directives, **more):
        self.dialect = dialect
        self.customer = customer
        request = dialect.request(customer, directives, stream, **more)
        with Stream(**request) as answer:
            self.status = answer.status
            self.headers = answer.headers
            if "text/event-stream" in answer.headers.get("content-type", ""):
                self.events = answer.events()
                self.body = b"".join(self.events)
            else:
                self.events = []
                self.body = answer.response.read()
        customer.gateway.wait_until_no_holds()
        self.charges = customer.charges()
        assert customer.balance() == 5_000_000 - sum(self.charges)
        self.sent = customer.gateway.world.simulator.last()["sent"]

    @property
    def receipt(self):
        return self.customer.receipt(self.headers["x-farebox-receipt"]).expect(200).json()

    def costs_nothing(self):
        assert self.charges == []

    def is_refused(self, *statuses):
        assert self.status in statuses, (self.status, self.body[:500])
        self.dialect.error(self.body)
        self.costs_nothing()

    def is_charged_as_reported(self):
        usage = self.dialect.usage(self.sent)
        assert self.receipt["usage_source"] == "reported"
        assert {k: v for k, v in self.receipt["usage"].items() if v and k != "request"} == usage
        assert self.charges == [price(prices(self.customer.gateway, self.dialect.model), usage)]

    def is_charged_an_estimate(self):
        assert self.receipt["usage_source"] == "estimated"
        assert self.charges == [self.receipt["charge"]]
        assert 0 < self.receipt["charge"] <= self.receipt["hold"]
        usage = {k: v for k, v in self.receipt["usage"].items() if v and k != "request"}
        assert self.charges == [price(prices(self.customer.gateway, self.dialect.model), usage)]

    def ends_with_an_error_event(self):
        assert self.status == 200
        told = [event for event in self.events if not is_our_comment(event)]
        assert self.dialect.is_error_event(told[-1]), told[-1]
        self.dialect.error(data(told[-1]))
        assert self.dialect.end not in self.body

    def ends_well(self):
        assert self.status == 200
        if self.events:
            assert self.dialect.end in self.events[-1]
            comment = [event for event in self.events if event.startswith(b": farebox charge=")]
            assert len(comment) == 1
            assert f"charge={self.charges[0]} " in comment[0].decode()


# Before anything came


@both
@either
@pytest.mark.parametrize("fault", ["reset_before_head", "close_before_head", "garbage_head"])
def test_an_upstream_that_breaks_before_its_head_costs_nothing(customer, dialect, stream, fault):
    Outcome(customer, dialect, stream, f"fault={fault}").is_refused(502)
    assert customer.gateway.world.simulator.received()["count"] == 1, "a sent body is not sent again"


@both
@either
def test_an_upstream_that_stays_silent_times_out(impatient, dialect, stream):
    """L5-15, with limits that the operator sets."""
    Outcome(impatient, dialect, stream, "fault=stall_head").is_refused(504)


@both
@either
@pytest.mark.parametrize("fault", ["html", "not_json", "gzip", "redirect", "many_headers"])
def test_what_is_no_answer_is_a_bad_gateway(customer, dialect, stream, fault):
    Outcome(customer, dialect, stream, f"fault={fault}").is_refused(502)


@both
@either
@pytest.mark.parametrize("status", [400, 404, 409, 422, 429, 500, 502, 503, 504, 529])
def test_a_refusal_of_the_provider_is_passed_on_and_free(customer, dialect, stream, status):
    """L5-14."""
    outcome = Outcome(customer, dialect, stream, f"status={status}; retry_after=3")
    outcome.is_refused(status)
    assert outcome.headers["retry-after"] == "3"


@both
@either
@pytest.mark.parametrize("status", [401, 402, 403])
def test_what_the_provider_says_of_our_account_there_is_our_fault(customer, dialect, stream, status):
    Outcome(customer, dialect, stream, f"status={status}").is_refused(502)


@both
def test_an_upstream_that_is_not_there_is_a_bad_gateway(world, dialect):
    world.use_upstream("http://127.0.0.1:9")
    customer = world.start().customer("5.00")
    answer = call(**dialect.request(customer))
    assert answer.status == 502
    dialect.error(answer.body)
    assert customer.balance() == 5_000_000
    customer.gateway.wait_until_no_holds()


# Midway


@both
@pytest.mark.parametrize("fault", ["reset_after_events", "close_after_events", "stall_after_events"])
@pytest.mark.parametrize("count", [1, 2, 4, 7])
def test_a_stream_that_breaks_is_charged_an_estimate(impatient, dialect, fault, count):
    outcome = Outcome(impatient, dialect, True, f"fault={fault}:{count}")
    outcome.ends_with_an_error_event()
    outcome.is_charged_an_estimate()
    if dialect.name == "anthropic":
        assert outcome.receipt["usage"]["input"] == outcome.sent["input_tokens"], "message_start said so"


@both
@pytest.mark.parametrize("fault", ["reset_after_events:0", "close_after_events:0", "stall_after_events:0"])
def test_a_stream_that_breaks_before_its_first_event_ends_in_an_error(impatient, dialect, fault):
    outcome = Outcome(impatient, dialect, True, f"fault={fault}")
    if outcome.status == 200:
        outcome.ends_with_an_error_event()
    else:
        outcome.is_refused(502, 504)


@both
@pytest.mark.parametrize("fault", ["reset_after_events:0", "close_after_events:0", "truncated_body"])
def test_a_whole_answer_that_is_cut_is_a_bad_gateway(customer, dialect, fault):
    Outcome(customer, dialect, False, f"fault={fault}").is_refused(502)


@both
def test_a_whole_answer_that_stalls_times_out(impatient, dialect):
    Outcome(impatient, dialect, False, "fault=stall_after_events:0").is_refused(504)


@both
@pytest.mark.parametrize("count", [1, 3, 6])
def test_an_error_event_of_the_provider_is_passed_on(customer, dialect, count):
    outcome = Outcome(customer, dialect, True, f"fault=error_event_after:{count}")
    outcome.ends_with_an_error_event()
    errors = [event for event in outcome.events if dialect.is_error_event(event)]
    assert len(errors) == 1
    outcome.is_charged_an_estimate()


@both
def test_a_stream_without_its_last_event_was_cut_but_reported(customer, dialect):
    outcome = Outcome(customer, dialect, True, "fault=end_without_done")
    outcome.ends_with_an_error_event()
    outcome.is_charged_as_reported()


@both
def test_an_event_without_an_end_is_cut(customer, dialect):
    outcome = Outcome(customer, dialect, True, "fault=huge_event")
    outcome.ends_with_an_error_event()
    assert len(outcome.charges) == 1
    assert outcome.receipt["charge"] <= outcome.receipt["hold"]


@both
def test_garbage_in_a_stream_is_relayed_and_the_report_counts(customer, dialect):
    outcome = Outcome(customer, dialect, True, "fault=garbage_event_after:4")
    assert b"garbage" in outcome.body
    outcome.ends_well()
    outcome.is_charged_as_reported()


# What arrives whole


@both
@either
@pytest.mark.parametrize("directives", ["", "chunk_bytes=1", "chunk_bytes=7", "usage=twice", "usage=every_chunk"])
def test_a_reported_usage_is_charged_once(customer, dialect, stream, directives):
    """L5-21 and L5-22."""
    if directives == "usage=twice" and not stream:
        pytest.skip("a whole body with the key twice is no valid report; see below")
    outcome = Outcome(customer, dialect, stream, directives)
    outcome.ends_well()
    outcome.is_charged_as_reported()


@both
def test_of_cumulative_reports_the_last_one_counts(customer, dialect):
    """L5-22, but that what is told twice is not added up."""
    outcome = Outcome(customer, dialect, True, "usage=decreasing; output_tokens=9")
    outcome.ends_well()
    outcome.is_charged_as_reported()


@both
@either
@pytest.mark.parametrize("form", ["missing", "null", "negative", "fractional", "string"])
def test_without_a_valid_report_an_estimate_is_charged(customer, dialect, stream, form):
    outcome = Outcome(customer, dialect, stream, f"usage={form}; output_tokens=40")
    outcome.ends_well()
    outcome.is_charged_an_estimate()
    assert 20 <= outcome.receipt["usage"]["output"] <= 64


@both
@either
def test_no_report_is_charged_above_the_hold(customer, dialect, stream):
    outcome = Outcome(customer, dialect, stream, "input_tokens=900000000; output_tokens=9")
    outcome.ends_well()
    receipt = outcome.receipt
    assert outcome.charges == [receipt["charge"]] == [receipt["hold"]]
    if stream and dialect is ANTHROPIC:
        # It reports its input first, so the hold is known to be spent before any text: nothing more is asked for.
        assert (receipt["outcome"], receipt["usage"]["input"]) == ("cut", 900_000_000)
        assert receipt["overrun"] > 0
        return
    full = price(prices(customer.gateway, dialect.model), dialect.usage(outcome.sent))
    assert receipt["overrun"] == full - receipt["hold"] > 0


@both
@either
def test_a_report_that_can_not_be_is_none(customer, dialect, stream):
    """2^63 - 1 of everything: the books take no harm."""
    outcome = Outcome(customer, dialect, stream, "usage=huge")
    outcome.ends_well()
    assert len(outcome.charges) == 1
    assert outcome.charges[0] <= outcome.receipt["hold"]
    assert customer.gateway.is_healthy()
    assert Outcome(customer.gateway.customer("5.00"), dialect, stream, "").status == 200


@both
@either
def test_an_answer_longer_than_its_limit_never_costs_more_than_the_hold(customer, dialect, stream):
    directives = "fault=ignore_max_tokens; output_tokens=3000"
    outcome = Outcome(customer, dialect, stream, directives, max_tokens=20)
    assert outcome.status == 200
    assert len(outcome.charges) == 1
    assert outcome.charges[0] <= outcome.receipt["hold"]


@both
@either
def test_what_concerns_only_the_operator_is_not_passed_on(customer, dialect, stream):
    outcome = Outcome(customer, dialect, stream, "fault=set_cookie")
    outcome.ends_well()
    for name in outcome.headers:
        assert "cookie" not in name.lower()
        assert "organization" not in name.lower()
        assert "project" not in name.lower()


@both
@either
def test_early_hints_do_not_confuse_the_answer(customer, dialect, stream):
    outcome = Outcome(customer, dialect, stream, "fault=informational_flood")
    if outcome.status == 200:
        outcome.ends_well()
        outcome.is_charged_as_reported()
    else:
        outcome.is_refused(502)


# The agent leaves

# The events of an answer of eight tokens that come before its usage is known.
EVENTS = {"openai": 10, "anthropic": 12}


def leave_after(customer, dialect, count, directives):
    """Reads so many events, drops the connection, and returns the receipt's id."""
    request = dialect.request(customer, directives, stream=True)
    stream = Stream(**request)
    with stream:
        assert stream.status == 200
        assert len(stream.events(count)) == count
        stream.leave()
        return stream.headers["x-farebox-receipt"]


@both
def test_an_agent_that_leaves_at_any_event_pays_what_the_provider_reports(shared, dialect):
    """Policy drain: the gateway reads on, however early the agent left."""
    customer = shared.customer("5.00")
    directives = "output_tokens=8; delay_chunk_ms=40"
    counts = range(1, EVENTS[dialect.name] + 1)
    with ThreadPoolExecutor(len(counts)) as pool:
        ids = list(pool.map(lambda count: leave_after(customer, dialect, count, directives), counts))
    receipts = [customer.settled(id) for id in ids]
    received = shared.world.simulator.received()
    assert received["completed"] == len(ids)
    usage = dialect.usage(received["requests"][0]["sent"])
    expected = price(prices(shared, dialect.model), usage)
    for receipt in receipts:
        assert receipt["usage_source"] == "reported", receipt
        assert receipt["outcome"] == "disconnected", receipt
        assert receipt["charge"] == expected
    shared.wait_until_no_holds()
    assert sorted(customer.charges()) == [expected] * len(ids)


@both
def test_an_agent_with_policy_cancel_pays_an_estimate_of_what_it_was_sent(shared, dialect):
    """The upstream falls silent exactly where the agent leaves, so only the close can tell."""
    customer = shared.customer("5.00").new_key("--on-disconnect", "cancel")

    def leave(count):
        return leave_after(customer, dialect, count, f"output_tokens=8; fault=stall_after_events:{count}")

    counts = range(1, EVENTS[dialect.name] + 1)
    with ThreadPoolExecutor(len(counts)) as pool:
        ids = list(pool.map(leave, counts))
    until(lambda: shared.world.simulator.received()["cancelled"] == len(ids), "the upstreams to be cancelled")
    for id in ids:
        receipt = customer.settled(id)
        assert receipt["usage_source"] == "estimated"
        assert receipt["outcome"] == "disconnected"
        assert 0 < receipt["charge"] <= receipt["hold"]
    shared.wait_until_no_holds()


@both
def test_a_drain_has_an_end(impatient, dialect):
    gateway = impatient.gateway
    # An event every half second keeps the upstream from being idle, for half a minute.
    directives = "output_tokens=60; delay_chunk_ms=500"
    id = leave_after(impatient, dialect, 2, directives)
    receipt = impatient.settled(id)
    assert (receipt["usage_source"], receipt["outcome"]) == ("estimated", "disconnected")
    until(lambda: gateway.world.simulator.received()["cancelled"] == 1, "the upstream to be cancelled")
    gateway.wait_until_no_holds()


@both
@either
def test_an_agent_that_leaves_before_the_first_byte_cancels_the_upstream(world, dialect, stream):
    gateway = world.start()
    customer = gateway.customer("5.00")
    waiting = Stream(**dialect.request(customer, "fault=stall_head", stream))
    until(lambda: world.simulator.received()["inflight"] == 1, "the upstream to be asked")
    waiting.leave()
    until(lambda: world.simulator.received()["cancelled"] == 1, "the upstream to be cancelled")
    gateway.wait_until_no_holds()
    row = prices(gateway, dialect.model)
    # The input's estimate: a token for four bytes of what the provider reads, and a little for the frame.
    most = price(row, {"input": len(json.dumps(dialect.body(stream)))})
    [charge] = customer.charges() or [0]
    assert 0 <= charge <= most
    assert customer.balance() == 5_000_000 - charge


@both
def test_an_agent_that_leaves_while_it_still_sends_costs_nothing(shared, dialect):
    customer = shared.customer("5.00")
    request = dialect.request(customer)
    body = json.dumps(request.pop("json")).encode()
    headers = request["headers"] | {"content-type": "application/json", "content-length": str(len(body) + 10)}
    waiting = Stream(request["method"], request["url"], headers, body)
    waiting.leave()
    assert shared.world.simulator.received()["count"] == 0
    shared.wait_until_no_holds()
    assert customer.balance() == 5_000_000


# The agent asks again

RETRIES = {
    "Idempotency-Key": [{"idempotency-key": "order-7"}] * 2,
    "the SDKs' retry count": [{"x-stainless-retry-count": "0"}, {"x-stainless-retry-count": "1"}],
}


@both
@either
@pytest.mark.parametrize("headers", RETRIES.values(), ids=RETRIES)
@pytest.mark.parametrize("running", [True, False], ids=["still running", "just finished"])
def test_a_retry_of_the_same_request_is_answered_once_and_paid_once(customer, dialect, stream, headers, running):
    request = dialect.request(customer, "delay_head_ms=300", stream)

    def ask(more):
        return call(**request | {"headers": request["headers"] | more})

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask, headers[0])
        until(lambda: customer.gateway.world.simulator.received()["count"] == 1, "the first to be forwarded")
        if not running:
            first.result()
        again = pool.submit(ask, headers[1])
        first, again = first.result().expect(200), again.result().expect(200)
    assert again.body == first.body
    assert again.headers["x-farebox-receipt"] == first.headers["x-farebox-receipt"]
    assert customer.gateway.world.simulator.received()["count"] == 1
    assert len(customer.charges()) == 1


@both
def test_the_same_idempotency_key_with_another_body_is_a_conflict(customer, dialect):
    request = dialect.request(customer)
    request["headers"]["idempotency-key"] = "order-8"
    call(**request).expect(200)
    request["json"]["max_tokens"] += 1
    answer = call(**request)
    assert answer.status in (409, 422), answer.status
    dialect.error(answer.body)
    assert answer.headers["x-should-retry"] == "false"
    assert len(customer.charges()) == 1


# Limits that the balance sets


@both
def test_a_limit_is_lowered_to_what_the_balance_affords(world, dialect):
    gateway = world.start(FAREBOX_HOLDS_MODE="strict")
    # Enough for about two thousand tokens of output.
    customer = gateway.customer("0.05")
    answer = call(**dialect.request(customer, max_tokens=16_000)).expect(200)
    cap = int(answer.headers["x-farebox-output-cap"])
    assert 1024 <= cap < 16_000
    assert json.loads(world.simulator.last()["body"])["max_tokens"] == cap


@both
def test_a_key_can_refuse_to_be_lowered(world, dialect):
    gateway = world.start(FAREBOX_HOLDS_MODE="strict")
    customer = gateway.customer("0.05").new_key("--refuse-lowering")
    answer = call(**dialect.request(customer, max_tokens=16_000)).expect(402)
    assert "0.050000" in dialect.error(answer.body)["message"]
    assert world.simulator.received()["count"] == 0


@either
def test_an_answer_within_no_limit_of_its_own_ends_at_the_lowered_one(world, stream):
    gateway = world.start(FAREBOX_HOLDS_MODE="strict")
    customer = gateway.customer("0.05")
    request = OPENAI.request(customer, "output_tokens=5000", stream, max_tokens=None)
    answer = call(**request).expect(200)
    assert b'"finish_reason":"length"' in answer.body
    assert customer.balance() >= 0
    gateway.wait_until_no_holds()
