"""Proof of a wallet: the stock siwe, eth_account and solders sign, and what they sign opens an account."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from siwe import SiweMessage
from solders.keypair import Keypair

from chains import PATH_USD, EVMNode, evm_account
from programs import Customer, until
from wallets import challenge, opened, session, signed
from wire import call

TEMPO = 42431
TREASURY = evm_account(9).address


@pytest.fixture(scope="module")
def tempo(tmp_path_factory):
    node = EVMNode(tmp_path_factory.mktemp("tempo"), TEMPO, [PATH_USD])
    yield node
    node.kill()


@pytest.fixture(scope="module")
def shared_settings(tempo):
    return {
        "FAREBOX_CHAINS": "tempo-testnet",
        "TEMPO_TESTNET_TREASURY": TREASURY,
        "TEMPO_TESTNET_RPC_URL": tempo.url,
        "FAREBOX_DEPOSIT_SECONDS": "0.05",
    }


def siwe_message(gateway, account, **changes):
    """A message that the stock client writes, with a nonce of the gateway's."""
    fields = {
        "domain": f"127.0.0.1:{gateway.port}", "address": account.address, "statement": None, "uri": gateway.url,
        "version": "1", "chain_id": TEMPO, "nonce": challenge(gateway, account.address)["nonce"],
        "issued_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip
    return SiweMessage(**fields | changes).prepare_message()


def test_the_stock_clients_message_opens_an_account_and_opens_it_again(shared):
    wallet = Account.create()
    message = siwe_message(shared, wallet, statement="Let me in", resources=["https://example.com/terms"])
    first = session(shared, message, signed(wallet, message)).expect(200).json()
    assert first["is_new"] is True and first["wallet"] == wallet.address.lower()
    customer = Customer(shared, first["customer"], first["api_key"])
    customer.grant("1.00")
    # The key is lost; the wallet is not.
    again, recovered = opened(shared, wallet)
    assert again["is_new"] is False and again["customer"] == first["customer"]
    assert recovered.balance() == 1_000_000
    old = first["api_key"].rsplit("-", 1)[0]
    call("DELETE", f"{shared.url}/v1/keys/{old}", headers=recovered.bearer).expect(200)
    call("GET", f"{customer.proxy}/balance").expect(401)


def test_the_gateways_own_message_is_one_that_the_stock_library_reads(shared):
    wallet = Account.create()
    told = challenge(shared, wallet.address)
    read = SiweMessage.from_message(told["message"])
    assert (read.address, read.nonce, int(read.chain_id)) == (wallet.address, told["nonce"], TEMPO)
    read.verify(signed(wallet, told["message"]), domain=f"127.0.0.1:{shared.port}", nonce=told["nonce"])


def test_a_wallet_of_solana_opens_an_account(shared):
    """L5-49: Sign-In with Solana."""
    from base64 import b64encode

    wallet = Keypair()
    message = challenge(shared, str(wallet.pubkey()))["message"]
    signature = str(wallet.sign_message(message.encode()))
    answer = session(shared, message, signature).expect(200).json()
    shared.world.secret("key", answer["api_key"])
    assert answer["wallet"] == str(wallet.pubkey())
    other = challenge(shared, str(wallet.pubkey()))["message"]
    session(shared, other, signature).expect(401)
    session(shared, other, b64encode(bytes(wallet.sign_message(other.encode()))).decode()).expect(401)


def test_what_is_not_signed_by_the_wallet_opens_nothing(shared):
    wallet, stranger = Account.create(), Account.create()

    def refused(message, signature, status=401):
        answer = session(shared, message, signature).expect(status).json()
        assert answer["code"] == "sign_in_refused" and "api_key" not in answer

    message = siwe_message(shared, wallet)
    refused(message, signed(stranger, message))
    refused(message, signed(wallet, message))  # its nonce is used up by the first
    message = siwe_message(shared, wallet)
    refused(message.replace("Chain ID: 42431", "Chain ID: 1"), signed(wallet, message))
    for changes in [
        {"domain": "evil.example"}, {"nonce": secrets.token_hex(16)},
        {"expiration_time": (datetime.now(UTC) - timedelta(seconds=5)).isoformat(timespec="seconds")},
        {"not_before": (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds")},
    ]:
        message = siwe_message(shared, wallet, **changes)
        refused(message, signed(wallet, message))
    for spoil in (lambda text: "", lambda text: "hello", lambda text: text + "\nmore", lambda text: text.replace("Version: 1", "Version: 2"),
                  lambda text: text.replace("\n", "\r\n"), lambda text: text * 50):
        message = spoil(siwe_message(shared, wallet))
        refused(message, signed(wallet, message), 400)


def test_a_wallet_signs_for_the_operators_domain_and_not_for_what_a_page_calls_itself(world, shared):
    wallet = Account.create()
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "10.0.0.1"):
        headers = {"host": host}
        call("POST", f"{shared.url}/v1/challenge", headers=headers, json={"address": wallet.address}).expect(401)
        message = siwe_message(shared, wallet, domain=host)
        body = {"message": message, "signature": signed(wallet, message)}
        call("POST", f"{shared.url}/v1/session", headers=headers, json=body).expect(401)
    gateway = world.start(FAREBOX_PUBLIC_URL="https://pay.example/farebox")
    told = challenge(gateway, wallet.address)["message"]
    assert told.startswith("pay.example wants you") and "URI: https://pay.example/farebox\n" in told
    opened(gateway, wallet)
    message = siwe_message(gateway, wallet)
    session(gateway, message, signed(wallet, message)).expect(401)


def test_a_signature_with_its_sign_turned_opens_nothing(shared):
    order = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
    wallet = Account.create()
    message = siwe_message(shared, wallet)
    made = wallet.sign_message(encode_defunct(text=message))
    turned = made.r.to_bytes(32, "big") + (order - made.s).to_bytes(32, "big") + bytes([55 - made.v])
    session(shared, message, "0x" + turned.hex()).expect(401)
    for wrong in ("", "0x", "0x00", "0x" + "00" * 65, "0x" + "ff" * 65, "0x" + "11" * 4000, "hello"):
        message = siwe_message(shared, wallet)
        session(shared, message, wrong).expect(401)


def test_of_many_sessions_at_once_all_are_of_one_customer(shared):
    wallet = Account.create()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: opened(shared, wallet)[0], range(8)))
    assert len({answer["customer"] for answer in answers}) == 1
    assert [answer["is_new"] for answer in answers].count(True) == 1


def test_a_wallet_is_added_to_who_is_signed_in_and_stays_theirs(shared):
    customer, other, wallet = shared.customer("1.00"), shared.customer(), Account.create()
    answer, _ = opened(shared, wallet, customer.key)
    assert answer["customer"] == customer.id and answer["is_new"] is False
    message = challenge(shared, wallet.address)["message"]
    refused = session(shared, message, signed(wallet, message), other.key).expect(409).json()
    assert refused["code"] == "wallet_bound_to_another"
    message = challenge(shared, wallet.address)["message"]
    session(shared, message, signed(wallet, message), "fbx-no-key").expect(401)


def credited(customer, amount):
    until(lambda: customer.balance() == amount, f"{amount} to be credited")


def test_what_a_wallet_paid_before_it_was_proven_is_credited_when_it_is(shared, tempo):
    wallet = evm_account(2)
    tempo.pay(5_000_000, TREASURY, sender=wallet)
    tempo.finalise()
    until(lambda: shared.admin("GET", "/v1/admin/deposits?state=suspended").json()["deposits"], "the deposit to wait")
    _, customer = opened(shared, wallet)
    assert customer.balance() == 5_000_000
    tempo.pay(250_000, TREASURY, sender=wallet)
    tempo.finalise()
    credited(customer, 5_250_000)


def test_a_wallet_that_is_a_contract_is_proven_on_its_own_chain(shared, tempo):
    contract, owner = tempo.deploy("Wallet"), evm_account(3)
    message = challenge(shared, contract, chain_id=str(TEMPO))["message"]
    answer = session(shared, message, signed(owner, message)).expect(200).json()
    shared.world.secret("key", answer["api_key"])
    assert answer["wallet"] == f"{contract.lower()}@tempo-testnet"
    customer = Customer(shared, answer["customer"], answer["api_key"])
    tempo.pay(900, contract, sender=owner)
    tempo.send(owner, contract, "pay", tempo.web3.to_checksum_address(PATH_USD), TREASURY, 900)
    tempo.finalise()
    credited(customer, 900)
    # Somebody else's signature is not the contract's, and on another chain there is no such contract.
    message = challenge(shared, contract, chain_id=str(TEMPO))["message"]
    session(shared, message, signed(evm_account(2), message)).expect(401)
    message = challenge(shared, contract, chain_id="8453")["message"]
    session(shared, message, signed(owner, message)).expect(401)


def test_a_challenge_is_for_an_address(shared):
    for wrong in ("", "0x12", "hello", "0x" + "zz" * 20, Account.create().address[:-1] + "g"):
        call("POST", f"{shared.url}/v1/challenge", json={"address": wrong}).expect(400)
    wallet = Account.create().address
    for chain in ("", "a\nb", "x" * 65):
        call("POST", f"{shared.url}/v1/challenge", json={"address": wallet, "chain_id": chain}).expect(400)
    call("POST", f"{shared.url}/v1/challenge", json={"address": wallet, "more": 1}).expect(400)
