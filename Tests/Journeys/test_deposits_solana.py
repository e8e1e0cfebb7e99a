"""Deposits on Solana: solana-py, solders and anchorpy pay on the real virtual machine; balances move once, at finality."""

import json
import subprocess

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey

# It puts the folder of the test chains on the path.
from chains import SolanaNode, claim, code_of, funding, report_a_hundred_times_at_once, until_state
import solana_payer as payer
from programs import PATIENCE, ROOT, until
from wire import call

TREASURY = str(payer.TREASURY.pubkey())
IDL = ROOT / "contracts/solana/idl.json"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The deposit program for our treasury, by the toolchain's own compiler."""
    return built(tmp_path_factory, TREASURY)


def built(tmp_path_factory, treasury):
    file = tmp_path_factory.mktemp("program") / "deposit.so"
    subprocess.run([ROOT / "contracts/solana/build", treasury, file], check=True, capture_output=True)
    return file.read_bytes()


@pytest.fixture
def solana(world):
    node = SolanaNode(world.directory)
    world.programs.callback(node.kill)
    return node


@pytest.fixture
def settings(solana):
    return {
        "FAREBOX_CHAINS": "solana-devnet",
        "SOLANA_TREASURY": TREASURY,
        "SOLANA_RPC_URL": solana.url,
        "SOLANA_PROGRAM": str(payer.PROGRAM),
        "SOL_USDC_RATE": "150",
        "FAREBOX_DEPOSIT_SECONDS": "0.05",
    }


@pytest.fixture
def gateway(world, settings):
    return world.start(**settings)


def balances(customer):
    told = call("GET", f"{customer.proxy}/balance").expect(200).json()["balances"]
    return {asset: part["available"] for asset, part in told.items() if part["available"]}


def test_the_deposit_program_goes_through_the_loader_and_its_code_is_credited(gateway, solana, program):
    assert solana.deploy(program) == str(payer.PROGRAM)
    customer = gateway.customer()
    code = bytes.fromhex(code_of(customer))
    solana.succeed(solana.send([payer.deposit(5_000_000, code)]))
    solana.succeed(solana.send([payer.deposit_sol(2_000_000_000, code)]))
    until_state(gateway, "credited", 2)
    assert balances(customer) == {"usdc": 5_000_000, "sol": 2_000_000_000}


def test_anchors_own_client_deposits_by_the_idl_and_is_credited_once_at_finality(gateway, solana, program):
    address, customer = solana.deploy(program), gateway.customer()
    solana.ask("test_pause", True)
    given = [TREASURY, payer.USDC, code_of(customer), 5_000_000, 2_000_000_000]
    depositor = json.dumps(list(bytes(payer.USER)))
    signatures = by_anchor("anchor_deposit", solana.url, IDL, address, *given, input=depositor)
    for signature in signatures:
        solana.succeed(signature)
    solana.ask("test_advance", 1)
    until_state(gateway, "seen", 2)
    assert balances(customer) == {}
    solana.finalise()
    until_state(gateway, "credited", 2)
    for signature in signatures:
        assert claim(customer, signature).expect(200).json()["message"] == "already credited"
    assert balances(customer) == {"usdc": 5_000_000, "sol": 2_000_000_000}


def by_anchor(script, *arguments, input):
    """What a script of Tests/Chains tells that runs beside Anchor's own client."""
    command = [ROOT / ".venv-anchor/bin/python", ROOT / f"Tests/Chains/{script}.py", *map(str, arguments)]
    done = subprocess.run(command, input=input, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_program_refuses_what_is_no_deposit_by_its_own_number_and_moves_nothing(solana, program):
    """Rows of Level5's program, otherwise: ours has no accounts to open, to take out of or to close.

    L5-31 `initialize`, L5-33 `withdraw`, L5-34 `initialize_token`, L5-35 `deposit_token`, L5-36 `withdraw_token`, L5-37
    `close_account` and L5-38 `close_token_account` are unknown to it; L5-32, their `deposit`, has no code; L5-40, the errors.
    """
    address = Pubkey.from_string(solana.deploy(program))
    usdc, sol, friend = payer.deposit(5), payer.deposit_sol(5), payer.FRIEND.pubkey()
    foreign = ["initialize", "withdraw", "initialize_token", "deposit_token", "withdraw_token", "close_account"]
    unknown = [payer.discriminator(name) + usdc.data[8:] for name in [*foreign, "close_token_account"]]

    def asked(like, data=None, **accounts):
        """The instruction, with other data or with other accounts in some places."""
        changed = [accounts.get(f"at{place}", account) for place, account in enumerate(like.accounts)]
        return Instruction(address, like.data if data is None else data, [one for one in changed if one])

    refused = [(6000, asked(usdc, data)) for data in [*unknown, b"", usdc.data[:7]]] + [
        (6001, asked(usdc, usdc.data[:16])), (6001, asked(sol, sol.data + b"0")),
        (6002, payer.deposit(0)), (6002, payer.deposit_sol(0)),
        (6003, asked(usdc, at0=payer.reads(friend))), (6003, asked(sol, at0=payer.writes(friend))),
        (6004, asked(usdc, at4=None)), (6004, asked(sol, at2=None)), (6004, payer.deposit(5, references=[payer.RENT] * 4)),
        (6005, asked(usdc, at4=payer.reads(payer.SYSTEM))), (6005, asked(sol, at2=payer.reads(payer.TOKEN))),
        (6006, asked(usdc, at3=payer.writes(payer.TREASURY.pubkey()))),
        (6007, payer.deposit(5, to=payer.FRIEND)), (6007, asked(sol, at1=payer.writes(friend))),
        (6008, asked(usdc, at3=payer.writes(payer.account_of(payer.TREASURY.pubkey(), payer.OTHER)))),
    ]  # fmt: skip
    everybody = [payer.TREASURY.pubkey(), friend]
    vaults = [payer.account_of(one, mint) for one in everybody for mint in (payer.USDC, payer.OTHER)]

    def held():
        tokens = [solana.ask("getTokenAccountBalance", str(vault))["value"]["amount"] for vault in vaults]
        return tokens + [solana.ask("getBalance", str(one))["value"] for one in everybody]

    before = held()
    for code, instruction in refused:
        [status] = solana.ask("getSignatureStatuses", [solana.send([instruction])])["value"]
        assert status["err"] == {"InstructionError": [0, {"Custom": code}]}, instruction
    assert held() == before
    assert {code for code, _ in refused} == {error["code"] for error in json.loads(IDL.read_text())["errors"]}


def test_the_programs_event_is_read_by_anchors_own_decoder(solana, program):
    """L5-40, with the code and without a balance: the program keeps none."""
    address, code = solana.deploy(program), bytes(range(16))
    signature = solana.send([payer.deposit(5_000_000, code), payer.deposit_sol(7, code)])
    solana.finalise()
    logs = solana.ask("getTransaction", signature)["meta"]["logMessages"]
    events = by_anchor("decode_event", IDL, address, input="\n".join(logs))
    assert [event["amount"] for event in events] == [5_000_000, 7]
    assert {event["code"] for event in events} == {code.hex()}
    assert {event["depositor"] for event in events} == {str(payer.USER.pubkey())}
    assert events[0]["mint"] == str(payer.USDC)


def test_what_another_program_prints_is_not_believed(gateway, solana, program, tmp_path_factory):
    """Its log is our program's, to the byte, in a transaction that names our treasury; the money goes elsewhere.

    L5-29, otherwise: no account's data is believed either, whoever wrote it.
    """
    solana.deploy(program)
    theirs = built(tmp_path_factory, str(payer.FRIEND.pubkey()))
    liar = Pubkey.from_string(solana.deploy(theirs, "liar"))
    customer = gateway.customer()
    code = bytes.fromhex(code_of(customer))
    named = [payer.TREASURY.pubkey(), payer.account_of(payer.TREASURY.pubkey(), payer.USDC)]
    honest = solana.send([payer.deposit(5, code)])
    spoofed = solana.send([payer.deposit(5, code, program=liar, to=payer.FRIEND, references=named)])
    last = solana.send([payer.deposit(70, code)])
    for signature in (honest, spoofed, last):
        solana.succeed(signature)
    solana.finalise()
    assert printed(solana, spoofed) == printed(solana, honest) != []
    # The later one is credited, so what came before it was looked at.
    until_state(gateway, "credited", 2)
    assert claim(customer, spoofed).expect(400).json()["code"] == "VERIFICATION_FAILED"
    assert balances(customer) == {"usdc": 75}


def printed(solana, signature):
    """What the programs of a transaction say happened."""
    logs = solana.ask("getTransaction", signature)["meta"]["logMessages"]
    return [line for line in logs if line.startswith("Program data: ")]


def test_a_reference_and_a_memo_are_credited_to_the_code_that_they_name(gateway, solana):
    """L5-39, otherwise: a code makes a reference, not an account, and one holds for USDC and for SOL."""
    first, second = gateway.customer(), gateway.customer()
    [usdc, sol] = funding(first)["deposits"]
    assert usdc["reference"] == str(payer.reference(bytes.fromhex(code_of(first))))
    reference = payer.reference(bytes.fromhex(code_of(first)))
    solana.send([payer.pay(1_250_000, references=[reference])])
    solana.send([payer.memo(code_of(second)), payer.pay(3_000_000), payer.pay_sol(7)])
    until_state(gateway, "credited", 3)
    assert balances(first) == {"usdc": 1_250_000}
    assert balances(second) == {"usdc": 3_000_000, "sol": 7}


def test_nothing_is_credited_before_it_is_final(gateway, solana):
    customer = gateway.customer()
    solana.ask("test_pause", True)
    signature = solana.send([payer.memo(code_of(customer)), payer.pay(4)])
    solana.ask("test_advance", 1)
    until_state(gateway, "seen")
    assert claim(customer, signature).expect(202).json()["deposits"][0]["state"] == "seen"
    assert balances(customer) == {}
    solana.finalise()
    until_state(gateway, "credited")
    assert claim(customer, signature).expect(200).json()["message"] == "already credited"
    assert balances(customer) == {"usdc": 4}


def test_a_signature_that_a_hundred_report_at_once_is_credited_once(gateway, solana):
    customer = gateway.customer()
    solana.ask("test_pause", True)
    signature = solana.send([payer.memo(code_of(customer)), payer.pay(2_000_000)])
    solana.ask("test_advance", 1)
    report_a_hundred_times_at_once(customer, "solana-devnet", [signature], solana.finalise)
    assert balances(customer) == {"usdc": 2_000_000}


def test_a_fork_that_drops_a_deposit_leaves_nothing(gateway, solana):
    customer = gateway.customer()
    solana.ask("test_pause", True)
    signature = solana.send([payer.memo(code_of(customer)), payer.pay(4)])
    solana.ask("test_advance", 1)
    until_state(gateway, "seen")
    solana.ask("test_drop", [signature])
    # Longer than its blockhash lives.
    solana.ask("test_advance", 400)
    until_state(gateway, "reversed")
    assert balances(customer) == {}


def test_what_is_no_deposit_credits_nothing_and_what_names_nobody_waits(gateway, solana):
    customer = gateway.customer()
    code = code_of(customer)
    wrong_mint = solana.send([payer.memo(code), payer.pay(9, mint=payer.OTHER)])
    wrong_treasury = solana.send([payer.memo(code), payer.pay(9, to=payer.FRIEND)])
    failed = solana.send([payer.memo(code), payer.pay(10**15)])
    solana.send([payer.memo("0" * 32), payer.pay(11)])
    solana.send([payer.pay(12)])
    waiting = until_state(gateway, "suspended", 2)
    assert {(one["amount"], one["reason"]) for one in waiting} == {(11, "unknown_code"), (12, "unknown_sender")}
    for transaction in (wrong_mint, wrong_treasury, failed):
        assert claim(customer, transaction).expect(400).json()["code"] == "VERIFICATION_FAILED"
    assert balances(customer) == {}
    one = next(one for one in waiting if one["amount"] == 12)
    gateway.admin("POST", f"/v1/admin/deposits/{one['id']}/assign", customer=customer.id).expect(200)
    assert balances(customer) == {"usdc": 12}


def test_a_gateway_that_was_away_reads_on_where_it_was(world, gateway, settings, solana):
    customer = gateway.customer()
    code = code_of(customer)
    solana.send([payer.memo(code), payer.pay(1)])
    until_state(gateway, "credited")
    gateway.kill()
    for amount in (20, 300, 4000):
        solana.send([payer.memo(code), payer.pay(amount)])
    again = world.start(**settings)
    customer.gateway = again
    until_state(again, "credited", 4)
    assert balances(customer) == {"usdc": 4321}


def test_a_transaction_that_can_not_be_read_holds_up_no_other_and_is_credited_once_it_can(world, gateway, settings, solana):
    customer = gateway.customer()
    code = code_of(customer)
    solana.ask("test_pause", True)
    unread = solana.send([payer.memo(code), payer.pay(5)])
    solana.ask("test_newVersion", unread, True)
    # Beyond what is listed again.
    solana.ask("test_advance", 2000)
    solana.send([payer.memo(code), payer.pay(70)])
    solana.finalise()
    until_state(gateway, "credited")
    assert balances(customer) == {"usdc": 70}
    assert 'farebox_unread_transactions{chain="solana-devnet",node="1"} 1' in lines(gateway)
    assert 'farebox_deposit_alerts{chain="solana-devnet"} 1' in lines(gateway)
    gateway.kill()
    again = world.start(**settings)
    customer.gateway = again
    solana.send([payer.memo(code), payer.pay(600)])
    solana.finalise()
    until_state(again, "credited", 2)
    solana.ask("test_newVersion", unread, False)
    until_state(again, "credited", 3)
    assert balances(customer) == {"usdc": 675}
    until(lambda: 'farebox_unread_transactions{chain="solana-devnet",node="1"} 0' in lines(again), "none to be unread")
    # Both write into one file: it is told once, not once each start.
    [told] = [line for line in again.errors.read_text().splitlines() if "transaction can not be read" in line]
    assert unread in told and "node_refused" in told and "error" in told


@pytest.mark.parametrize("is_restarted", [False, True])
def test_what_a_list_leaves_out_at_first_is_credited_when_it_has_it(world, gateway, settings, solana, is_restarted):
    customer = gateway.customer()
    code = code_of(customer)
    solana.ask("test_pause", True)
    solana.send([payer.memo(code), payer.pay(1)])
    # Beyond what is listed again.
    solana.ask("test_advance", 2000)
    late = solana.send([payer.memo(code), payer.pay(20)])
    solana.ask("test_leaveOut", late, True)
    solana.ask("test_advance", 1)
    solana.send([payer.memo(code), payer.pay(300)])
    solana.finalise()
    until_state(gateway, "credited", 2)
    assert balances(customer) == {"usdc": 301}
    if is_restarted:
        gateway.kill()
        customer.gateway = gateway = world.start(**settings)
    solana.ask("test_leaveOut", late, False)
    until_state(gateway, "credited", 3)
    assert balances(customer) == {"usdc": 321}


def test_what_the_first_nodes_list_leaves_out_is_credited_where_another_lists_it(world, settings, solana):
    nodes = f"{solana.url},http://127.0.0.1:9/,{solana.url}/whole"
    gateway = world.start(**settings | {"SOLANA_RPC_URL": nodes})
    customer = gateway.customer()
    solana.ask("test_pause", True)
    hidden = solana.send([payer.memo(code_of(customer)), payer.pay(20)])
    solana.ask("test_leaveOut", hidden, True)
    solana.finalise()
    until_state(gateway, "credited")
    assert balances(customer) == {"usdc": 20}


def lines(gateway):
    return call("GET", f"{gateway.url}/metrics").expect(200).body.decode().splitlines()


def test_the_treasury_has_what_the_books_say(gateway, solana):
    """L5-41, otherwise: what is deposited is the operator's to hold from the start."""
    customer = gateway.customer()
    before = gateway.admin("GET", "/v1/admin/stats").expect(200).json()["rails"]["solana-devnet"]
    assert before["usdc"] == {"custody": 0, "on_chain": 0}
    solana.send([payer.memo(code_of(customer)), payer.pay(5), payer.pay_sol(6)])
    until_state(gateway, "credited", 2)
    after = gateway.admin("GET", "/v1/admin/stats").expect(200).json()["rails"]["solana-devnet"]
    assert after["usdc"] == {"custody": 5, "on_chain": 5}
    assert after["sol"]["custody"] == 6 == after["sol"]["on_chain"] - before["sol"]["on_chain"]


def test_sol_pays_for_an_inference(gateway, solana):
    customer = gateway.customer()
    [_, sol] = funding(customer)["deposits"]
    assert sol["url"].startswith(f"solana:{TREASURY}?reference=")
    solana.send([payer.memo(code_of(customer)), payer.pay_sol(10**9)])
    until_state(gateway, "credited")
    ask = {"model": "gpt-4o", "max_tokens": 10, "messages": [{"role": "user", "content": "Hello"}]}
    call("POST", f"{gateway.url}/v1/chat/completions", headers=customer.bearer, json=ask).expect(200)
    until(lambda: balances(customer)["sol"] < 10**9, "the charge")


def test_the_subscription_alone_finds_a_deposit_at_once(world, settings, solana):
    """L5-28, but that it is credited when it is final."""
    gateway = world.start(**settings | {"FAREBOX_DEPOSIT_SECONDS": "3600"})
    customer = gateway.customer()
    code = code_of(customer)
    for amount in (1, 20, 300):
        until(lambda: solana.ask("test_subscriptions") == 4, "the gateway to subscribe")
        solana.send([payer.memo(code), payer.pay(amount)])
    until_state(gateway, "credited", 3)
    assert balances(customer) == {"usdc": 321}


def test_a_subscription_that_ends_is_begun_again_and_what_it_missed_is_found(world, settings, solana):
    gateway = world.start(**settings | {"FAREBOX_DEPOSIT_SECONDS": "3600"})
    customer = gateway.customer()
    until(lambda: solana.ask("test_subscriptions") == 4, "the gateway to subscribe")
    solana.ask("test_hangUp")
    solana.send([payer.memo(code_of(customer)), payer.pay(5)])
    solana.finalise()
    until_state(gateway, "credited")
    until(lambda: solana.ask("test_subscriptions") == 4, "the gateway to subscribe again")


@pytest.mark.parametrize("url", ["none", "ws://127.0.0.1:9/", "http"])
def test_without_a_subscription_looking_finds_everything(world, settings, solana, url):
    """L5-28."""
    # The node's own JSON-RPC is no WebSocket.
    url = solana.url.replace("http", "ws") if url == "http" else url
    gateway = world.start(**settings | {"SOLANA_WS_URL": url})
    customer = gateway.customer()
    solana.send([payer.memo(code_of(customer)), payer.pay(6)])
    until_state(gateway, "credited")
    assert balances(customer) == {"usdc": 6}


def test_usdc_is_the_networks_own_unless_the_operator_names_another(world):
    """L5-42 and L5-43."""
    nowhere = {"SOLANA_TREASURY": TREASURY, "SOLANA_RPC_URL": "http://127.0.0.1:9", "SOLANA_WS_URL": "none"}
    named = {"USDC_MINT": str(payer.PROGRAM)}
    for chain, more, mint in [("solana-devnet", {}, payer.USDC), ("solana", {}, payer.OTHER), ("solana", named, payer.PROGRAM)]:
        gateway = world.start(FAREBOX_CHAINS=chain, **nowhere | more)
        [offer] = funding(gateway.customer())["deposits"]
        assert (offer["chain"], offer["asset"], offer["token"]) == (chain, "usdc", str(mint))
        assert f"spl-token={mint}" in offer["url"]
        gateway.stop()


def test_level5_0_4_reads_the_same_account_by_mint_and_prices_for_a_thousand(world, settings, solana):
    """L5-2, L5-3, L5-6, L5-24 and L5-30; of L5-25, what is paid in. L5-3's old aliases are not sold."""
    card = ROOT / "Sources/CLI/Resources/level5-0.4.yaml"
    gateway = world.start(**settings | {"FAREBOX_LEVEL5": "0.4", "FAREBOX_RATES": card})
    customer = gateway.customer()
    waiting = call("GET", f"{customer.proxy}/balance?view=1.6").expect(200).json()
    assert (waiting["status"], waiting["is_active"]) == ("pending_deposit", False)
    solana.send([payer.memo(code_of(customer)), payer.pay(1_000_000), payer.pay_sol(5_000_000_000)])
    until_state(gateway, "credited", 2)
    told = call("GET", f"{customer.proxy}/balance").expect(200).json()
    sol = "So11111111111111111111111111111111111111112"
    assert told["balances"][sol] == 5_000_000_000 and told["balances"][str(payer.USDC)] == 1_000_000
    assert (set(told), told["pubkey"]) == ({"pubkey", "balances"}, customer.id)
    rows = call("GET", f"{customer.proxy}/transactions").expect(200).json()["transactions"]
    assert [row["type"] for row in rows] == ["DEPOSIT"] * 2
    newer = call("GET", f"{customer.proxy}/balance?view=1.6").expect(200).json()
    assert newer["balances"]["usdc"]["available"] == 1_000_000 and newer["is_active"] is True
    prices = call("GET", f"{gateway.url}/v1/pricing").expect(200).json()
    for model, price in {
        "claude-sonnet-4-5-20250929": [3000, 15000], "claude-opus-4-6": [15000, 75000],
        "claude-3-5-haiku-20241022": [800, 4000], "gpt-4o": [2500, 10000],
    }.items():
        assert [prices["pricing"][model]["input"], prices["pricing"][model]["output"]] == price
    assert prices["currency"] == "USDC" and set(prices) == {"pricing", "currency", "denomination", "billing"}
    assert not {"gpt-5.2", "claude-4.5-opus"} & set(prices["pricing"])
    call("GET", f"{gateway.url}/v1/pricing?view=2").expect(400)
