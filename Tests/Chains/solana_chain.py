"""A Solana chain for tests: the real virtual machine, with slots, commitments and an index by address around it.

The machine is LiteSVM (agave's own runtime, token and memo programs, loaders). What a node has and a machine has not
is here: slots that pass, what is confirmed and final, which transactions an address has, what accounts had before.
"""

import base64
import copy
import hashlib
import threading
import time

from solders.account import Account
from solders.address_lookup_table_account import AddressLookupTable
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.token import ID as TOKEN
from solders.token.state import Mint, TokenAccount
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata

TOKEN_2022 = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"
TOKEN_PROGRAMS = (str(TOKEN), TOKEN_2022)
MEMO_PROGRAMS = ("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr", "Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo")
TOKEN_ACCOUNT_BYTES, MINT_BYTES = 165, 82
PLENTY = 10**18
GENESIS_TIME = 1_584_368_940
GENESIS = str(Pubkey(b"a chain that is made for tests  "))


class Refused(Exception):
    """An error of the JSON-RPC."""

    def __init__(self, code, message, data=None):
        self.code, self.message, self.data = code, message, data


class Landed:
    """A transaction that a block holds, and what it did."""

    def __init__(self, raw, transaction, slot, keys, loaded, before, after, outcome):
        self.raw, self.transaction, self.slot = raw, transaction, slot
        self.keys, self.loaded = keys, loaded
        self.lamports = before[0], after[0]
        self.tokens = before[1], after[1]
        self.failed = isinstance(outcome, FailedTransactionMetadata)
        self.meta = outcome.meta() if self.failed else outcome
        self.error = error_json(outcome.err()) if self.failed else None
        self.signature = str(transaction.signatures[0])

    @property
    def memo(self):
        instructions = self.transaction.message.instructions
        memos = [bytes(i.data) for i in instructions if str(self.keys[i.program_id_index]) in MEMO_PROGRAMS]
        return "; ".join(f"[{len(memo)}] {memo.decode(errors='replace')}" for memo in memos) or None


class SolanaChain:
    """`finality` slots after its own, a transaction is final."""

    def __init__(self, slot_seconds=0.05, finality=4, genesis=GENESIS):
        self.slot_seconds, self.finality, self.genesis = slot_seconds, finality, genesis
        self.lock = threading.RLock()
        self.began = time.time()
        self.paused, self.hangs_up = False, False
        self.swallows, self.swallowed, self.first_available = False, 0, 0
        self.subscriptions = {}
        self.of_new_version, self.left_out = set(), set()
        self.setup = []  # what was done beside transactions, to be done again on a fork
        self.start()

    def start(self):
        self.machine = LiteSVM().with_transaction_history(0).with_lamports(PLENTY)
        self.slot = 1
        self.machine.warp_to_slot(self.slot)
        self.landed, self.by_address, self.blocks = {}, {}, {}

    # Slots

    @property
    def root(self):
        return max(0, self.slot - self.finality)

    def is_visible(self, slot, commitment):
        return {"processed": True, "confirmed": slot < self.slot, "finalized": slot <= self.root}[commitment]

    def status(self, slot):
        return "finalized" if slot <= self.root else "confirmed" if slot < self.slot else "processed"

    def time_of(self, slot):
        """The network is older than what happens on it here: its first block is of 2020."""
        return int(self.began + slot * self.slot_seconds) if slot else GENESIS_TIME

    def blockhash(self, slot):
        """What names a slot's block: another one after a fork."""
        content = " ".join([str(slot), *self.blocks.get(slot, [])])
        return Pubkey(hashlib.sha256(content.encode()).digest())

    def behind(self, slots):
        """The chain as a node has it that is so many slots behind."""
        late = copy.copy(self)
        late.slot = max(1, self.slot - slots)
        late.landed = {name: landed for name, landed in self.landed.items() if landed.slot <= late.slot}
        late.by_address = {key: [name for name in names if name in late.landed] for key, names in self.by_address.items()}
        return late

    def tick(self):
        with self.lock:
            self.slot += 1
            self.machine.warp_to_slot(self.slot)

    def pass_time(self):
        """A slot passes while something is not final yet; then none does, however slow whoever looks is."""
        with self.lock:
            if not self.paused and max(self.blocks, default=0) > self.root:
                self.tick()

    # Transactions

    def send(self, raw):
        with self.lock:
            transaction = VersionedTransaction.from_bytes(raw)
            signature = str(transaction.signatures[0])
            if signature in self.landed:
                raise Refused(-32002, "Transaction simulation failed: This transaction has already been processed")
            keys, loaded = self.accounts(transaction.message)
            before = self.balances(keys)
            outcome = self.machine.send_transaction(transaction)
            landed = Landed(raw, transaction, self.slot, keys, loaded, before, self.balances(keys), outcome)
            if landed.failed and not landed.meta.logs() and not landed.meta.compute_units_consumed():
                told = {"err": landed.error, "logs": []}
                raise Refused(-32002, f"Transaction simulation failed: {outcome.err()}", told)
            self.landed[signature] = landed
            self.blocks.setdefault(self.slot, []).append(signature)
            for key in keys:
                self.by_address.setdefault(str(key), []).append(signature)
            return signature

    def accounts(self, message):
        """All accounts of a message in their places, and those of them that are taken from tables."""
        writable, readonly = [], []
        for lookup in getattr(message, "address_table_lookups", []):
            account = self.machine.get_account(lookup.account_key)
            if account is None:
                raise Refused(-32002, "Transaction simulation failed: Transaction loads an address table account that doesn't exist")
            addresses = AddressLookupTable.deserialize(bytes(account.data)).addresses
            writable += [addresses[place] for place in lookup.writable_indexes]
            readonly += [addresses[place] for place in lookup.readonly_indexes]
        return [*message.account_keys, *writable, *readonly], (writable, readonly)

    def balances(self, keys):
        """Lamports and tokens of accounts, as a transaction's `meta` lists them."""
        tokens = []
        for place, key in enumerate(keys):
            held = self.token_account(key)
            if held:
                tokens.append({"accountIndex": place, **held})
        return [self.machine.get_balance(key) or 0 for key in keys], tokens

    def token_account(self, key):
        """What a token account holds; None for any other account."""
        account = self.machine.get_account(key)
        if not account or str(account.owner) not in TOKEN_PROGRAMS or len(account.data) < TOKEN_ACCOUNT_BYTES:
            return None
        held = TokenAccount.from_bytes(bytes(account.data)[:TOKEN_ACCOUNT_BYTES])
        mint = Mint.from_bytes(bytes(self.machine.get_account(held.mint).data)[:MINT_BYTES])
        return {
            "mint": str(held.mint),
            "owner": str(held.owner),
            "programId": str(account.owner),
            "uiTokenAmount": ui_amount(held.amount, mint.decimals),
        }

    # What only a test does

    def place_account(self, address, lamports, data, owner):
        """Puts an account where no transaction could: a token's mint at its real address."""
        self.setup.append(lambda: self.machine.set_account(address, Account(lamports, data, owner, False, 0)))
        self.setup[-1]()

    def deploy(self, address, program):
        self.setup.append(lambda: self.machine.add_program(address, program))
        self.setup[-1]()

    def airdrop(self, address, lamports):
        with self.lock:
            self.setup.append(lambda: self.machine.airdrop(address, lamports))
            return str(self.setup[-1]().signature())

    def drop(self, signatures):
        """Goes over to a fork that never had some transactions, none of which was final."""
        with self.lock:
            history = [landed for landed in self.landed.values() if landed.signature not in signatures]
            slot = self.slot
            self.start()
            self.machine = self.machine.with_blockhash_check(False).with_sigverify(False)
            for step in self.setup:
                step()
            for landed in history:
                self.slot = landed.slot
                self.send(landed.raw)
            self.machine = self.machine.with_blockhash_check(True).with_sigverify(True)
            self.slot = slot
            self.machine.warp_to_slot(slot)


def ui_amount(amount, decimals):
    whole, part = divmod(amount, 10**decimals)
    text = f"{whole}.{part:0{decimals}}".rstrip("0").rstrip(".") if decimals else str(whole)
    return {"amount": str(amount), "decimals": decimals, "uiAmount": amount / 10**decimals, "uiAmountString": text}


def error_json(error):
    """An error as the JSON-RPC writes it."""
    if type(error).__name__ != "TransactionErrorInstructionError":
        return str(error).split(".")[-1]
    cause = error.err
    reason = {"Custom": cause.code} if hasattr(cause, "code") else str(cause).split(".")[-1]
    return {"InstructionError": [error.index, reason]}


def account_json(chain, address, encoding="base64"):
    account = chain.machine.get_account(address)
    if not account or (account.lamports == 0 and not account.data):
        return None
    data = [base64.b64encode(bytes(account.data)).decode(), "base64"]
    held = chain.token_account(address) if encoding == "jsonParsed" else None
    if held:
        info = {"mint": held["mint"], "owner": held["owner"], "state": "initialized", "isNative": False}
        info["tokenAmount"] = held["uiTokenAmount"]
        data = {"program": "spl-token", "space": len(account.data), "parsed": {"type": "account", "info": info}}
    return {
        "lamports": account.lamports,
        "owner": str(account.owner),
        "executable": account.executable,
        "rentEpoch": account.rent_epoch,
        "space": len(account.data),
        "data": data,
    }
