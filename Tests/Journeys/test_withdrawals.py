"""Withdrawals: what was paid in goes back to the proven wallet, once, on real machines, whatever dies on the way."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from chains import BASE_USDC, PATH_USD, EVMNode, SolanaNode, code_of, evm_account, until_state
import solana_payer as payer
from programs import PATIENCE, run, until
from wallets import opened
from wire import call

TEMPO, BASE = 42431, 8453
TREASURY, OWNER = evm_account(9), evm_account(1)
BALANCE_OF = [{"type": "function", "name": "balanceOf", "stateMutability": "view", "inputs": [{"name": "a", "type": "address"}],
               "outputs": [{"name": "", "type": "uint256"}]}]  # fmt: skip


def key_file(directory, content):
    path = directory / "treasury.key"
    path.write_text(content)
    path.chmod(0o600)
    return path


@pytest.fixture
def tempo(world):
    node = EVMNode(world.directory, TEMPO, [PATH_USD])
    world.programs.callback(node.kill)
    return node


@pytest.fixture
def settings(world, tempo):
    return {
        "FAREBOX_CHAINS": "tempo-testnet",
        "TEMPO_TESTNET_TREASURY": TREASURY.address,
        "TEMPO_TESTNET_RPC_URL": tempo.url,
        "TEMPO_TESTNET_WITHDRAWAL_KEY_FILE": key_file(world.directory, TREASURY.key.hex()),
        "FAREBOX_DEPOSIT_SECONDS": "0.05",
        "FAREBOX_WITHDRAWAL_COOL_DOWN": "0",
    }


@pytest.fixture
def gateway(world, settings):
    return world.start(**settings)


@pytest.fixture
def funded(gateway, tempo):
    """Who has proven the owner's wallet, and paid in ten dollars from it."""
    _, customer = opened(gateway, OWNER)
    tempo.pay(10_000_000, TREASURY.address, sender=OWNER)
    tempo.finalise()
    until_state(gateway, "credited")
    return customer


def order(name="first", amount="4.00", wallet=OWNER.address, asset="pathusd", chain="tempo-testnet"):
    return {"id": name, "chain": chain, "asset": asset, "amount": amount, "wallet": wallet}


def withdraw(customer, **asked):
    return call("POST", f"{customer.gateway.url}/v1/withdrawals", headers=customer.bearer, json=asked)


def told(customer, name="first"):
    return call("GET", f"{customer.gateway.url}/v1/withdrawals/{name}", headers=customer.bearer).expect(200).json()


def until_told(customer, state, name="first", patience=PATIENCE):
    """A withdrawal in a state, as it was told in it: it may go on."""

    def reached():
        found = told(customer, name)
        return found if found["state"] == state else None

    return until(reached, f"{name} to be {state}", patience)


def until_landed(tempo, customer, name="first"):
    """It is kept before it is sent, and sent before it is in a block."""
    until(lambda: told(customer, name).get("transaction"), f"{name} to be sent")
    transaction = told(customer, name)["transaction"]
    until(lambda: tempo.ask("eth_getTransactionReceipt", transaction), f"{name} to land")
    return told(customer, name)


def decide(gateway, customer, verb, name="first", **more):
    return gateway.admin("POST", f"/v1/admin/withdrawals/{customer.id}/{name}/{verb}", **more)


def has(tempo, account, token=PATH_USD):
    return tempo.web3.eth.contract(tempo.web3.to_checksum_address(token), abi=BALANCE_OF).functions.balanceOf(account.address).call()


def kinds(withdrawal):
    return [step["kind"] for step in withdrawal["steps"]]


def rail(gateway, chain, asset):
    return gateway.admin("GET", "/v1/admin/stats").expect(200).json()["rails"][chain][asset]


def test_what_was_paid_in_goes_back_to_its_wallet_once(gateway, tempo, funded):
    before = has(tempo, OWNER)
    made = withdraw(funded, **order()).expect(200).json()
    assert (made["amount"], made["customer"]) == (4_000_000, funded.id)
    # It can not be spent any more, from the moment that it is asked for.
    assert funded.balance() == 6_000_000
    sent = until_landed(tempo, funded)
    assert sent["state"] == "broadcast"
    tempo.finalise()
    done = until_told(funded, "confirmed")
    assert done["transaction"] == sent["transaction"]
    assert kinds(done) == ["requested", "approved", "broadcast", "confirmed"]
    receipt = tempo.web3.eth.get_transaction_receipt(done["transaction"])
    assert receipt["status"] == 1 and receipt["from"] == TREASURY.address
    assert has(tempo, OWNER) == before + 4_000_000
    # The same again is the same one.
    again = withdraw(funded, **order()).expect(200).json()
    assert again["state"] == "confirmed" and has(tempo, OWNER) == before + 4_000_000
    withdraw(funded, **order(amount="4.01")).expect(409)
    stats = gateway.admin("GET", "/v1/admin/stats").expect(200).json()
    assert stats["assets"]["pathusd"]["withdrawals"] == 4_000_000
    assert stats["rails"]["tempo-testnet"]["pathusd"] == {"custody": 6_000_000, "on_chain": 6_000_000}
    lines = call("GET", f"{funded.proxy}/transactions").expect(200).json()["transactions"]
    assert [(line["type"], line["usdc_amount"]) for line in lines] == [("WITHDRAWAL", -4_000_000), ("DEPOSIT", 10_000_000)]
    listed = call("GET", f"{gateway.url}/v1/withdrawals", headers=funded.bearer).expect(200).json()
    assert [one["id"] for one in listed["withdrawals"]] == ["first"] and "next" not in listed


def test_many_at_once_are_each_paid_once_and_never_more_than_there_is(gateway, tempo, funded):
    before = has(tempo, OWNER)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: withdraw(funded, **order(f"w{number % 8}", "2.00")), range(24)))
    assert sorted({answer.status for answer in answers}) == [200, 402]
    paid = {answer.json()["id"] for answer in answers if answer.status == 200}
    assert len(paid) == 5 and funded.balance() == 0
    for name in paid:
        until_landed(tempo, funded, name)
    tempo.finalise()
    transactions = {until_told(funded, "confirmed", name)["transaction"] for name in paid}
    assert len(transactions) == 5 and has(tempo, OWNER) == before + 10_000_000


def test_a_gateway_that_dies_between_signing_and_landing_pays_once(world, settings, gateway, tempo, funded):
    before = has(tempo, OWNER)
    # The node takes transactions, and mines none yet.
    tempo.ask("test_minesAtOnce", False)
    withdraw(funded, **order()).expect(200)
    first = until_told(funded, "broadcast")
    # It is kept before it is sent.
    until(lambda: tempo.ask("test_pool") == [first["transaction"]], "it to be sent")
    gateway.kill()
    # What was sent is lost, too.
    assert tempo.ask("test_forget") == 1
    funded.gateway = world.start(**settings)
    until(lambda: tempo.ask("test_pool") == [first["transaction"]], "the same transaction to be sent again")
    tempo.ask("test_minesAtOnce", True)
    tempo.mine(3)
    assert until_told(funded, "confirmed")["transaction"] == first["transaction"]
    assert has(tempo, OWNER) == before + 4_000_000


def test_a_block_that_leaves_the_chain_takes_no_payment_with_it(gateway, tempo, funded):
    before = has(tempo, OWNER)
    withdraw(funded, **order()).expect(200)
    first = until_landed(tempo, funded)
    # In a block, which goes again before it is final; the transaction is sent anew.
    [gone] = tempo.ask("test_reorganise", 1)
    assert gone == first["transaction"]
    until(lambda: tempo.ask("eth_getTransactionReceipt", gone), "the transaction to land anew")
    assert told(funded)["state"] == "broadcast"
    tempo.finalise()
    assert until_told(funded, "confirmed")["transaction"] == gone
    assert has(tempo, OWNER) == before + 4_000_000


def test_a_transaction_whose_nonce_another_took_fails_and_waits_for_an_operator(gateway, tempo, funded):
    before = has(tempo, OWNER)
    tempo.ask("test_minesAtOnce", False)
    withdraw(funded, **order()).expect(200)
    first = until_told(funded, "broadcast")
    # It is lost, and somebody else sends from the treasury before it is there again.
    tempo.ask("test_refuse", first["transaction"])
    tempo.pay(1, OWNER.address, sender=TREASURY)
    tempo.ask("test_minesAtOnce", True)
    tempo.mine()
    assert told(funded)["state"] == "broadcast"

    def has_failed():
        tempo.mine()
        return told(funded)["state"] == "failed"

    until(has_failed, "it to be given up")
    failed = told(funded)
    assert failed["reason"] == "another transaction has its nonce" and funded.balance() == 6_000_000
    line = run("withdrawals", "show", f"{funded.id}/first", "--database", f"sqlite:{gateway.world.directory / 'farebox.db'}",
               FAREBOX_ADMIN_KEY=gateway.admin_key)  # fmt: skip
    assert line.returncode == 0 and "failed" in line.stdout, line.stderr
    decide(gateway, funded, "approve", operator="ann").expect(200)
    again = until_landed(tempo, funded)
    assert again["transaction"] != first["transaction"]
    tempo.finalise()
    assert kinds(until_told(funded, "confirmed"))[-4:] == ["failed", "approved", "broadcast", "confirmed"]
    assert has(tempo, OWNER) == before + 4_000_001


def test_what_an_operator_gives_up_is_paid_when_it_lands_all_the_same(gateway, tempo, funded):
    tempo.ask("test_minesAtOnce", False)
    withdraw(funded, **order()).expect(200)
    until_told(funded, "broadcast")
    decide(gateway, funded, "fail", operator="ann").expect(400)
    given_up = run("withdrawals", "fail", f"{funded.id}/first", "--reason", "never lands", "--operator", "ann",
                   "--database", f"sqlite:{gateway.world.directory / 'farebox.db'}", FAREBOX_ADMIN_KEY=gateway.admin_key)  # fmt: skip
    assert given_up.returncode == 0 and "given_up by operator/ann" in given_up.stdout, given_up.stderr
    there = told(funded)
    assert (there["state"], there["reason"], funded.balance()) == ("given_up", "never lands", 6_000_000)
    waiting = run("withdrawals", "list", "--database", f"sqlite:{gateway.world.directory / 'farebox.db'}",
                  FAREBOX_ADMIN_KEY=gateway.admin_key)  # fmt: skip
    assert waiting.stdout.startswith(f"{funded.id}/first given_up"), waiting.stderr
    tempo.mine()
    tempo.finalise()
    assert kinds(until_told(funded, "confirmed"))[-2:] == ["given_up", "confirmed"]
    decide(gateway, funded, "fail", reason="too late").expect(409)


def test_what_an_operator_gave_up_is_paid_by_another_transaction_when_he_approves_it_anew(gateway, tempo, funded):
    before = has(tempo, OWNER)
    tempo.ask("test_minesAtOnce", False)
    withdraw(funded, **order()).expect(200)
    first = until_told(funded, "broadcast")
    # The node does not take it any more; another of the same amount waits behind it.
    tempo.ask("test_refuse", first["transaction"])
    withdraw(funded, **order("second")).expect(200)
    until_told(funded, "broadcast", "second")
    decide(gateway, funded, "fail", reason="the node refuses it", operator="ann").expect(200)
    tempo.ask("test_minesAtOnce", True)
    decide(gateway, funded, "approve", operator="ann").expect(200)
    again = until_landed(tempo, funded)
    until_landed(tempo, funded, "second")
    assert again["transaction"] != first["transaction"]
    tempo.finalise()
    until_told(funded, "confirmed", "second")
    assert until_told(funded, "confirmed")["transaction"] == again["transaction"]
    assert has(tempo, OWNER) == before + 8_000_000


def test_a_treasury_without_the_money_sends_nothing(gateway, tempo, funded):
    # All of it goes elsewhere.
    tempo.pay(9_000_000, OWNER.address, sender=TREASURY)
    withdraw(funded, **order()).expect(200)
    until_told(funded, "approved")
    tempo.mine(3)
    assert told(funded)["state"] == "approved"
    tempo.pay(9_000_000, TREASURY.address, sender=evm_account(2))
    until_landed(tempo, funded)
    tempo.finalise()
    until_told(funded, "confirmed")


def test_only_a_key_that_manages_keys_moves_money_out_and_only_its_own(gateway, tempo, funded):
    made = call("POST", f"{gateway.url}/v1/keys", headers=funded.bearer, json={"name": "agent"}).expect(201).json()
    gateway.world.secret("key", made["key"])
    agent = {"authorization": f"Bearer {made['key']}"}
    call("POST", f"{gateway.url}/v1/withdrawals", headers=agent, json=order()).expect(403)
    withdraw(funded, **order()).expect(200)
    call("POST", f"{gateway.url}/v1/withdrawals/first/cancel", headers=agent, json={}).expect(403)
    stranger = gateway.customer("50.00")
    for name in ("first", "nothing"):
        call("GET", f"{gateway.url}/v1/withdrawals/{name}", headers=stranger.bearer).expect(404)
    # A wallet of another's, and one that nobody has proven.
    for wallet in (OWNER.address, evm_account(5).address):
        assert withdraw(stranger, **order(wallet=wallet)).expect(403).json()["code"] == "wallet_not_proven"
    # What was granted is not paid out.
    _, given = opened(gateway, evm_account(3))
    given.grant("50.00")
    refused = withdraw(given, **order(wallet=evm_account(3).address)).expect(402).json()
    assert refused["code"] == "insufficient_withdrawable"


NO_ORDERS = [
    {"amount": "0"}, {"amount": "-1"}, {"amount": "0.99"}, {"amount": "1.0000001"}, {"amount": 5},
    {"amount": "99999999999999999999"}, {"chain": "base"}, {"asset": "usd"}, {"asset": "sol"}, {"wallet": "here"},
    {"wallet": "11111111111111111111111111111111"}, {"wallet": f"{OWNER.address}@tempo-testnet"}, {"id": ""}, {"id": "a/b"},
    {"id": "."}, {"id": ".."}, {"id": "x" * 65}, {"more": 1},
]  # fmt: skip


def test_what_is_no_order_takes_nothing(gateway, tempo, funded):
    for change in NO_ORDERS:
        withdraw(funded, **order() | change).expect(400)
    withdraw(funded, **order(amount="10.01")).expect(402)
    assert funded.balance() == 10_000_000


def test_what_waits_is_cancelled_rejected_or_approved(world, settings, tempo):
    gateway = world.start(**settings | {"FAREBOX_WITHDRAWAL_COOL_DOWN": "3600"})
    _, customer = opened(gateway, OWNER)
    tempo.pay(10_000_000, TREASURY.address, sender=OWNER)
    tempo.finalise()
    until_state(gateway, "credited")
    for name in ("one", "two", "three"):
        withdraw(customer, **order(name, "2.00")).expect(200)
    gone = call("POST", f"{gateway.url}/v1/withdrawals/one/cancel", headers=customer.bearer, json={}).expect(200).json()
    assert gone["state"] == "rejected" and customer.balance() == 6_000_000
    decide(gateway, customer, "reject", "two", reason="ask support", operator="ann").expect(200)
    assert customer.balance() == 8_000_000
    decide(gateway, customer, "reject", "two", operator="ann").expect(400)
    database = ["--database", f"sqlite:{world.directory / 'farebox.db'}"]
    listed = run("withdrawals", "list", *database, FAREBOX_ADMIN_KEY=gateway.admin_key)
    assert listed.stdout.split()[:2] == [f"{customer.id}/three", "requested"], listed.stderr
    approved = run("withdrawals", "approve", f"{customer.id}/three", *database, FAREBOX_ADMIN_KEY=gateway.admin_key)
    assert approved.returncode == 0 and "approved by operator/admin" in approved.stdout, approved.stderr
    until_landed(tempo, customer, "three")
    decide(gateway, customer, "reject", "three", reason="too late").expect(409)
    call("POST", f"{gateway.url}/v1/withdrawals/three/cancel", headers=customer.bearer, json={}).expect(409)
    tempo.finalise()
    until_told(customer, "confirmed", "three")
    lines = call("GET", f"{customer.proxy}/transactions").expect(200).json()["transactions"]
    assert sorted(line["type"] for line in lines) == ["DEPOSIT"] + 3 * ["WITHDRAWAL"] + 2 * ["WITHDRAWAL_RETURN"]


def test_what_is_beyond_the_days_limit_waits_for_an_operator(world, settings, tempo):
    gateway = world.start(**settings | {"FAREBOX_WITHDRAWAL_LIMIT": "5.00"})
    _, customer = opened(gateway, OWNER)
    tempo.pay(10_000_000, TREASURY.address, sender=OWNER)
    tempo.finalise()
    until_state(gateway, "credited")
    withdraw(customer, **order("one", "3.00")).expect(200)
    until_landed(tempo, customer, "one")
    withdraw(customer, **order("two", "3.00")).expect(200)
    withdraw(customer, **order("three", "2.00")).expect(200)
    until_landed(tempo, customer, "three")
    assert told(customer, "two")["state"] == "requested"
    decide(gateway, customer, "approve", "two", operator="ann").expect(200)
    until_landed(tempo, customer, "two")
    tempo.finalise()
    until_told(customer, "confirmed", "two")


def test_without_the_treasurys_own_key_nothing_goes_out(world, settings, tempo):
    gateway = world.start(**settings | {"TEMPO_TESTNET_WITHDRAWAL_KEY_FILE": None})
    _, customer = opened(gateway, OWNER)
    assert withdraw(customer, **order()).expect(403).json()["code"] == "withdrawals_off"
    gateway.stop()
    path = settings["TEMPO_TESTNET_WITHDRAWAL_KEY_FILE"]
    for content, mode in ((OWNER.key.hex(), 0o600), ("hello", 0o600), ("", 0o600), (TREASURY.key.hex(), 0o644)):
        path.chmod(0o600)
        path.write_text(content)
        path.chmod(mode)
        done = run("serve", directory=world.directory, **gateway.settings | settings)
        assert done.returncode == 65, done.stderr
        assert "TEMPO_TESTNET_WITHDRAWAL_KEY_FILE" in done.stderr and len(done.stderr.splitlines()) == 1
        assert not content or content not in done.stderr


def test_a_treasury_that_somebody_takes_from_is_told(gateway, tempo, funded):
    def missing():
        line = 'farebox_treasury_missing{chain="tempo-testnet",asset="pathusd"} '
        told = call("GET", f"{gateway.url}/metrics").expect(200).body.decode().splitlines()
        return [float(one.split()[-1]) for one in told if one.startswith(line)]

    until(lambda: missing() == [0], "the treasury to be compared")
    # With its key, and not by us.
    tempo.pay(1_000_000, evm_account(7).address, sender=TREASURY)
    tempo.finalise()
    until(lambda: missing() == [1_000_000], "what is missing to be told")
    until(lambda: "the treasury has less than the books say" in gateway.errors.read_text(), "it to be in the log")
    # What the customer has stays the customer's.
    assert funded.balance() == 10_000_000


def test_usdc_on_base_beside_tempo_comes_in_by_its_sender_and_goes_back(world):
    base = EVMNode(world.directory, BASE, [BASE_USDC])
    world.programs.callback(base.kill)
    tempo = EVMNode(world.directory, 4217, [PATH_USD])
    world.programs.callback(tempo.kill)
    gateway = world.start(
        FAREBOX_CHAINS="base,tempo",
        BASE_TREASURY=TREASURY.address, BASE_RPC_URL=base.url,
        BASE_WITHDRAWAL_KEY_FILE=key_file(world.directory, TREASURY.key.hex()),
        TEMPO_TREASURY=TREASURY.address, TEMPO_RPC_URL=tempo.url,
        FAREBOX_DEPOSIT_SECONDS="0.05", FAREBOX_WITHDRAWAL_COOL_DOWN="0",
    )  # fmt: skip
    # Nobody's yet, for its sender is not proven; a memo names its owner on the other chain.
    base.pay(6_000_000, TREASURY.address, token=BASE_USDC, sender=OWNER)
    base.finalise()
    until_state(gateway, "suspended")
    _, customer = opened(gateway, OWNER)
    tempo.pay(1_000_000, TREASURY.address, sender=evm_account(2), code=code_of(customer))
    tempo.finalise()
    credited = until_state(gateway, "credited", 2)
    assert {(one["id"].split("/")[0], one["asset"], one["amount"]) for one in credited} == {
        ("base", "usdc", 6_000_000), ("tempo", "pathusd", 1_000_000),
    }  # fmt: skip
    assert customer.balance() == 7_000_000
    before = has(base, OWNER, BASE_USDC)
    withdraw(customer, **order("out", "4.00", asset="usdc", chain="base")).expect(200)
    until_landed(base, customer, "out")
    base.finalise()
    until_told(customer, "confirmed", "out")
    assert has(base, OWNER, BASE_USDC) == before + 4_000_000
    assert rail(gateway, "base", "usdc") == {"custody": 2_000_000, "on_chain": 2_000_000}
    assert rail(gateway, "tempo", "pathusd") == {"custody": 1_000_000, "on_chain": 1_000_000}
    # No money of the one goes out over the other.
    withdraw(customer, **order("other", "1.00", asset="pathusd", chain="tempo")).expect(400)


# Solana


@pytest.fixture
def solana(world):
    node = SolanaNode(world.directory)
    world.programs.callback(node.kill)
    return node


@pytest.fixture
def solana_settings(world, solana):
    return {
        "FAREBOX_CHAINS": "solana-devnet",
        "SOLANA_TREASURY": str(payer.TREASURY.pubkey()),
        "SOLANA_RPC_URL": solana.url,
        "SOLANA_WITHDRAWAL_KEY_FILE": key_file(world.directory, json.dumps(list(bytes(payer.TREASURY)))),
        "SOL_USDC_RATE": "150",
        "FAREBOX_DEPOSIT_SECONDS": "0.05",
        "FAREBOX_WITHDRAWAL_COOL_DOWN": "0",
        "FAREBOX_WITHDRAWAL_LIMIT": "1000",
    }


@pytest.fixture
def saver(world, solana, solana_settings):
    """Who has proven the user's wallet, and paid in USDC and SOL from it."""
    gateway = world.start(**solana_settings)
    _, customer = opened(gateway, payer.USER)
    solana.succeed(solana.send([payer.pay(10_000_000)]))
    solana.succeed(solana.send([payer.pay_sol(2_000_000_000)]))
    until_state(gateway, "credited", 2)
    return customer


def solana_order(name="first", amount="4.00", asset="usdc", wallet=payer.USER):
    return order(name, amount, str(wallet.pubkey()), asset, "solana-devnet")


def tokens(solana, wallet):
    account = str(payer.account_of(wallet.pubkey(), payer.USDC))
    return int(solana.ask("getTokenAccountBalance", account)["value"]["amount"])


def lamports(solana, wallet):
    return solana.ask("getBalance", str(wallet.pubkey()))["value"]


def test_usdc_and_sol_go_back_to_their_wallet_and_the_fees_are_ours(saver, solana):
    gateway = saver.gateway
    start = rail(gateway, "solana-devnet", "sol")
    before = tokens(solana, payer.USER), lamports(solana, payer.USER)
    withdraw(saver, **solana_order()).expect(200)
    withdraw(saver, **solana_order("second", "1.5", "sol")).expect(200)
    first, second = (until_told(saver, "confirmed", name) for name in ("first", "second"))
    assert kinds(first) == kinds(second) == ["requested", "approved", "broadcast", "confirmed"]
    assert tokens(solana, payer.USER) == before[0] + 4_000_000
    assert lamports(solana, payer.USER) == before[1] + 1_500_000_000
    # Each transaction names its withdrawal, and what the network took is in the books.
    logs = solana.ask("getTransaction", first["transaction"])["meta"]
    assert any("farebox/withdrawal/first" in line for line in logs["logMessages"])
    stats = gateway.admin("GET", "/v1/admin/stats").expect(200).json()
    assert stats["assets"]["sol"]["overrun"] == 10_000
    end = stats["rails"]["solana-devnet"]["sol"]
    assert start["on_chain"] - end["on_chain"] == start["custody"] - end["custody"] == 1_500_010_000
    assert stats["rails"]["solana-devnet"]["usdc"]["custody"] == 6_000_000


def test_a_wallet_without_a_token_account_waits_for_one_and_costs_us_nothing(saver, solana):
    from solders.keypair import Keypair

    fresh, gateway = Keypair(), saver.gateway
    opened(gateway, fresh, saver.key)
    withdraw(saver, **solana_order(wallet=fresh)).expect(200)
    until_told(saver, "approved")
    solana.ask("test_advance", 5)
    assert told(saver)["state"] == "approved"
    made = payer.token.create_associated_token_account(payer.FRIEND.pubkey(), fresh.pubkey(), payer.USDC)
    solana.succeed(solana.send([made], payer.FRIEND))
    until_told(saver, "confirmed")
    assert tokens(solana, fresh) == 4_000_000
    assert gateway.admin("GET", "/v1/admin/stats").expect(200).json()["assets"]["sol"]["overrun"] == 5_000


def test_a_node_that_does_not_remember_says_nothing_about_what_landed(saver, solana):
    solana.ask("test_swallow", True)
    withdraw(saver, **solana_order()).expect(200)
    first = until_told(saver, "broadcast")
    # Its history begins after the transaction was signed.
    solana.ask("test_forgetHistory")
    solana.ask("test_advance", 400)
    sent = solana.ask("test_swallowed")
    until(lambda: solana.ask("test_swallowed") > sent + 5, "it to be sent again and again")
    assert (told(saver)["state"], told(saver)["transaction"]) == ("broadcast", first["transaction"])


def test_what_never_landed_is_signed_anew_only_when_it_can_not_land_any_more(saver, solana):
    before = tokens(solana, payer.USER)
    # The node takes what is sent, and loses it.
    solana.ask("test_swallow", True)
    solana.ask("test_pause", True)
    withdraw(saver, **solana_order()).expect(200)
    first = until_told(saver, "broadcast")
    solana.ask("test_advance", 250)
    sent = solana.ask("test_swallowed")
    until(lambda: solana.ask("test_swallowed") >= sent + 3, "it to be sent again")
    assert told(saver)["transaction"] == first["transaction"]
    solana.ask("test_expireBlockhash")
    solana.ask("test_swallow", False)
    solana.ask("test_advance", 60)
    solana.ask("test_pause", False)
    # Not before ninety seconds have gone by, whatever the node says of its height.
    done = until_told(saver, "confirmed", patience=5 * PATIENCE)
    assert kinds(done) == ["requested", "approved", "broadcast", "expired", "broadcast", "confirmed"]
    assert done["transaction"] != first["transaction"] and tokens(solana, payer.USER) == before + 4_000_000


def test_a_gateway_that_dies_on_the_way_pays_once_on_solana(world, solana_settings, saver, solana):
    before = tokens(solana, payer.USER)
    solana.ask("test_swallow", True)
    withdraw(saver, **solana_order()).expect(200)
    first = until_told(saver, "broadcast")
    saver.gateway.kill()
    solana.ask("test_swallow", False)
    saver.gateway = world.start(**solana_settings)
    assert until_told(saver, "confirmed")["transaction"] == first["transaction"]
    assert tokens(solana, payer.USER) == before + 4_000_000
