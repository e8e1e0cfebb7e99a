"""Customers who pay in SOL: what they are told is in lamports says so, and nothing else is."""

import re

import pytest

from chains import funding
from dialects import OPENAI
from money import price, prices, usage_openai
from programs import run, until
from rates import RateSource, coinbase
from wire import call

RATE = 151_234_567  # micro-USD


@pytest.fixture
def gateway(world):
    return world.start(SOL_USDC_RATE=f"{RATE // 1_000_000}.{RATE % 1_000_000:06}")


def lamports(micro, rate=RATE):
    """Rounded up, as what is taken is."""
    return -(-micro * 1_000_000_000 // rate)


def spend(customer):
    answer = call(**OPENAI.request(customer, "input_tokens=20; output_tokens=64")).expect(200)
    return customer.settled(answer.headers["x-farebox-receipt"])


def statement(customer):
    return call("GET", f"{customer.proxy}/transactions").expect(200).json()["transactions"]


def balances(customer):
    answer = call("GET", f"{customer.proxy}/balance").expect(200).json()
    return answer["usdc_balance"], answer["balances"]["sol"]["available"]


def test_a_statement_never_calls_lamports_dollars(gateway):
    """L5-17 and L5-26: SOL has nine places, and a charge in it is rounded up to the lamport."""
    customer = gateway.customer()
    customer.grant("0.5", asset="sol")
    receipt = spend(customer)
    cost = price(prices(gateway, OPENAI.model), usage_openai(gateway.world.simulator.last()["sent"]))
    assert receipt["charge"] == cost > 1
    gateway.admin(
        "POST", "/v1/admin/refunds", inference=receipt["id"], amount="0.000001", reason="a journey"
    ).expect(200)
    refund, debit, grant = statement(customer)
    assert grant["type"] == "GRANT" and told(grant) == ("sol", None, 500_000_000, "sol")
    # The rate of a charge is kept with its hold: it is told in both.
    assert debit["type"] == "DEBIT" and told(debit) == ("sol", -cost, -lamports(cost), "sol")
    assert refund["type"] == "REFUND" and told(refund) == ("sol", None, lamports(1), "sol")
    assert balances(customer) == (0, sum(row["original_amount"] for row in statement(customer)))


def test_what_moves_in_dollars_has_no_original(gateway):
    """L5-17: dollars first."""
    customer = gateway.customer("1.00")
    customer.grant("0.25", asset="usdc")
    customer.grant("0.5", asset="sol")
    receipt = spend(customer)
    debit, sol, usdc, usd = statement(customer)
    assert told(debit) == ("usd", -receipt["charge"], None, None)
    assert told(sol) == ("sol", None, 500_000_000, "sol")
    assert told(usdc) == ("usdc", 250_000, None, None)
    assert told(usd) == ("usd", 1_000_000, None, None)
    total = sum(row["usdc_amount"] or 0 for row in statement(customer))
    assert balances(customer) == (total, 500_000_000)


def test_without_a_rate_sol_covers_nothing_however_much_it_is(world):
    """L5-17 and L5-19, otherwise: no rate is taken for granted, and lamports are not counted as if they were dollars."""
    customer = world.start().customer()
    customer.grant("1000", asset="sol")
    refused = call(**OPENAI.request(customer)).expect(402).json()["error"]
    assert refused["code"] == "insufficient_funds"
    assert world.simulator.received()["count"] == 0 and balances(customer) == (0, 10**12)


def told(row):
    return row["asset"], row["usdc_amount"], row["original_amount"], row["original_mint"]


# A source that is asked


@pytest.fixture
def source(world):
    source = RateSource("150.00")
    world.programs.callback(source.close)
    return source


def asking(world, source, **more):
    """A gateway that asks the source often, and believes it for as long as no slow machine takes to ask again."""
    settings = {
        "SOL_RATE_URL": source.url, "SOL_RATE_SECONDS": "0.05", "SOL_RATE_MAX_AGE": "60",
        "FAREBOX_CHAINS": "solana-devnet", "SOLANA_TREASURY": "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin",
        "SOLANA_RPC_URL": "http://127.0.0.1:9", "SOLANA_WS_URL": "none",
    }  # fmt: skip
    return world.start(**settings | more)


def age(gateway):
    """The gauge of the rate's age in seconds; none before there is a rate."""
    text = call("GET", f"{gateway.url}/metrics").expect(200).body.decode()
    found = re.search(r"^farebox_sol_rate_age_seconds (\d+)$", text, re.MULTILINE)
    return int(found[1]) if found else None


def until_known(gateway):
    until(lambda: age(gateway) is not None, "the rate to be known")


def rate_charged(customer):
    """The micro-USD per SOL at which an inference was charged."""
    receipt = spend(customer)
    line = statement(customer)[0]
    micro, taken = receipt["charge"], -line["original_amount"]
    return next(rate for rate in RATES if lamports(micro, rate) == taken)


RATES = [150_000_000, 160_123_456, 1_600_000_000]


def offered(customer):
    return {offer["asset"] for offer in funding(customer)["deposits"]}


def test_sol_is_worth_what_the_source_says_now(world, source):
    gateway = asking(world, source)
    until_known(gateway)
    customer = gateway.customer()
    customer.grant("0.5", asset="sol")
    assert rate_charged(customer) == 150_000_000
    # Digits beyond micro-USD are not worth anything.
    source.quote("160.1234567899")
    source.wait_for_reads(1)
    assert rate_charged(customer) == 160_123_456
    assert "sol" in offered(customer)
    assert "of-the-operators" not in gateway.errors.read_text()


def test_a_source_that_is_silent_is_believed_until_its_rate_is_old(world, source):
    """Then SOL covers nothing and is not offered; when the source speaks again, it does and is."""
    gateway = asking(world, source, SOL_RATE_MAX_AGE="5")
    until_known(gateway)
    customer = gateway.customer()
    customer.grant("0.5", asset="sol")
    assert rate_charged(customer) == 150_000_000
    source.say(b"out of order", status=503)
    until(lambda: "sol" not in offered(customer), "the rate to be old")
    assert age(gateway) >= 5
    refused = call(**OPENAI.request(customer)).expect(402).json()
    assert refused["error"]["code"] == "insufficient_funds"
    assert "sol" not in {offer["asset"] for offer in refused["error"]["funding"]["deposits"]}
    source.quote("160.123456")
    until(lambda: "sol" in offered(customer), "the rate to be known again")
    assert rate_charged(customer) == 160_123_456
    log = gateway.errors.read_text()
    assert log.count("SOL's rate can not be read") == log.count("SOL's rate can be read again") == 1
    assert log.count("sol_rate_unreachable") == 1


BAD = [
    b"", b"null", b"<html>150.00</html>", b'{"data":{}}', b'{"data":{"amount":"-150"}}', b'{"data":{"amount":1.5e2}}',
    b'{"data":{"amount":"0"}}', b'{"data":{"amount":"1","amount":"1"}}', b'{"data":{"amount":"150"}', b"x" * (2 << 20),
]  # fmt: skip


def test_bad_answers_and_jumps_change_nothing(world, source):
    gateway = asking(world, source)
    until_known(gateway)
    customer = gateway.customer()
    customer.grant("0.5", asset="sol")
    source.say_once(*BAD)
    source.wait_for_reads(len(BAD))
    assert rate_charged(customer) == 150_000_000
    # More than double, once, is somebody's mistake; twice it is the rate.
    source.say_once(coinbase("1600"))
    source.wait_for_reads(1)
    assert rate_charged(customer) == 150_000_000
    assert "sol_rate_jumped" in gateway.errors.read_text()
    source.quote("1600")
    source.wait_for_reads(2)
    assert rate_charged(customer) == 1_600_000_000


def test_a_field_may_stand_anywhere(world, source):
    source.say(b'[{"solana":{"usd":150}}]')
    gateway = asking(world, source, SOL_RATE_FIELD="0.solana.usd")
    until_known(gateway)
    customer = gateway.customer()
    customer.grant("0.5", asset="sol")
    assert rate_charged(customer) == 150_000_000


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"SOL_USDC_RATE": "150"}, "SOL_RATE_URL"),
        ({"SOL_RATE_URL": "prices.example/sol"}, "SOL_RATE_URL"),
        ({"SOL_RATE_SECONDS": "0"}, "SOL_RATE_SECONDS"),
        ({"SOL_RATE_SECONDS": "60", "SOL_RATE_MAX_AGE": "60"}, "SOL_RATE_MAX_AGE"),
    ],
)
def test_a_source_that_is_told_wrongly_stops_the_start(world, source, wrong, named):
    settings = world.start().settings | {"SOL_RATE_URL": source.url} | wrong
    refused = run("serve", directory=world.directory, **settings)
    assert refused.returncode != 0 and refused.stderr.startswith(f"farebox: {named} must be "), refused.stderr
