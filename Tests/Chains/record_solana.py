"""Records what a node answers to `getTransaction` of deposits of every kind, for WatchingTests.

    record_solana.py PROGRAM FOLDER

PROGRAM is the deposit program, built by contracts/solana/build for the treasury that `record_solana.py treasury` prints.
"""

import json
import struct
import sys
from pathlib import Path

from solana_chain import SolanaChain
from solana_node import Methods
from solana_payer import (
    CODE, FRIEND, OTHER, PROGRAM, STRANGER, TOKEN, TREASURY, USDC, USER, account_of, deposit, deposit_sol, keypair, memo,
    mint_account, mint_to, pay, pay_sol, pay_unchecked, reference, token,
)  # fmt: skip
from solders.address_lookup_table_account import ID as TABLES
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.message import Message, MessageV0
from solders.transaction import VersionedTransaction


class Recorder:
    def __init__(self, program):
        self.chain = SolanaChain()
        self.methods = Methods(self.chain)
        self.chain.deploy(PROGRAM, program)
        for someone in (TREASURY, USER, FRIEND, STRANGER):
            self.chain.airdrop(someone.pubkey(), 10**12)
        for mint in (USDC, OTHER):
            self.chain.place_account(mint, 10**9, mint_account(STRANGER.pubkey()), TOKEN)
            for someone in (TREASURY, USER, FRIEND):
                made = token.create_associated_token_account(STRANGER.pubkey(), someone.pubkey(), mint)
                self.send([made], STRANGER)
            self.send([mint_to(USER.pubkey(), mint, 10**9, STRANGER.pubkey())], STRANGER)
        self.send([pay(5 * 10**7, to=FRIEND)], USER)

    def send(self, instructions, *signers, tables=None):
        blockhash = self.chain.machine.latest_blockhash()
        payer = signers[0].pubkey()
        if tables is None:
            message = Message.new_with_blockhash(instructions, payer, blockhash)
        else:
            message = MessageV0.try_compile(payer, instructions, tables, blockhash)
        signature = self.chain.send(bytes(VersionedTransaction(message, list(signers))))
        self.chain.machine.expire_blockhash()
        self.chain.tick()
        return signature

    def answer(self, signature):
        while not self.chain.is_visible(self.chain.landed[signature].slot, "finalized"):
            self.chain.tick()
        options = {"encoding": "base64", "commitment": "finalized", "maxSupportedTransactionVersion": 0}
        return self.methods.call("getTransaction", [signature, options])

    def table(self, keys):
        """A table of addresses, put on the chain as its program leaves it."""
        address = keypair("table").pubkey()
        # A table; never closed, filled in slot 1, and nobody's any more.
        state = struct.pack("<IQQB", 1, 2**64 - 1, 1, 0).ljust(56, b"\0") + b"".join(map(bytes, keys))
        self.chain.place_account(address, 10**9, state, TABLES)
        self.chain.tick()
        return AddressLookupTableAccount(address, keys)

    def histories(self):
        """By name: the instructions, and who signs."""
        code = CODE.hex()
        other = bytes(reversed(CODE))
        vault = account_of(TREASURY.pubkey(), USDC)
        yield "program", [deposit(5_000_000)], [USER]
        yield "program-sol", [deposit_sol(2_000_000_000)], [USER]
        yield "program-twice", [deposit(1_000_000), deposit(2_000_000, other)], [USER]
        yield "reference", [memo("lunch"), pay(1_250_000, references=[reference()])], [USER]
        yield "reference-sol", [pay_sol(7, references=[reference()])], [USER]
        yield "memo", [memo(code), pay(3_000_000)], [USER]
        yield "memo-behind", [pay_unchecked(3_000_000), memo(code)], [USER]
        yield "memo-sol", [memo(code), pay_sol(5_000_000)], [USER]
        yield "memos", [memo(code), pay(1), memo(other.hex()), pay(2), pay(3)], [USER]
        yield "one-memo-two-transfers", [memo(code), pay(1), pay(2)], [USER]
        yield "plain", [pay(4_000_000)], [USER]
        yield "plain-sol", [pay_sol(1_000_000)], [USER]
        yield "two-senders", [pay(10), pay(20, sender=FRIEND)], [USER, FRIEND]
        yield "wrong-mint", [pay(9_000_000, mint=OTHER)], [USER]
        yield "wrong-treasury", [memo(code), pay(9_000_000, to=FRIEND)], [USER]
        yield "failed", [memo(code), pay(10**15)], [USER]
        yield "in-and-out", [memo(code), pay(100), pay(30, to=FRIEND, sender=TREASURY)], [USER, TREASURY]
        yield "treasury-pays-the-fee", [memo(code), pay_sol(1000)], [TREASURY, USER]
        yield "treasury-to-itself", [pay(5, sender=TREASURY)], [TREASURY]
        yield "table", [memo(code), pay(11)], [USER], [self.table([vault, USDC, account_of(USER.pubkey(), USDC)])]

    def record(self, folder):
        for name, instructions, signers, *tables in self.histories():
            signature = self.send(instructions, *signers, tables=tables[0] if tables else None)
            (folder / f"{name}.json").write_text(json.dumps(self.answer(signature), indent=1) + "\n")
        addresses = {"treasury": TREASURY, "user": USER, "friend": FRIEND}
        told = {name: str(pair.pubkey()) for name, pair in addresses.items()}
        (folder / "addresses.json").write_text(json.dumps(told | {"program": str(PROGRAM), "mint": str(USDC)}, indent=1) + "\n")


def main():
    if sys.argv[1] == "treasury":
        return print(TREASURY.pubkey())
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    Recorder(Path(sys.argv[1]).read_bytes()).record(folder)


if __name__ == "__main__":
    main()
