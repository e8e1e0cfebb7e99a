"""An EVM chain for tests: py-evm's machine and real blocks, with an index of what its transactions did.

Tokens stand in the genesis block at the addresses that they have on the real chain. Blocks can be taken back.
"""

import copy
import hashlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import rlp
from eth.constants import GENESIS_PARENT_HASH
from eth.exceptions import Revert
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth.vm.spoof import SpoofTransaction
from eth_abi import abi
from eth_account import Account
from eth_hash.auto import keccak
from eth_tester import PyEVMBackend

WORDS, PATH = "test test test test test test test test test test test junk", "m/44'/60'/0'/0"
PLENTY = 10**24
CONTRACTS = Path(__file__).resolve().parent / "contracts"
GAS = 25_000_000

Account.enable_unaudited_hdwallet_features()


class Refused(Exception):
    """An error of the JSON-RPC."""

    def __init__(self, code, message, data=None):
        self.code, self.message, self.data = code, message, data


def account(number):
    """One of the accounts that every test chain has, of the words that everybody knows."""
    return Account.from_mnemonic(WORDS, account_path=f"{PATH}/{number}")


def text(data):
    return "0x" + bytes(data).hex()


def compiled(name):
    """The code of a contract as it stands on the chain, once it is deployed."""
    source, vyper = CONTRACTS / f"{name}.vy", Path(sys.executable).with_name("vyper")
    # Beside the compiler, which a new environment replaces.
    kept = vyper.with_name(f"{name}-{hashlib.sha256(source.read_bytes()).hexdigest()[:16]}.code")
    if not kept.exists():
        done = subprocess.run([vyper, "-f", "bytecode_runtime", source], capture_output=True, text=True, check=True)
        made = kept.with_name(f"{kept.name}.{os.getpid()}")
        made.write_text(done.stdout.strip().removeprefix("0x"))
        made.replace(kept)
    return bytes.fromhex(kept.read_text())


def token_account(code, balances):
    """A token in a genesis block: its code, and what whom has of it."""
    # Vyper's place of a value of the first map: of its slot, which the lock of no function precedes, and its key.
    storage = {}
    for holder, amount in balances.items():
        place = keccak((0).to_bytes(32, "big") + bytes.fromhex(holder[2:]).rjust(32, b"\0"))
        storage[int.from_bytes(place, "big")] = amount
    return {"balance": 0, "nonce": 1, "code": code, "storage": storage}


class EVMChain:
    """`finality` blocks below the newest, a block is final."""

    def __init__(self, chain_id, finality=2, tokens=(), holders=range(1, 4)):
        code = {token: token_account(compiled("Dollar"), {account(n).address: 10**15 for n in holders}) for token in tokens}
        state = dict(PyEVMBackend.generate_genesis_state(mnemonic=WORDS, overrides={"balance": PLENTY}, num_accounts=10, hd_path=PATH))
        state |= {bytes.fromhex(address[2:]): held for address, held in code.items()}
        began = {"timestamp": int(time.time()) - 310}
        parameters = PyEVMBackend.generate_genesis_params(began)
        self.backend = PyEVMBackend(genesis_parameters=parameters, genesis_state=state, mnemonic=WORDS, hd_path=PATH)
        type(self.backend.chain).chain_id = chain_id
        self.chain_id, self.finality = chain_id, finality
        self.lock = threading.RLock()
        self.blocks = [self.backend.chain.get_canonical_block_by_number(0)]
        self.logs = [[]]
        self.landed, self.pool, self.refused, self.mines_at_once = {}, [], set(), True
        # Of all blocks, those that were taken back among them.
        self.last_moment = began["timestamp"]

    # Blocks

    @property
    def head(self):
        return len(self.blocks) - 1

    def number(self, tag):
        if tag in (None, "latest", "pending"):
            return self.head
        if tag == "earliest":
            return 0
        if tag in ("safe", "finalized"):
            return max(0, self.head - self.finality)
        number = int(tag, 16)
        if number > self.head:
            raise Refused(-32000, "header not found")
        return number

    def behind(self, count):
        """The chain as a node has it that is so many blocks behind."""
        late = copy.copy(self)
        last = max(0, self.head - count)
        late.blocks, late.logs, late.pool = self.blocks[: last + 1], self.logs[: last + 1], []
        late.landed = {name: landed for name, landed in self.landed.items() if landed[0] <= last}
        return late

    def machine(self, tag="latest"):
        return self.backend.chain.get_vm(at_header=self.blocks[self.number(tag)].header)

    def mine(self, count=1):
        for _ in range(count):
            chain, pool = self.backend.chain, self.pool
            self.pool = []
            # No block that takes another's place is the same again.
            moment = self.last_moment = max(self.last_moment + 1, int(time.time()) - 300)
            chain.header = chain.header.copy(timestamp=moment)
            for transaction in pool:
                chain.apply_transaction(transaction)
            self.backend.mine_blocks(1)
            self.index(chain.get_canonical_block_by_number(self.head + 1))

    def index(self, block):
        """Takes note of what a block's transactions did."""
        self.blocks.append(block)
        self.logs.append([])
        used = 0
        receipts = block.get_receipts(self.backend.chain.chaindb)
        for place, (transaction, receipt) in enumerate(zip(block.transactions, receipts)):
            told = receipt_json(block, place, transaction, receipt, used, len(self.logs[-1]))
            used = receipt.gas_used
            self.logs[-1] += told["logs"]
            self.landed[told["transactionHash"]] = (block.number, place, told)

    def rewind(self, number):
        """Takes back the blocks above one, and returns their transactions."""
        gone = [transaction for block in self.blocks[number + 1 :] for transaction in block.transactions]
        for transaction in gone:
            self.landed.pop(text(transaction.hash), None)
        del self.blocks[number + 1 :], self.logs[number + 1 :]
        block, database = self.blocks[number], self.backend.chain.chaindb
        database._set_as_canonical_chain_head(database.db, block.header, GENESIS_PARENT_HASH)
        if number:
            self.backend.chain.import_block(block)
        else:
            self.backend.chain = self.backend.chain.from_genesis_header(database.db, block.header)
        return gone

    def reorganise(self, depth, keeps=False):
        """Other blocks in the place of the newest, one more of them; with their transactions, or without."""
        gone = self.rewind(max(0, self.head - depth))
        self.pool = gone if keeps else []
        self.mine(depth + 1)
        return [text(transaction.hash) for transaction in gone]

    # Transactions

    def send(self, raw):
        try:
            transaction = PragueTransactionBuilder().decode(raw)
        except Exception as error:
            raise Refused(-32000, f"rlp: {error}") from error
        if transaction.chain_id not in (None, self.chain_id):
            raise Refused(-32000, f"invalid chain id for signer: have {transaction.chain_id} want {self.chain_id}")
        if transaction.nonce < self.machine().state.get_nonce(transaction.sender):
            raise Refused(-32000, "nonce too low")
        if transaction.hash in [one.hash for one in self.pool]:
            raise Refused(-32000, "already known")
        if text(transaction.hash) in self.refused:
            raise Refused(-32000, "transaction underpriced")
        self.pool.append(transaction)
        if self.mines_at_once:
            self.mine()
        return text(transaction.hash)

    def call(self, asked, tag="latest"):
        machine = self.machine(tag)
        sender = bytes.fromhex(asked.get("from", "0x" + "00" * 20)[2:])
        receiver = bytes.fromhex(asked["to"][2:]) if asked.get("to") else b""
        data = bytes.fromhex((asked.get("data") or asked.get("input") or "0x")[2:])
        gas, value = int(asked.get("gas", hex(GAS)), 16), int(asked.get("value", "0x0"), 16)
        state = machine.state
        unsigned = PragueTransactionBuilder().new_unsigned_dynamic_fee_transaction(
            self.chain_id, state.get_nonce(sender), 0, 10**12, gas, receiver, value, data, ()
        )
        state.set_balance(sender, state.get_balance(sender) + 10**40)
        before = state.snapshot()
        done = state.apply_transaction(SpoofTransaction(unsigned, from_=sender))
        state.revert(before)
        if done.is_error:
            raise Refused(*reverted(done))
        return done


def reverted(done):
    output = bytes(done.output)
    if not isinstance(done.error, Revert):
        return -32000, type(done.error).__name__
    reason = ""
    if output[:4] == bytes.fromhex("08c379a0"):
        reason = ": " + abi.decode(["string"], output[4:])[0]
    return 3, "execution reverted" + reason, text(output)


def receipt_json(block, place, transaction, receipt, used_before, first_log):
    head = {
        "transactionHash": text(transaction.hash),
        "transactionIndex": hex(place),
        "blockHash": text(block.hash),
        "blockNumber": hex(block.number),
    }
    logs = [
        head
        | {
            "address": text(log.address),
            "topics": ["0x" + topic.to_bytes(32, "big").hex() for topic in log.topics],
            "data": text(log.data),
            "blockTimestamp": hex(block.header.timestamp),
            "logIndex": hex(first_log + number),
            "removed": False,
        }
        for number, log in enumerate(receipt.logs)
    ]
    fee = transaction.max_priority_fee_per_gas + block.header.base_fee_per_gas
    return head | {
        "from": text(transaction.sender),
        "to": text(transaction.to) if transaction.to else None,
        "cumulativeGasUsed": hex(receipt.gas_used),
        "gasUsed": hex(receipt.gas_used - used_before),
        "effectiveGasPrice": hex(min(transaction.max_fee_per_gas, fee)),
        "contractAddress": None if transaction.to else text(made_address(transaction.sender, transaction.nonce)),
        "logs": logs,
        "logsBloom": "0x" + receipt.bloom.to_bytes(256, "big").hex(),
        "status": hex(1 if receipt.state_root == b"\x01" else 0),
        "type": hex(transaction.type_id or 0),
    }


def made_address(sender, nonce):
    """Where a contract stands that a transaction made."""
    return keccak(rlp.encode([sender, nonce]))[12:]
