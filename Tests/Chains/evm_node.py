"""An EVM node for tests: JSON-RPC over the chain of evm_chain.py.

    evm_node.py PORT CHAIN_ID [FINALITY_BLOCKS] [TOKEN_ADDRESS ...]

Prints `ready` and its port when it is open; it takes a free one for 0. Methods that begin with `test_` do what no node
does: they mine, wait with mining, and take blocks back.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from evm_chain import EVMChain, Refused, text
from faults import Faults


def transaction_json(chain, transaction, block=None, place=None):
    told = {
        "hash": text(transaction.hash),
        "nonce": hex(transaction.nonce),
        "from": text(transaction.sender),
        "to": text(transaction.to) if transaction.to else None,
        "value": hex(transaction.value),
        "gas": hex(transaction.gas),
        "gasPrice": hex(transaction.max_fee_per_gas),
        "input": text(transaction.data),
        "type": hex(transaction.type_id or 0),
        "chainId": hex(chain.chain_id),
        "r": hex(transaction.r),
        "s": hex(transaction.s),
        "v": hex(transaction.y_parity),
        "blockHash": text(block.hash) if block else None,
        "blockNumber": hex(block.number) if block else None,
        "transactionIndex": hex(place) if block else None,
    }
    if transaction.type_id != 2:
        return told
    fees = {"maxFeePerGas": hex(transaction.max_fee_per_gas), "maxPriorityFeePerGas": hex(transaction.max_priority_fee_per_gas)}
    return told | fees | {"accessList": [], "yParity": hex(transaction.y_parity)}


def block_json(chain, block, is_whole):
    header = block.header
    transactions = [
        transaction_json(chain, one, block, place) if is_whole else text(one.hash)
        for place, one in enumerate(block.transactions)
    ]
    return {
        "number": hex(header.block_number),
        "hash": text(header.hash),
        "parentHash": text(header.parent_hash),
        "nonce": text(header.nonce),
        "sha3Uncles": text(header.uncles_hash),
        "logsBloom": "0x" + header.bloom.to_bytes(256, "big").hex(),
        "transactionsRoot": text(header.transaction_root),
        "stateRoot": text(header.state_root),
        "receiptsRoot": text(header.receipt_root),
        "miner": text(header.coinbase),
        "difficulty": "0x0",
        "totalDifficulty": "0x0",
        "mixHash": text(header.mix_hash),
        "extraData": text(header.extra_data),
        "size": "0x0",
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "timestamp": hex(header.timestamp),
        "baseFeePerGas": hex(header.base_fee_per_gas),
        "uncles": [],
        "transactions": transactions,
    }


def one_or_more(given):
    """What a filter names, in small letters; None for anything."""
    if given is None:
        return None
    return [one.lower() for one in ([given] if isinstance(given, str) else given)]


class Methods:
    """Each method of the JSON-RPC; a node that `is_whole` leaves nothing out of its lists, and may not have receipts."""

    left_out, denied = set(), set()

    def __init__(self, chain, faults=None, is_whole=False):
        self.chain, self.faults, self.is_whole = chain, faults, is_whole

    def call(self, method, parameters):
        handler = getattr(self, method, None)
        if handler is None or not method.startswith(("eth_", "net_", "web3_", "test_")):
            raise Refused(-32601, f"the method {method} does not exist/is not available")
        return handler(*parameters)

    def web3_clientVersion(self):
        return "py-evm/0.12.1b1"

    def net_version(self):
        return str(self.chain.chain_id)

    def eth_chainId(self):
        return hex(self.chain.chain_id)

    def eth_syncing(self):
        return False

    def eth_blockNumber(self):
        return hex(self.chain.head)

    def eth_gasPrice(self):
        return hex(2 * 10**9)

    def eth_maxPriorityFeePerGas(self):
        return hex(10**9)

    def eth_feeHistory(self, count, newest, percentiles=None):
        base = hex(self.chain.blocks[-1].header.base_fee_per_gas)
        told = {"oldestBlock": hex(self.chain.head), "baseFeePerGas": [base, base], "gasUsedRatio": [0.5]}
        return told | ({"reward": [[hex(10**9)] * len(percentiles)]} if percentiles else {})

    def _state(self, tag):
        return self.chain.machine(tag).state

    def eth_getBalance(self, address, tag="latest"):
        return hex(self._state(tag).get_balance(bytes.fromhex(address[2:])))

    def eth_getCode(self, address, tag="latest"):
        return text(self._state(tag).get_code(bytes.fromhex(address[2:])))

    def eth_getStorageAt(self, address, place, tag="latest"):
        word = self._state(tag).get_storage(bytes.fromhex(address[2:]), int(place, 16))
        return text(word.to_bytes(32, "big"))

    def eth_getTransactionCount(self, address, tag="latest"):
        sender = bytes.fromhex(address[2:])
        waiting = sum(1 for one in self.chain.pool if one.sender == sender) if tag == "pending" else 0
        return hex(self._state(tag).get_nonce(sender) + waiting)

    def eth_getBlockByNumber(self, tag, is_whole=False):
        try:
            return block_json(self.chain, self.chain.blocks[self.chain.number(tag)], is_whole)
        except Refused:
            return None

    def eth_getBlockByHash(self, block_hash, is_whole=False):
        found = (block for block in self.chain.blocks if text(block.hash) == block_hash.lower())
        return next((block_json(self.chain, block, is_whole) for block in found), None)

    def eth_getTransactionReceipt(self, transaction_hash):
        if self.is_whole and transaction_hash in self.denied:
            return None
        _, _, receipt = self.chain.landed.get(transaction_hash.lower(), (None, None, None))
        return receipt

    def eth_getTransactionByHash(self, transaction_hash):
        number, place, _ = self.chain.landed.get(transaction_hash.lower(), (None, None, None))
        if number is not None:
            block = self.chain.blocks[number]
            return transaction_json(self.chain, block.transactions[place], block, place)
        waiting = (one for one in self.chain.pool if text(one.hash) == transaction_hash.lower())
        return next((transaction_json(self.chain, one) for one in waiting), None)

    def eth_getLogs(self, asked):
        addresses, topics = one_or_more(asked.get("address")), [one_or_more(one) for one in asked.get("topics") or []]

        def is_meant(log):
            if log["transactionHash"] in self.left_out and not self.is_whole:
                return False
            if addresses is not None and log["address"] not in addresses:
                return False
            found = log["topics"] + [None] * len(topics)
            return all(wanted is None or found[place] in wanted for place, wanted in enumerate(topics))

        return [log for number in self._range(asked) for log in self.chain.logs[number] if is_meant(log)]

    def _range(self, asked):
        if "blockHash" in asked:
            return [block.number for block in self.chain.blocks if text(block.hash) == asked["blockHash"].lower()]
        last = asked.get("toBlock", "latest")
        is_ahead = last.startswith("0x") and int(last, 16) > self.chain.head
        last = self.chain.head if is_ahead else self.chain.number(last)
        return range(self.chain.number(asked.get("fromBlock", "latest")), last + 1)

    def eth_call(self, asked, tag="latest"):
        return text(self.chain.call(asked, tag).output)

    def eth_estimateGas(self, asked, tag="latest"):
        data = (asked.get("data") or asked.get("input") or "0x")[2:]
        return hex(int(self.chain.call(asked, tag).get_gas_used() * 1.3) + 25_000 + 20 * len(data))

    def eth_sendRawTransaction(self, raw):
        return self.chain.send(bytes.fromhex(raw[2:]))

    # What only a test does

    def test_mine(self, count=1):
        self.chain.mine(count)
        return hex(self.chain.head)

    def test_minesAtOnce(self, does):
        self.chain.mines_at_once = does
        return True

    def test_forget(self):
        """Loses what waits to be mined, and tells how many."""
        self.chain.pool, gone = [], self.chain.pool
        return len(gone)

    def test_leaveOut(self, transaction_hash):
        """Leaves a transaction out of the lists of logs; the node at /whole does not."""
        self.left_out.add(transaction_hash)
        return True

    def test_deny(self, transaction_hash, is_denied):
        """The node at /whole has a transaction's receipt no more, until it has it again."""
        (self.denied.add if is_denied else self.denied.discard)(transaction_hash)
        return True

    def test_refuse(self, transaction_hash):
        """Loses a transaction that waits, and takes it never again."""
        self.chain.refused.add(transaction_hash)
        self.chain.pool = [one for one in self.chain.pool if text(one.hash) != transaction_hash]
        return True

    def test_pool(self):
        return [text(one.hash) for one in self.chain.pool]

    def test_reorganise(self, depth, keeps=False):
        return self.chain.reorganise(depth, keeps)

    def test_hold(self, is_held):
        return self.faults.hold(is_held)

    def test_delay(self, seconds):
        return self.faults.set(delay=seconds)

    def test_lag(self, blocks):
        return self.faults.set(lag=blocks)

    def test_asked(self):
        return self.faults.asked


def answered(methods, question):
    answer = {"jsonrpc": "2.0", "id": question.get("id")}
    try:
        return answer | {"result": methods.call(question["method"], question.get("params") or [])}
    except Refused as refused:
        error = {"code": refused.code, "message": refused.message}
        return answer | {"error": error | ({"data": refused.data} if refused.data else {})}
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        return answer | {"error": {"code": -32602, "message": f"{type(error).__name__}: {error}"}}


class Server(ThreadingHTTPServer):
    # Who asks at once.
    request_queue_size = 128


def main():
    port, chain_id, finality = int(sys.argv[1]), int(sys.argv[2]), int((sys.argv[3:4] or ["2"])[0])
    chain = EVMChain(chain_id, finality, tokens=sys.argv[4:])
    faults, turn = Faults(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version, disable_nagle_algorithm, wbufsize = "HTTP/1.1", True, -1

        def do_POST(self):
            question = json.loads(self.rfile.read(int(self.headers["content-length"])))
            faults.wait(question)
            with turn:
                methods = Methods(faults.seen(chain, question), faults, is_whole=self.path == "/whole")
                is_batch = isinstance(question, list)
                answer = [answered(methods, one) for one in question] if is_batch else answered(methods, question)
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = Server(("127.0.0.1", port), Handler)
    print("ready", server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
