"""Customers who pay in SOL: what they are told is in lamports says so, and nothing else is."""

import pytest

from dialects import OPENAI
from money import price, prices, usage_openai
from wire import call

RATE = 151_234_567  # micro-USD


@pytest.fixture
def gateway(world):
    return world.start(SOL_USDC_RATE=f"{RATE // 1_000_000}.{RATE % 1_000_000:06}")


def lamports(micro):
    """Rounded up, as what is taken is."""
    return -(-micro * 1_000_000_000 // RATE)


def spend(customer):
    answer = call(**OPENAI.request(customer, "input_tokens=20; output_tokens=64")).expect(200)
    return customer.settled(answer.headers["x-farebox-receipt"])


def statement(customer):
    return call("GET", f"{customer.proxy}/transactions").expect(200).json()["transactions"]


def balances(customer):
    answer = call("GET", f"{customer.proxy}/balance").expect(200).json()
    return answer["usdc_balance"], answer["balances"]["sol"]["available"]


def test_a_statement_never_calls_lamports_dollars(gateway):
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


def told(row):
    return row["asset"], row["usdc_amount"], row["original_amount"], row["original_mint"]
