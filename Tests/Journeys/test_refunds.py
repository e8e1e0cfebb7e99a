"""Charges that the operator gives back."""

import pytest

from dialects import OPENAI
from programs import run, run_json
from wire import call


@pytest.fixture
def customer(shared):
    return shared.customer("5.00")


def charged(customer):
    answer = call(**OPENAI.request(customer, "input_tokens=1000; output_tokens=64")).expect(200)
    return customer.settled(answer.headers["x-farebox-receipt"])


def refund(gateway, inference, **order):
    return gateway.admin("POST", "/v1/admin/refunds", inference=inference, reason="a journey", **order)


def test_a_charge_is_given_back_once_as_new_transfers(customer):
    gateway = customer.gateway
    receipt = charged(customer)
    before = customer.balance()
    dry = refund(gateway, receipt["id"], dry_run=True).expect(200).json()
    assert (dry["refunded"], customer.balance()) == (receipt["charge"], before)
    for _ in range(3):
        answer = refund(gateway, receipt["id"]).expect(200).json()
        assert (answer["refunded"], answer["balance"]) == (receipt["charge"], 5_000_000)
    assert customer.balance() == 5_000_000
    assert customer.receipt(receipt["id"]).json()["charge"] == receipt["charge"], "the charge stands"
    rows = call("GET", f"{customer.proxy}/transactions").json()["transactions"]
    assert [row["type"] for row in rows] == ["REFUND", "DEBIT", "GRANT"]
    assert rows[0]["usdc_amount"] == receipt["charge"]
    own = call("GET", f"{gateway.url}/v1/key", headers=customer.bearer).json()["data"]
    assert own["usage"] == 0


def test_a_part_of_a_charge_is_given_back_once(customer):
    gateway = customer.gateway
    receipt = charged(customer)
    assert receipt["charge"] > 2
    refund(gateway, receipt["id"], amount="0.000002").expect(200)
    refund(gateway, receipt["id"], amount="0.000002").expect(200)
    assert refund(gateway, receipt["id"], amount="0.000001").expect(409).json()["code"] == "already_refunded"
    assert customer.balance() == 5_000_000 - receipt["charge"] + 2


@pytest.mark.parametrize("amount", ["0", "-1", "1000", "0.0000001", "all"])
def test_no_more_than_the_charge_is_given_back(customer, amount):
    receipt = charged(customer)
    answer = refund(customer.gateway, receipt["id"], amount=amount).expect(400).json()
    assert answer["code"] in ("refund_exceeds_charge", "invalid_parameter")
    assert customer.balance() == 5_000_000 - receipt["charge"]


def test_what_was_not_charged_is_not_given_back(customer):
    failed = call(**OPENAI.request(customer, "status=500"))
    for inference in (failed.headers["x-farebox-receipt"], "inf_nobody"):
        assert refund(customer.gateway, inference).status in (400, 404)
    assert customer.balance() == 5_000_000


def test_an_operator_refunds_from_the_command_line(customer):
    gateway = customer.gateway
    receipt = charged(customer)
    options = ["--database", gateway.database, "--reason", "a journey"]
    key = {"FAREBOX_ADMIN_KEY": gateway.admin_key}
    dry = run("refund", receipt["id"], "--dry-run", *options, **key)
    assert dry.returncode == 0 and dry.stdout.startswith("would refund"), dry
    assert run_json("refund", receipt["id"], *options, **key)["refunded"] == receipt["charge"]
    assert customer.balance() == 5_000_000
    again = run("refund", receipt["id"], "--amount", "0.000001", *options, **key)
    assert again.returncode == 73 and "already" in again.stderr


def test_the_trial_balance_is_zero(customer):
    receipt = charged(customer)
    refund(customer.gateway, receipt["id"]).expect(200)
    told = customer.gateway.admin("GET", "/v1/admin/trial-balance").expect(200).json()
    assert told["is_balanced"] is True
    assert {row["difference"] for row in told["sums"]} == {0}
    of_usd = [line for line in told["lines"] if line["asset"] == "usd"]
    assert sum(line["debits"] for line in of_usd) == sum(line["credits"] for line in of_usd) > 0
