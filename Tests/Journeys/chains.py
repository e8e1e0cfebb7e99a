"""Test chains that run as nodes do, and payers that use the stock clients: web3 and solana-py's solders.

The nodes are those of Tests/Chains: real virtual machines with JSON-RPC around them.
"""

import asyncio
import base64
import itertools
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from programs import PATIENCE, ROOT, until
from wire import call

CHAINS = ROOT / "Tests/Chains"
sys.path.append(str(CHAINS))
# Every EVM test chain has accounts of the words that everybody knows.
WORDS, PATH = "test test test test test test test test test test test junk", "m/44'/60'/0'/0"
PATH_USD = "0x20c0000000000000000000000000000000000000"
BASE_USDC = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
OTHER_TOKEN = "0x20c0000000000000000000000000000000000001"
TOKEN_ABI = [
    {
        "type": "function", "name": name, "stateMutability": "nonpayable", "outputs": [],
        "inputs": [{"name": f"p{place}", "type": kind} for place, kind in enumerate(kinds)],
    }
    for name, kinds in {
        "transfer": ["address", "uint256"],
        "transferWithMemo": ["address", "uint256", "bytes32"],
        # The wallet's.
        "pay": ["address", "address", "uint256"],
    }.items()
]  # fmt: skip


class Node:
    """A node in a process of its own; it can be stopped and started anew, which forgets its chain."""

    numbers = itertools.count()

    def __init__(self, directory, script, *arguments):
        self.log = directory / f"{script}-{next(self.numbers)}.log"
        command = [sys.executable, CHAINS / f"{script}.py", "0", *map(str, arguments)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.port = int(until(self.readiness, f"{script} to be ready", 2 * PATIENCE)[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def readiness(self):
        assert self.process.poll() is None, self.log.read_text()[-4000:]
        return re.search(r"^ready (\d+)$", self.log.read_text(), re.MULTILINE)

    def ask(self, method, *parameters):
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        answer = call("POST", self.url, json=question).expect(200).json()
        assert "error" not in answer, answer
        return answer["result"]

    def kill(self):
        self.process.kill()
        self.process.wait()


class EVMNode(Node):
    """An EVM chain of this number whose blocks are final so many blocks later, with these tokens."""

    def __init__(self, directory, chain_id, tokens, finality=2):
        super().__init__(directory, "evm_node", chain_id, finality, *tokens)
        self.chain_id = chain_id
        self.turn = threading.Lock()

    @cached_property
    def web3(self):
        from web3 import HTTPProvider, Web3

        return Web3(HTTPProvider(self.url))

    def mine(self, count=1):
        self.ask("test_mine", count)

    def finalise(self):
        self.mine(2)

    def deploy(self, name):
        """Puts one of the contracts of Tests/Chains on the chain; returns its address."""
        from evm_chain import compiled

        code = compiled(name)
        sender = evm_account(4)
        fees = {"gas": 3_000_000, "maxFeePerGas": 2 * 10**10, "maxPriorityFeePerGas": 10**9, "value": 0}
        nonce = self.web3.eth.get_transaction_count(sender.address)
        # Code that returns the contract's.
        start = bytes.fromhex("61%04x80600a3d393df3" % len(code))
        made = {"nonce": nonce, "chainId": self.chain_id, "data": start + code} | fees
        sent = self.web3.eth.send_raw_transaction(sender.sign_transaction(made).raw_transaction)
        return self.web3.eth.get_transaction_receipt(sent)["contractAddress"]

    def send(self, sender, token, function, *values):
        """A transaction of a token's, signed by the stock client; returns its hash as it is written."""
        contract = self.web3.eth.contract(self.web3.to_checksum_address(token), abi=TOKEN_ABI)
        with self.turn:
            made = contract.functions[function](*values).build_transaction(
                {
                    "from": sender.address, "nonce": self.web3.eth.get_transaction_count(sender.address, "pending"),
                    "gas": 500_000, "maxFeePerGas": 2 * 10**10, "maxPriorityFeePerGas": 10**9, "chainId": self.chain_id,
                }
            )  # fmt: skip
            return self.web3.to_hex(self.web3.eth.send_raw_transaction(sender.sign_transaction(made).raw_transaction))

    def pay(self, amount, to, token=PATH_USD, sender=None, code=None):
        """Pays as a wallet does: with the code in the memo, where there is one."""
        sender = sender or evm_account(1)
        if code is None:
            return self.send(sender, token, "transfer", to, amount)
        return self.send(sender, token, "transferWithMemo", to, amount, code.encode().ljust(32, b"\0"))


def evm_account(number):
    from eth_account import Account

    Account.enable_unaudited_hdwallet_features()
    return Account.from_mnemonic(WORDS, account_path=f"{PATH}/{number}")


class SolanaNode(Node):
    """A Solana network that says it is devnet, with USDC's mint, a treasury and a user who has plenty."""

    GENESIS = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG"

    def __init__(self, directory, slot_milliseconds=20, finality=4):
        super().__init__(directory, "solana_node", slot_milliseconds, finality, self.GENESIS)
        import solana_payer as payer

        self.payer = payer
        for someone in (payer.TREASURY, payer.USER, payer.FRIEND, payer.STRANGER):
            self.ask("requestAirdrop", str(someone.pubkey()), 10**12)
        for mint in (payer.USDC, payer.OTHER):
            data = base64.b64encode(payer.mint_account(payer.STRANGER.pubkey())).decode()
            self.ask("test_placeAccount", str(mint), {"lamports": 10**9, "data": data, "owner": str(payer.TOKEN)})
            makers = [payer.TREASURY, payer.USER, payer.FRIEND]
            made = [payer.token.create_associated_token_account(payer.STRANGER.pubkey(), one.pubkey(), mint) for one in makers]
            minted = payer.mint_to(payer.USER.pubkey(), mint, 10**9, payer.STRANGER.pubkey())
            self.send([*made, minted], payer.STRANGER)

    def send(self, instructions, *signers):
        """A transaction, sent by the stock client; returns its signature."""
        from solana.rpc.async_api import AsyncClient
        from solana.rpc.models import TxOpts
        from solders.message import Message
        from solders.transaction import VersionedTransaction

        signers = signers or (self.payer.USER,)

        async def sent():
            async with AsyncClient(self.url) as client:
                blockhash = (await client.get_latest_blockhash()).value.blockhash
                message = Message.new_with_blockhash(instructions, signers[0].pubkey(), blockhash)
                raw = bytes(VersionedTransaction(message, list(signers)))
                return str((await client.send_raw_transaction(raw, TxOpts(skip_preflight=True))).value)

        return asyncio.run(sent())

    def deploy(self, program, name="program"):
        """Puts a program on the chain as everybody does: through the loader; returns its address."""
        from solders.keypair import Keypair

        payer, address = self.payer.STRANGER, self.payer.keypair(name)

        def rent(size):
            return self.ask("getMinimumBalanceForRentExemption", size)

        for instructions, signers in self.payer.loading(program, payer.pubkey(), Keypair(), address, rent):
            self.succeed(self.send(instructions, payer, *signers))
        self.ask("test_advance", 2)
        return str(address.pubkey())

    def succeed(self, signature):
        [status] = self.ask("getSignatureStatuses", [signature])["value"]
        assert status["err"] is None, (signature, status)

    def finalise(self):
        self.ask("test_advance", 6)


# What is asked of a gateway about deposits


def funding(customer):
    """How a customer pays in."""
    return call("GET", f"{customer.gateway.url}/v1/deposit", headers=customer.bearer).expect(200).json()


def code_of(customer):
    return funding(customer)["deposit_code"]


def claim(customer, transaction, **more):
    body = {"txHash": transaction} | more
    return call("POST", f"{customer.gateway.url}/v1/deposit", headers=customer.bearer, json=body)


def deposits(gateway, state=None):
    query = f"?state={state}" if state else ""
    return gateway.admin("GET", f"/v1/admin/deposits{query}").expect(200).json()["deposits"]


def report_a_hundred_times_at_once(customer, chain, spellings, finalise):
    """Reports the one dollar deposit of a transaction that is seen, by webhook and by hash, while it becomes final and the
    gateway looks by itself; it is credited once. A customer may have 30 looked at a minute, so four report."""
    gateway = customer.gateway
    [seen] = until_state(gateway, "seen")
    reporters = [customer, *(gateway.customer() for _ in range(3))]

    def report(turn):
        if turn == 40:
            finalise()
        assert call("POST", f"{gateway.url}/v1/hooks/{chain}", json={"hash": spellings[0]}).status in (202, 429)
        return claim(reporters[turn % 4], spellings[turn // 4 % len(spellings)])

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(report, range(100)))
    assert {answer.status for answer in answers[::4]} <= {200, 202}
    assert {answer.status for turn, answer in enumerate(answers) if turn % 4} <= {202, 409}
    told = [answer.json()["credited"] for answer in answers if answer.status != 409]
    assert len([credited for credited in told if credited != "0.000000"]) <= 1
    until_state(gateway, "credited")
    assert [one["id"] for one in deposits(gateway)] == [seen["id"]]
    steps = gateway.admin("GET", f"/v1/admin/deposits/{seen['id']}").expect(200).json()["steps"]
    assert [step["kind"] for step in steps] == ["seen", "confirmed", "credited"]
    assert [one.balance() for one in reporters] == [seen["amount"], 0, 0, 0]


def until_state(gateway, state, count=1):
    """The deposits in a state, once there are so many; told at once, for they may go on."""

    def told():
        found = deposits(gateway, state)
        return found if len(found) == count else None

    return until(told, f"{count} deposits to be {state}")


def counted(gateway, line):
    """What a line of the metrics says; none before there is one."""
    text = call("GET", f"{gateway.url}/metrics").expect(200).body.decode()
    found = re.search(rf"^{re.escape(line)} (\d+)$", text, re.MULTILINE)
    return int(found[1]) if found else None


def until_looked(gateway, chain, count=1):
    """Waits until a chain was read so often since the gateway's start."""
    line = f'farebox_deposit_looks{{chain="{chain}",outcome="read"}}'
    until(lambda: (counted(gateway, line) or 0) >= count, f"{chain} to be looked at")
