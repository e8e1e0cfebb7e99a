"""Asking again: the SDKs behind a proxy that cuts connections, and the rules of `Idempotency-Key`."""

import asyncio
import itertools
import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anthropic
import openai
import pytest

import cutting
from cutting import Cutter
from dialects import BOTH, OPENAI
from kills import statement
from money import price, prices
from programs import until
from sdks import SDKS
from wire import LeanConnection, Stream, call

both = pytest.mark.parametrize("dialect", BOTH, ids=str)
either = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
sdks = pytest.mark.parametrize("sdk", SDKS, ids=str)
TEXT = "An answer of some words that every agent gets to its end"
SAYING = "text=" + TEXT.replace(" ", "%20")
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def shared_settings():
    """An SDK comes back half a second after it was cut, and on a busy machine later than that."""
    return {"FAREBOX_RETRY_SECONDS": 30}


@pytest.fixture(scope="module")
def cutter():
    cutter = Cutter()
    yield cutter
    cutter.close()


class Asked:
    """One question, told apart by its input tokens, however often it is asked."""

    def __init__(self, gateway, dialect, directives=""):
        self.gateway = gateway
        self.dialect = dialect
        self.number = next(numbers)
        self.content = f"{self.number}: " + "x" * self.number
        self.customer = gateway.customer("5.00")
        told = [f"input_tokens={self.number}", "output_tokens=12", SAYING, *([directives] if directives else [])]
        self.headers = {dialect.simulate: "; ".join(told)}

    def calls(self):
        """The outcomes of the calls that the upstream accepted."""
        found = []
        for request in self.gateway.world.simulator.received()["requests"]:
            told = next(value for name, value in request["headers"] if name.endswith("-simulate"))
            if told.startswith(f"input_tokens={self.number};") and request["status"]:
                found.append(request["outcome"])
        return found

    def cost(self):
        return price(prices(self.gateway, self.dialect.model), {"input": self.number, "output": 12})

    def is_charged_once(self):
        until(lambda: "answering" not in self.calls(), "the upstream's answers to end")
        assert self.calls() == ["completed"]
        self.gateway.wait_until_no_holds()
        charged = [-row["usdc_amount"] for row in statement(self.customer) if row["type"] == "DEBIT"]
        assert charged == [self.cost()], (charged, self.cost())
        assert self.customer.balance() == 5_000_000 - self.cost()


# The SDKs behind a proxy that cuts


def ask_through_cuts(sdk, gateway, cutter, stream, stages, how, directives, **options):
    """Asks through a proxy; where the SDK gives up, asks again by hand, with the same Idempotency-Key."""
    asked = Asked(gateway, sdk.dialect, directives)
    proxy = cutter.proxy(gateway, sdk.dialect, stages, how)
    headers = dict(asked.headers)
    resumes = stream and stages[0] in cutting.WITHIN_A_STREAM
    if resumes:
        headers["Idempotency-Key"] = secrets.token_hex(8)
    question = (proxy.url, asked.customer.key, stream, asked.content, headers)
    try:
        events, failure = sdk.hear(*question, **options)
        if resumes:
            assert failure, "a stream that was cut ended well"
            again, failure = sdk.hear(*question, **options)
            assert again[: len(events)] == events, "the same bytes from the start"
            events = again
        assert failure is None, failure
        assert sdk.text(events) == TEXT
        expected = 1 if stages == cutting.AFTER_EVERYTHING else 1 + len(stages)
        assert proxy.connections == expected
        asked.is_charged_once()
    except BaseException as error:
        raise AssertionError(f"{sdk} {'streamed' if stream else 'whole'}, {how} {stages}: {error!r}") from error


@sdks
@either
@pytest.mark.parametrize("pace", [0, 800], ids=["just finished", "still running"])
def test_an_sdk_gets_one_whole_answer_wherever_it_is_cut(shared, cutter, sdk, stream, pace):
    within = cutting.WITHIN_A_STREAM if stream else cutting.WITHIN_A_WHOLE_ANSWER
    stages = cutting.BEFORE_ANY_ANSWER + within + cutting.AFTER_EVERYTHING
    directives = f"delay_head_ms={pace}; delay_chunk_ms=10"
    cases = [(stage, how) for stage in stages for how in ("FIN", "RST")]
    with ThreadPoolExecutor(len(cases)) as pool:
        asking = [
            pool.submit(ask_through_cuts, sdk, shared, cutter, stream, [stage], how, directives) for stage, how in cases
        ]
        for one in asking:
            one.result()


@sdks
@either
def test_an_sdk_that_is_cut_twice_pays_once(shared, cutter, sdk, stream):
    stages = ["after the whole request", "before the answer's head"]
    ask_through_cuts(sdk, shared, cutter, stream, stages, "FIN", "delay_head_ms=100", max_retries=5)


@sdks
@either
def test_an_sdk_whose_time_out_is_short_pays_once(shared, sdk, stream):
    """Its own time-out comes before the first byte; the retry finds the first request still running."""
    asked = Asked(shared, sdk.dialect, "delay_head_ms=3000")
    events, failure = sdk.hear(
        shared.url, asked.customer.key, stream, asked.content, asked.headers, timeout=2, max_retries=5
    )
    assert failure is None
    assert sdk.text(events) == TEXT
    asked.is_charged_once()


@pytest.mark.parametrize("sdk", [SDKS[0], SDKS[2]], ids=str)
def test_an_sdk_does_not_try_again_after_a_conflict(shared, sdk):
    asked = Asked(shared, sdk.dialect)
    headers = asked.headers | {"Idempotency-Key": "order-1"}
    sdk.hear(shared.url, asked.customer.key, False, asked.content, headers)
    with pytest.raises((openai.ConflictError, anthropic.ConflictError)) as caught:
        sdk.hear(shared.url, asked.customer.key, False, "something else", headers)
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert caught.value.request.headers["x-stainless-retry-count"] == "0"
    asked.is_charged_once()


# The rules of Idempotency-Key


def request_of(asked, stream, id=None, key=None):
    fields = asked.dialect.headers | asked.dialect.auth(key or asked.customer.key) | asked.headers
    if id is not None:
        fields["idempotency-key"] = id
    messages = [{"role": "user", "content": asked.content}]
    body = asked.dialect.body(stream, 500, messages=messages)
    return {"method": "POST", "url": asked.gateway.url + asked.dialect.path, "headers": fields, "json": body}


def raw_request_of(asked, stream, id):
    request = request_of(asked, stream, id)
    text = json.dumps(request["json"]).encode()
    fields = request["headers"] | {"host": "gateway", "content-type": "application/json", "content-length": len(text)}
    lines = [f"POST {asked.dialect.path} HTTP/1.1"] + [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + text


@both
@pytest.mark.parametrize("length, status", [(255, 200), (256, 400), (0, 400)])
def test_an_idempotency_key_has_at_most_255_characters(shared, dialect, length, status):
    asked = Asked(shared, dialect)
    answer = call(**request_of(asked, False, "k" * length)).expect(status)
    if status == 400:
        dialect.error(answer.body)
        assert asked.calls() == []


@both
def test_the_same_id_by_another_key_is_another_request(shared, dialect):
    asked = Asked(shared, dialect)
    other = asked.customer.new_key()
    answers = [call(**request_of(asked, False, "order-2", key)).expect(200) for key in (asked.customer.key, other.key)]
    assert answers[0].headers["x-farebox-receipt"] != answers[1].headers["x-farebox-receipt"]
    assert asked.calls() == ["completed"] * 2
    assert len(asked.customer.charges()) == 2


@both
@either
@pytest.mark.parametrize("pace", ["", "delay_head_ms=100; delay_chunk_ms=5"], ids=["at once", "slowly"])
def test_a_hundred_requests_with_one_id_are_one(shared, dialect, stream, pace):
    asked = Asked(shared, dialect, pace)
    request = raw_request_of(asked, stream, "order-3")

    async def crowd():
        return await asyncio.gather(*(LeanConnection(shared.port).ask(request) for _ in range(100)))

    answers = asyncio.run(crowd())
    assert {status for status, _, _ in answers} == {200}
    assert len({body for _, _, body in answers}) == 1
    assert sum(b"idempotent-replayed: true" in head.lower() for _, head, _ in answers) == 99
    asked.is_charged_once()


@both
def test_who_asks_again_while_the_answer_drains_gets_it_from_its_start(world, dialect):
    """The drain would end before the answer does; the one who asked again keeps it going."""
    drain = 4
    gateway = world.start(FAREBOX_DRAIN_SECONDS=drain)

    def leave_and_ask_again(count):
        asked = Asked(gateway, dialect, "delay_chunk_ms=800")
        with Stream(**request_of(asked, True, "order-4")) as first:
            heard = b"".join(first.events(count))
            first.leave()
        left = time.monotonic()
        time.sleep(0.2)
        again = call(**request_of(asked, True, "order-4")).expect(200)
        assert time.monotonic() - left > drain, "the answer ended before the drain would have"
        assert again.headers["idempotent-replayed"] == "true"
        assert again.body.startswith(heard)
        assert dialect.end in again.body
        return asked

    counts = [1, 3, 6, 9]
    with ThreadPoolExecutor(len(counts)) as pool:
        for asked in pool.map(leave_and_ask_again, counts):
            asked.is_charged_once()


@both
@either
def test_a_second_after_it_was_left_before_its_first_byte_it_is_over(world, dialect, stream):
    gateway, simulator = world.start(), world.simulator
    asked = Asked(gateway, dialect, "fault=stall_head")
    waiting = Stream(**request_of(asked, stream, "order-5"))
    until(lambda: simulator.received()["inflight"] == 1, "the upstream to be asked")
    leaving = time.monotonic()
    waiting.leave()
    until(lambda: simulator.received()["cancelled"] == 1, "the upstream to be cancelled")
    assert 1 <= time.monotonic() - leaving < 10
    gateway.wait_until_no_holds()
    [charge] = asked.customer.charges()
    assert charge <= price(prices(gateway, dialect.model), {"input": len(asked.content) + 100})
    is_charged_no_more(asked, stream, "order-5")


def is_charged_no_more(asked, stream, order):
    """Under its id, a request that was charged without a whole answer names its receipt and costs nothing more."""
    charges = asked.customer.charges()
    answer = call(**request_of(asked, stream, order)).expect(409)
    told = asked.dialect.error(answer.body)
    assert told["code"] == "answer_not_kept" and statement(asked.customer)[0]["id"] in told["message"]
    assert answer.headers["x-should-retry"] == "false"
    assert asked.customer.charges() == charges and len(charges) == 1


@both
def test_an_answer_that_broke_off_is_not_charged_again_under_its_id(world, dialect):
    asked = Asked(world.start(), dialect, "fault=reset_after_events:7")
    call(**request_of(asked, True, "order-9")).expect(200)
    is_charged_no_more(asked, True, "order-9")


@both
@either
def test_after_its_time_it_is_a_new_request(world, dialect, stream):
    gateway = world.start(FAREBOX_REPLAY_SECONDS=4)
    asked = Asked(gateway, dialect)

    def is_replayed():
        return "idempotent-replayed" in call(**request_of(asked, stream, "order-6")).expect(200).headers

    assert not is_replayed()
    assert is_replayed()
    assert len(asked.customer.charges()) == 1
    until(lambda: not is_replayed(), "the answer to be forgotten")
    assert asked.calls() == ["completed"] * 2
    assert asked.customer.charges() == [asked.cost()] * 2


@both
@either
def test_the_retry_of_an_answer_above_the_limit_is_refused_and_not_charged(world, dialect, stream):
    gateway = world.start(FAREBOX_REPLAY_ANSWER_LIMIT=4096)
    asked = Asked(gateway, dialect, "text=" + "x" * 5000)
    first = call(**request_of(asked, stream, "order-7")).expect(200)
    for _ in range(2):
        answer = call(**request_of(asked, stream, "order-7")).expect(409)
        assert answer.headers["x-should-retry"] == "false"
        told = dialect.error(answer.body)
        assert told["code"] == "answer_not_kept" and first.headers["x-farebox-receipt"] in told["message"]
    assert len(asked.calls()) == 1
    assert len(asked.customer.charges()) == 1


@both
def test_a_long_answer_is_kept_as_it_comes(world, dialect):
    """Eight thousand tokens, which are more than a megabyte of events."""
    gateway = world.start()
    asked = Asked(gateway, dialect)
    asked.headers = {dialect.simulate: f"input_tokens={asked.number}; output_tokens=10000"}
    request = request_of(asked, True, "order-8")
    request["json"]["max_tokens"] = 10_000
    first, second = (call(**request).expect(200) for _ in range(2))
    assert len(first.body) > 1_000_000 and first.body == second.body
    assert asked.calls() == ["completed"]
    assert len(asked.customer.charges()) == 1


def test_what_one_customer_has_kept_does_not_make_another_pay_twice(world):
    """A customer fills the memory for retries over and over; another one asks again."""
    gateway = world.start(FAREBOX_REPLAY_LIMIT=1 << 20, FAREBOX_REPLAY_ANSWER_LIMIT=1 << 19)
    greedy = Asked(gateway, OPENAI)
    greedy.headers = {}
    world.simulator.answer("text=" + "x" * 200_000)
    for number in range(20):
        call(**request_of(greedy, False, f"greedy-{number}")).expect(200)
    asked = Asked(gateway, OPENAI)
    first, second = (call(**request_of(asked, False, "order-9")).expect(200) for _ in range(2))
    assert second.headers["idempotent-replayed"] == "true" and first.body == second.body
    assert asked.customer.charges() == [asked.cost()]
    # The greedy one's newest answers are kept, the oldest are refused, none is charged again.
    again = [call(**request_of(greedy, False, f"greedy-{number}")).status for number in range(20)]
    assert again[0] == 409 and again[19] == 200 and set(again) == {200, 409}
    assert len(greedy.customer.charges()) == 20


@pytest.mark.parametrize("limit", [1, 1024, 4096])
def test_however_little_is_kept_no_retry_is_charged(world, limit):
    gateway = world.start(FAREBOX_REPLAY_LIMIT=limit)
    asked = Asked(gateway, OPENAI)
    for number in range(12):
        call(**request_of(asked, False, f"order-{number}")).expect(200)
    statuses = [call(**request_of(asked, False, f"order-{number}")).status for number in range(12)]
    assert statuses[0] == 409 and set(statuses) <= {200, 409}
    told = OPENAI.error(call(**request_of(asked, False, "order-0")).expect(409).body)["message"]
    assert "too large, made room" in told
    assert len(asked.customer.charges()) == 12


def resident(program):
    """Bytes of memory."""
    lines = Path(f"/proc/{program.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS:"))


def test_the_memory_for_retries_is_bounded(world):
    """A hundred megabytes of answers, and room for one of them."""
    gateway = world.start(FAREBOX_REPLAY_LIMIT=1 << 20, FAREBOX_REPLAY_ANSWER_LIMIT=1 << 20)
    asked = Asked(gateway, OPENAI)
    world.simulator.answer("text=" + "x" * 500_000)
    asked.headers = {}

    def ask(number):
        return call(**request_of(asked, False, f"order-{number}")).expect(200).body

    for number in range(20):
        ask(number)
    before = resident(gateway)
    offered = sum(len(ask(number)) for number in range(20, 220))
    assert offered > 100_000_000
    grown = resident(gateway) - before
    print(f"\nanswers for retries: {grown >> 20} of {offered >> 20} MiB more")
    assert grown < offered / 3


@both
def test_nothing_of_an_answer_is_ever_on_the_disk(world, dialect):
    gateway = world.start(FAREBOX_LOG_LEVEL="trace")
    canary = "canary" + secrets.token_hex(8)
    asked = Asked(gateway, dialect)
    asked.headers[dialect.simulate] = f"text={canary}"
    for stream in (False, True):
        for _ in range(2):
            answer = call(**request_of(asked, stream, f"order-{stream}")).expect(200)
            assert canary.encode() in answer.body
    for moment in ("running", "stopped"):
        for file in world.directory.iterdir():
            if file.is_file() and not file.name.startswith("simulator"):
                assert canary.encode() not in file.read_bytes(), f"{file.name}, {moment}"
        gateway.stop()
