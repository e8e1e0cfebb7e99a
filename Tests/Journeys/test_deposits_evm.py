"""Deposits on EVM chains: stock web3 pays on a real machine, and balances move once, at finality."""

import re
import sqlite3
from contextlib import closing

import pytest

from chains import (
    BASE_USDC, OTHER_TOKEN, PATH_USD, EVMNode, claim, code_of, counted, deposits, evm_account, report_a_hundred_times_at_once,
    until_looked, until_state,
)  # fmt: skip
from programs import run_json, until
from wire import call

TEMPO, BASE = 42431, 8453


@pytest.fixture
def tempo(world):
    node = EVMNode(world.directory, TEMPO, [PATH_USD, OTHER_TOKEN])
    world.programs.callback(node.kill)
    return node


@pytest.fixture
def treasury():
    return evm_account(9).address


@pytest.fixture
def settings(tempo, treasury):
    return {
        "FAREBOX_CHAINS": "tempo-testnet",
        "TEMPO_TESTNET_TREASURY": treasury,
        "TEMPO_TESTNET_RPC_URL": tempo.url,
        "FAREBOX_DEPOSIT_SECONDS": "0.05",
    }


@pytest.fixture
def gateway(world, settings):
    return world.start(**settings)


def test_a_memo_with_the_code_is_credited_once_and_not_before_it_is_final(gateway, tempo, treasury):
    customer = gateway.customer()
    tempo.pay(1_250_000, treasury, code=code_of(customer))
    [seen] = until_state(gateway, "seen")
    assert customer.balance() == 0
    tempo.finalise()
    [credited] = until_state(gateway, "credited")
    assert credited["id"] == seen["id"]
    assert credited["customer"] == customer.id
    tempo.mine(5)
    assert customer.balance() == 1_250_000
    told = gateway.admin("GET", f"/v1/admin/deposits/{credited['id']}").expect(200).json()
    assert [step["kind"] for step in told["steps"]] == ["seen", "confirmed", "credited"]


def test_a_refusal_for_money_tells_how_to_pay_and_paying_so_ends_it(gateway, tempo):
    from urllib.parse import parse_qs, urlsplit

    customer = gateway.customer()
    ask = {"model": "gpt-4o", "max_tokens": 1000, "messages": [{"role": "user", "content": "Hello"}]}
    url, headers = f"{gateway.url}/v1/chat/completions", customer.bearer
    refused = call("POST", url, headers=headers, json=ask).expect(402).json()["error"]
    assert refused["funding"]["customer"] == customer.id
    [offer] = refused["funding"]["deposits"]
    assert offer["chain"] == "tempo-testnet" and offer["chain_id"] == TEMPO and offer["testnet"] is True
    assert int(float(offer["amount"]) * 10**6 + 0.5) == refused["needed"] - refused["available"]
    # What a wallet makes of the URL (ERC-681).
    target, function = urlsplit(offer["url"]).path.split("/")
    token, chain = target.split("@")
    fields = {name: value[0] for name, value in parse_qs(urlsplit(offer["url"]).query).items()}
    assert (int(chain), function) == (TEMPO, "transferWithMemo")
    memo = bytes.fromhex(fields["bytes32"][2:])
    tempo.send(evm_account(1), token, function, fields["address"], int(fields["uint256"]), memo)
    tempo.finalise()
    until(customer.balance, "the deposit to be credited")
    call("POST", url, headers=headers, json=ask).expect(200)


def test_a_hash_that_a_hundred_report_at_once_is_credited_once(gateway, tempo, treasury):
    """PM-30, otherwise: a deposit's key is its chain, transaction and event, and it is credited as it is written down."""
    customer = gateway.customer()
    transaction = tempo.pay(2_000_000, treasury, code=code_of(customer))
    first = claim(customer, transaction).expect(202).json()
    assert first["deposits"][0]["state"] == "seen" and first["credited"] == "0.000000"
    # Another spelling of a hash is the same hash.
    spellings = [transaction, transaction.upper().replace("0X", "0x")]
    report_a_hundred_times_at_once(customer, "tempo-testnet", spellings, tempo.finalise)
    assert customer.balance() == 2_000_000


def test_a_webhook_has_the_chain_looked_at_and_is_not_believed(world, settings, tempo, treasury):
    gateway = world.start(**settings | {"FAREBOX_DEPOSIT_SECONDS": "3600"})
    customer = gateway.customer()
    hook = f"{gateway.url}/v1/hooks/tempo-testnet"
    until_looked(gateway, "tempo-testnet")
    call("POST", hook, json={"to": treasury, "amount": 10**9, "memo": code_of(customer)}).expect(202)
    # Nothing looks from here on but what a webhook has look.
    until_looked(gateway, "tempo-testnet", 2)
    tempo.pay(70, treasury, code=code_of(customer))
    tempo.finalise()
    assert customer.balance() == 0
    call("POST", hook, body=b"not even JSON").expect(202)
    until(lambda: customer.balance() == 70, "the deposit to be credited")
    call("POST", f"{gateway.url}/v1/hooks/nowhere").expect(404)
    assert set(iter(lambda: call("POST", hook).status, 429)) <= {202}


def test_each_transfer_to_the_treasury_is_a_deposit_of_its_own_customer(gateway, tempo, treasury):
    """PM-29, but that every transfer counts, not the first, and that its memo names whose it is."""
    first, second = gateway.customer(), gateway.customer()
    for customer, amount in [(first, 1), (second, 20), (first, 300), (second, 4000)]:
        tempo.pay(amount, treasury, code=code_of(customer))
    tempo.finalise()
    until_state(gateway, "credited", 4)
    assert [first.balance(), second.balance()] == [301, 4020]


def test_what_names_nobody_waits_for_an_operator(world, gateway, tempo, treasury):
    customer, admin = gateway.customer(), {"FAREBOX_ADMIN_KEY": gateway.admin_key}
    tempo.pay(5_000_000, treasury)
    tempo.pay(6_000_000, treasury, code="0" * 32)
    tempo.finalise()
    until_state(gateway, "suspended", 2)
    at = ["--database", gateway.database]
    waiting = {one["amount"]: one for one in run_json("deposits", "list", *at, **admin)["deposits"]}
    assert {one["reason"] for one in waiting.values()} == {"unknown_sender", "unknown_code"}
    plain, coded = waiting[5_000_000]["id"], waiting[6_000_000]["id"]
    given = run_json("deposits", "assign", plain, "--customer", customer.id, "--operator", "ada", *at, **admin)
    assert given["state"] == "credited" and given["steps"][-1]["by"] == "operator/ada"
    refused = run_json("deposits", "reject", coded, "--reason", "nobody asked", *at, **admin)
    assert refused["state"] == "rejected"
    assert customer.balance() == 5_000_000
    # What is held is somebody's, to the last unit.
    told = gateway.admin("GET", "/v1/admin/stats").expect(200).json()
    for asset, whose in told["assets"].items():
        custody = sum(rail[asset]["custody"] for rail in told["rails"].values() if asset in rail)
        owed = [whose[name] for name in ("liabilities", "suspense", "payout", "provider_cost", "margin")]
        assert custody + whose["grants"] == sum(owed), (asset, told)
    assert told["assets"]["pathusd"]["payout"] == 6_000_000
    # Decided is decided.
    gateway.admin("POST", f"/v1/admin/deposits/{coded}/assign", customer=customer.id).expect(409)
    gateway.admin("POST", f"/v1/admin/deposits/{plain}/reject", reason="late").expect(409)
    assert customer.balance() == 5_000_000


@pytest.mark.parametrize("is_credited", [False, True])
def test_a_deposit_that_leaves_the_chain_is_nobodys(gateway, tempo, treasury, is_credited):
    customer = gateway.customer()
    transaction = tempo.pay(3_000_000, treasury, code=code_of(customer))
    until_state(gateway, "seen")
    if is_credited:
        tempo.finalise()
        until(lambda: customer.balance() == 3_000_000, "the deposit to be credited")
    tempo.ask("test_reorganise", 3, False)
    [gone] = until_state(gateway, "reversed")
    assert customer.balance() == 0
    assert gone["reason"] == "left_the_chain"
    claim(customer, transaction).expect(404)
    # It is told of when the look is over, a moment after it is in the books.
    assert until(lambda: counted(gateway, 'farebox_deposit_alerts{chain="tempo-testnet"}'), "the alert") == 1


def test_what_left_the_chain_is_counted_by_the_books_after_a_start(world, tempo, treasury, settings):
    gateway = world.start(**settings)
    reversed_ = 'farebox_deposit_steps{chain="tempo-testnet",kind="reversed"}'
    assert counted(gateway, reversed_) == 0
    tempo.pay(3_000_000, treasury, code=code_of(gateway.customer()))
    until_state(gateway, "seen")
    tempo.ask("test_reorganise", 3, False)
    until_state(gateway, "reversed")
    gateway.kill()
    again = world.start(**settings)
    assert counted(again, reversed_) == 1


def test_a_deposit_that_moves_to_another_block_is_credited_once(gateway, tempo, treasury):
    customer = gateway.customer()
    tempo.pay(3_000_000, treasury, code=code_of(customer))
    until_state(gateway, "seen")
    tempo.ask("test_reorganise", 1, True)
    tempo.finalise()
    until_state(gateway, "credited")
    tempo.mine(3)
    assert customer.balance() == 3_000_000
    assert len(deposits(gateway)) == 1


def test_what_is_no_deposit_is_told_so_and_credits_nothing(gateway, tempo, treasury):
    """PM-22, PM-24 and PM-29."""
    customer = gateway.customer()
    elsewhere = tempo.pay(7, evm_account(2).address, code=code_of(customer))
    other_token = tempo.pay(8, treasury, token=OTHER_TOKEN, code=code_of(customer))
    failed = tempo.pay(10**30, treasury, code=code_of(customer))
    tempo.finalise()
    for transaction in (elsewhere, other_token, failed):
        answer = claim(customer, transaction).expect(400).json()
        assert answer["code"] == "VERIFICATION_FAILED"
    assert claim(customer, "0x" + "00" * 32).expect(404).json()["code"] == "TX_NOT_FOUND"
    for wrong in ("", "0x12", "hello", "0x" + "zz" * 32, "1" * 64):
        assert claim(customer, wrong).expect(400).json()["code"] == "INVALID_REQUEST"
    claim(customer, failed, chain="base").expect(400)
    claim(customer, failed, chains="base").expect(400)
    assert deposits(gateway) == [] and customer.balance() == 0


def test_another_customers_deposit_is_told_to_nobody_else(gateway, tempo, treasury):
    owner, other = gateway.customer(), gateway.customer()
    transaction = tempo.pay(9, treasury, code=code_of(owner))
    tempo.finalise()
    until_state(gateway, "credited")
    answer = claim(other, transaction).expect(409).json()
    assert answer["code"] == "DEPOSIT_CREDITED_TO_ANOTHER"
    assert [owner.balance(), other.balance()] == [9, 0]


def test_a_gateway_that_was_away_catches_up_and_doubles_nothing(world, gateway, settings, tempo, treasury):
    customer = gateway.customer()
    tempo.pay(1, treasury, code=code_of(customer))
    tempo.finalise()
    until_state(gateway, "credited")
    code = code_of(customer)
    gateway.kill()
    for _ in range(3):
        tempo.pay(10, treasury, code=code)
        tempo.finalise()
    again = world.start(**settings)
    customer.gateway = again
    until_state(again, "credited", 4)
    assert customer.balance() == 31


def test_a_watch_that_is_ahead_of_its_chain_is_told_of_and_set_back_as_the_docs_say(world, tempo, treasury, settings):
    ahead = EVMNode(world.directory, TEMPO, [PATH_USD])
    world.programs.callback(ahead.kill)
    ahead.mine(300)
    first = world.start(**settings | {"TEMPO_TESTNET_RPC_URL": ahead.url})
    until_looked(first, "tempo-testnet")
    customer = first.customer()
    code = code_of(customer)
    first.kill()
    tempo.pay(5, treasury, code=code)
    tempo.finalise()
    tempo.mine(100)
    blind = world.start(**settings)
    told = "what is final is behind where the chain is read on"
    until(lambda: told in blind.errors.read_text(), "the log to tell")
    assert 100 < final_lag(blind) < 300
    blind.kill()
    with closing(sqlite3.connect(world.directory / "farebox.db")) as books, books:
        assert books.execute("DELETE FROM deposit_cursors WHERE source = 'blocks/tempo-testnet'").rowcount == 1
    mended = world.start(**settings | {"TEMPO_TESTNET_FIRST_BLOCK": "0"})
    customer.gateway = mended
    until_state(mended, "credited")
    assert customer.balance() == 5
    assert final_lag(mended) == 0


def test_a_node_that_is_down_or_of_another_chain_credits_nothing_and_stops_nobody(world, tempo, treasury, settings):
    base = EVMNode(world.directory, BASE, [BASE_USDC, PATH_USD])
    world.programs.callback(base.kill)
    gateway = world.start(**settings | {"TEMPO_TESTNET_RPC_URL": base.url})
    customer = gateway.customer("1.00")
    transaction = base.pay(5, treasury, code=code_of(customer))
    base.finalise()
    assert claim(customer, transaction).expect(502).json()["code"] == "NODE_OF_ANOTHER_CHAIN"
    base.kill()
    assert claim(customer, transaction).expect(502).json()["code"] == "NODE_UNREACHABLE"
    ask = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
    call("POST", f"{gateway.url}/v1/chat/completions", headers=customer.bearer, json=ask).expect(200)
    assert deposits(gateway) == []
    rails = gateway.admin("GET", "/v1/admin/stats").expect(200).json()["rails"]
    assert rails == {"tempo-testnet": {"pathusd": {"custody": 0, "on_chain": None}}} or rails == {
        "tempo-testnet": {"pathusd": {"custody": 0}}
    }
    until(lambda: "chain can not be read" in gateway.errors.read_text(), "the log to tell")


def test_what_the_books_hold_is_on_the_chain(gateway, tempo, treasury):
    customer = gateway.customer()
    tempo.pay(5_000_000, treasury, code=code_of(customer))
    tempo.finalise()
    until_state(gateway, "credited")
    rails = gateway.admin("GET", "/v1/admin/stats").expect(200).json()["rails"]
    assert rails == {"tempo-testnet": {"pathusd": {"custody": 5_000_000, "on_chain": 5_000_000}}}


def test_nodes_that_do_not_agree_credit_nothing(world, tempo, treasury, settings):
    liar = EVMNode(world.directory, TEMPO, [PATH_USD])
    world.programs.callback(liar.kill)
    both = settings | {"TEMPO_TESTNET_RPC_URL": f"{tempo.url},{liar.url}", "TEMPO_TESTNET_RPC_QUORUM": "2"}
    gateway = world.start(**both)
    customer = gateway.customer()
    transaction = tempo.pay(5, treasury, code=code_of(customer))
    tempo.finalise()
    # What the other one does not call final yet is seen, and no more.
    assert claim(customer, transaction).expect(202).json()["deposits"][0]["state"] == "seen"
    liar.mine(9)
    assert claim(customer, transaction).expect(502).json()["code"] == "NODES_DISAGREE"
    assert customer.balance() == 0


def test_what_nodes_dispute_stops_no_other_and_is_credited_once_when_they_agree(world, tempo, treasury, settings):
    nodes = {"TEMPO_TESTNET_RPC_URL": f"{tempo.url},{tempo.url}/whole", "TEMPO_TESTNET_RPC_QUORUM": "2"}
    gateway = world.start(**settings | nodes)
    customer = gateway.customer()
    code = code_of(customer)
    disputed = tempo.pay(5, treasury, code=code)
    tempo.ask("test_deny", disputed, True)
    tempo.pay(70, treasury, code=code)
    tempo.finalise()
    until_state(gateway, "credited")
    assert customer.balance() == 70
    until(lambda: unread(gateway, 1) == 1, "the disputed one to be remembered")
    # Beyond the blocks that are listed again.
    tempo.mine(100)
    tempo.pay(600, treasury, code=code)
    tempo.finalise()
    until_state(gateway, "credited", 2)
    gateway.kill()
    gateway = customer.gateway = world.start(**settings | nodes)
    until_looked(gateway, "tempo-testnet", 3)
    assert customer.balance() == 670
    tempo.ask("test_deny", disputed, False)
    until_state(gateway, "credited", 3)
    assert customer.balance() == 675
    until(lambda: unread(gateway, 1) == 0, "none to be unread")


def test_without_a_quorum_nothing_is_credited_and_nothing_passed_over(world, tempo, treasury, settings):
    lonely = {"TEMPO_TESTNET_RPC_URL": f"{tempo.url},http://127.0.0.1:9/", "TEMPO_TESTNET_RPC_QUORUM": "2"}
    gateway = world.start(**settings | lonely)
    customer = gateway.customer()
    tempo.pay(5, treasury, code=code_of(customer))
    tempo.finalise()
    until(lambda: "node_quorum_missing" in gateway.errors.read_text(), "the log to tell")
    assert customer.balance() == 0
    assert unread(gateway, 1) == 0
    gateway.kill()
    # Beyond the blocks that are listed again.
    tempo.mine(100)
    customer.gateway = world.start(**settings | lonely | {"TEMPO_TESTNET_RPC_URL": f"{tempo.url},{tempo.url}/whole"})
    until_state(customer.gateway, "credited")
    assert customer.balance() == 5


@pytest.mark.parametrize("quorum", ["1", "2"])
def test_what_the_first_nodes_list_leaves_out_is_credited_where_another_lists_it(world, tempo, treasury, settings, quorum):
    nodes = f"{tempo.url},http://127.0.0.1:9/,{tempo.url}/whole"
    gateway = world.start(**settings | {"TEMPO_TESTNET_RPC_URL": nodes, "TEMPO_TESTNET_RPC_QUORUM": quorum})
    customer = gateway.customer()
    tempo.ask("test_minesAtOnce", False)
    hidden = tempo.pay(20, treasury, code=code_of(customer))
    tempo.ask("test_leaveOut", hidden)
    tempo.mine()
    tempo.finalise()
    until_state(gateway, "credited")
    assert customer.balance() == 20


def test_what_a_node_makes_up_is_not_credited_by_the_others_and_stops_nothing(world, tempo, treasury, settings):
    liar = EVMNode(world.directory, TEMPO, [PATH_USD])
    world.programs.callback(liar.kill)
    gateway = world.start(**settings | {"TEMPO_TESTNET_RPC_URL": f"{tempo.url},{liar.url}"})
    customer = gateway.customer()
    code = code_of(customer)
    liar.pay(5000, treasury, code=code, sender=evm_account(2))
    liar.finalise()
    tempo.mine(2)
    tempo.pay(70, treasury, code=code)
    tempo.finalise()
    until_state(gateway, "credited")
    until(lambda: unread(gateway, 2) == 1, "the invention to be remembered")
    assert unread(gateway, 1) == 0
    tempo.pay(600, treasury, code=code)
    tempo.finalise()
    until_state(gateway, "credited", 2)
    assert customer.balance() == 670


def unread(gateway, node):
    return counted(gateway, f'farebox_unread_transactions{{chain="tempo-testnet",node="{node}"}}')


def final_lag(gateway):
    metrics = call("GET", f"{gateway.url}/metrics").expect(200).body.decode()
    [lag] = re.findall(r'^farebox_deposit_final_lag_blocks{chain="tempo-testnet"} ([0-9.]+)$', metrics, re.MULTILINE)
    return float(lag)
