"""Records what a node answers to `eth_getTransactionReceipt` of deposits of every kind, for WatchingTests.

    record_evm.py FOLDER
"""

import json
import sys
from pathlib import Path

from eth_abi import abi
from eth_hash.auto import keccak
from eth_utils import to_checksum_address
from evm_chain import EVMChain, account, compiled
from evm_node import Methods

CHAIN_ID = 42431
DOLLAR, OTHER = "0x20c0000000000000000000000000000000000000", "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
TREASURY, USER, FRIEND = account(9), account(1), account(2)
CODE = bytes(range(16))


def called(signature, *values):
    kinds = signature[signature.index("(") + 1 : -1]
    kinds = [] if not kinds else kinds.split(",")
    return keccak(signature.encode())[:4] + abi.encode(kinds, values)


def transfer(amount, to=TREASURY):
    return called("transfer(address,uint256)", to.address, amount)


def with_memo(amount, memo, to=TREASURY):
    return called("transferWithMemo(address,uint256,bytes32)", to.address, amount, memo)


class Recorder:
    def __init__(self):
        self.chain = EVMChain(CHAIN_ID, tokens=[DOLLAR, OTHER])
        self.methods = Methods(self.chain)
        self.batch = self.deploy("Batch")
        self.send(USER, DOLLAR, called("approve(address,uint256)", self.batch, 10**12))
        self.send(USER, DOLLAR, called("approve(address,uint256)", FRIEND.address, 10**12))

    def deploy(self, name):
        """Puts a contract on the chain by code that returns it."""
        code = compiled(name)
        start = bytes.fromhex("61%04x80600a3d393df3" % len(code))
        return self.receipt(self.send(USER, None, start + code))["contractAddress"]

    def send(self, sender, to, data, gas=3_000_000):
        nonce = int(self.methods.call("eth_getTransactionCount", [sender.address]), 16)
        fees = {"gas": gas, "maxFeePerGas": 2 * 10**10, "maxPriorityFeePerGas": 10**9, "value": 0}
        made = {"nonce": nonce, "chainId": CHAIN_ID, "data": data} | fees | ({"to": to_checksum_address(to)} if to else {})
        return self.chain.send(bytes(sender.sign_transaction(made).raw_transaction))

    def receipt(self, transaction_hash):
        return self.methods.call("eth_getTransactionReceipt", [transaction_hash])

    def histories(self):
        """By name: who sends what to which contract."""
        text = CODE.hex().encode()
        yield "transfer", USER, DOLLAR, transfer(5_000_000)
        yield "memo-text", USER, DOLLAR, with_memo(1_250_000, text)
        yield "memo-left", USER, DOLLAR, with_memo(2, CODE + bytes(16))
        yield "memo-right", USER, DOLLAR, with_memo(3, bytes(16) + CODE)
        yield "memo-words", USER, DOLLAR, with_memo(4, b"lunch".ljust(32, b"\0"))
        yield "memo-empty", USER, DOLLAR, with_memo(5, bytes(32))
        yield "memo-noise", USER, DOLLAR, with_memo(6, bytes(range(128, 160)))
        yield "allowed", FRIEND, DOLLAR, called("transferFrom(address,address,uint256)", USER.address, TREASURY.address, 7)
        yield "several", USER, self.batch, called("pay(address,address,uint256[])", DOLLAR, TREASURY.address, [1, 2, 2])
        yield "pretended", USER, self.batch, called("pretend(address,uint256)", TREASURY.address, 10**9)
        yield "other-token", USER, OTHER, transfer(8)
        yield "other-receiver", USER, DOLLAR, transfer(9, to=FRIEND)
        yield "nothing", USER, DOLLAR, transfer(0)
        yield "failed", USER, DOLLAR, transfer(10**30)

    def record(self, folder):
        for name, sender, contract, data in self.histories():
            answer = self.receipt(self.send(sender, contract, data))
            (folder / f"{name}.json").write_text(json.dumps(answer, indent=1) + "\n")
        known = {"treasury": TREASURY.address, "user": USER.address, "friend": FRIEND.address, "token": DOLLAR}
        (folder / "addresses.json").write_text(json.dumps(known, indent=1) + "\n")


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.mkdir(parents=True, exist_ok=True)
    Recorder().record(place)
