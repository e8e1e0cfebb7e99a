"""Nodes that are slow, or two behind one name that are not at the same height: nothing is lost, nothing doubled."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chains import PATH_USD, EVMNode, SolanaNode, claim, code_of, deposits, evm_account, until_state
import solana_payer as payer
from programs import until
from wire import call

TREASURY = evm_account(9).address
ASK = {"model": "gpt-4o", "max_tokens": 10, "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
def nodes(world):
    """A node of each kind of chain, whose time passes only when it is told to."""
    tempo, solana = EVMNode(world.directory, 42431, [PATH_USD]), SolanaNode(world.directory)
    for node in (tempo, solana):
        world.programs.callback(node.kill)
    solana.finalise()
    solana.ask("test_pause", True)
    return {"tempo-testnet": tempo, "solana-devnet": solana}


@pytest.fixture
def gateway(world, nodes):
    return world.start(
        FAREBOX_CHAINS=",".join(nodes),
        TEMPO_TESTNET_TREASURY=TREASURY,
        TEMPO_TESTNET_RPC_URL=nodes["tempo-testnet"].url,
        SOLANA_TREASURY=payer.TREASURY.pubkey(),
        SOLANA_RPC_URL=nodes["solana-devnet"].url,
        SOL_USDC_RATE="150",
        FAREBOX_DEPOSIT_SECONDS="0.05",
    )


def pay(node, amount, code):
    if isinstance(node, EVMNode):
        return node.pay(amount, TREASURY, code=code)
    signature = node.send([payer.memo(code), payer.pay(amount)])
    # It is confirmed, and not final.
    node.ask("test_advance", 1)
    return signature


def ask_much(node, count=60):
    """Waits until the gateway has asked a node so often."""
    start = node.ask("test_asked")
    until(lambda: node.ask("test_asked") >= start + count, "the node to be asked")


@pytest.mark.parametrize("chain", ["tempo-testnet", "solana-devnet"])
def test_a_node_that_answers_after_seconds_loses_nothing_doubles_nothing_and_holds_up_nobody(nodes, gateway, chain):
    slow = nodes[chain]
    [other] = [node for node in nodes.values() if node is not slow]
    customer = gateway.customer()
    code = code_of(customer)
    transaction = pay(slow, 70, code)
    slow.ask("test_hold", True)
    slow.finalise()
    # While it does not answer at all, another chain's deposits are credited, and spent.
    pay(other, 3_000_000, code)
    other.finalise()
    until(lambda: customer.balance() == 3_000_000, "the other chain's deposit to be credited")
    call("POST", f"{gateway.url}/v1/chat/completions", headers=customer.bearer, json=ASK).expect(200)
    until(lambda: customer.charges(), "the charge")
    left = customer.balance()
    assert {one["state"] for one in deposits(gateway) if one["amount"] == 70} <= {"seen"}
    slow.ask("test_delay", 1)
    slow.ask("test_hold", False)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: claim(customer, transaction).expect(200).json(), range(3)))
    assert [answer["credited"] for answer in answers].count("0.000070") <= 1
    until_state(gateway, "credited", 2)
    slow.ask("test_delay", 0)
    ask_much(slow)
    assert len(deposits(gateway)) == 2 and customer.balance() == left + 70


@pytest.mark.parametrize("chain", ["tempo-testnet", "solana-devnet"])
def test_two_nodes_that_answer_in_turn_at_different_heights_lose_nothing_and_take_nothing_back(nodes, gateway, chain):
    node, customer = nodes[chain], gateway.customer()
    code = code_of(customer)
    for amount in (1, 20, 300):
        pay(node, amount, code)
    node.finalise()
    until_state(gateway, "credited", 3)
    pay(node, 4000, code)
    # All that was paid in is above the one that is behind.
    node.ask("test_lag", 40)
    ask_much(node)
    node.finalise()
    ask_much(node)
    node.ask("test_lag", 1)
    until_state(gateway, "credited", 4)
    ask_much(node)
    assert len(deposits(gateway)) == 4 and customer.balance() == 4321
    for one in deposits(gateway):
        steps = gateway.admin("GET", f"/v1/admin/deposits/{one['id']}").expect(200).json()["steps"]
        assert {step["kind"] for step in steps} <= {"seen", "confirmed", "credited"}, steps
