"""A Solana node for tests: JSON-RPC on PORT and its subscriptions on PORT + 1, over the chain of solana_chain.py.

    solana_node.py PORT [SLOT_MILLISECONDS] [FINALITY_SLOTS] [GENESIS_HASH]

Prints `ready` and PORT when both are open; it takes free ones for 0. Methods that begin with `test_` do what no node
does: they place accounts, deploy programs, turn slots, and drop transactions as a fork does.
"""

import asyncio
import base64
import json
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import websockets
from faults import Faults
from solana_chain import GENESIS, MEMO_PROGRAMS, TOKEN_PROGRAMS, Refused, SolanaChain, account_json, ui_amount
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

VERSION = {"solana-core": "4.1.2", "feature-set": 0}
DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(data):
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = DIGITS[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def from_base58(text):
    number = 0
    for digit in text:
        number = number * 58 + DIGITS.index(digit)
    return b"\0" * (len(text) - len(text.lstrip("1"))) + number.to_bytes((number.bit_length() + 7) // 8, "big")


# How a transaction is told


def instruction_json(instruction, height=None):
    return {
        "programIdIndex": instruction.program_id_index,
        "accounts": list(instruction.accounts),
        "data": base58(bytes(instruction.data)),
        "stackHeight": height,
    }


def parsed_json(instruction, keys, height=None):
    """What a node makes of the instructions that it knows; for people, and never for our watcher."""
    program, data = str(keys[instruction.program_id_index]), bytes(instruction.data)
    accounts = [str(keys[place]) for place in instruction.accounts]
    told = {"programId": program, "stackHeight": height}
    if program in MEMO_PROGRAMS:
        return told | {"program": "spl-memo", "parsed": data.decode(errors="replace")}
    if program in TOKEN_PROGRAMS and data[:1] == b"\x0c":
        names = ["source", "mint", "destination", "authority"]
        amount = ui_amount(int.from_bytes(data[1:9], "little"), data[9])
        info = dict(zip(names, accounts)) | {"tokenAmount": amount}
        return told | {"program": "spl-token", "parsed": {"type": "transferChecked", "info": info}}
    return told | {"accounts": accounts, "data": base58(data)}


def key_json(message, place, key):
    signs, writes = message.is_signer(place), message.is_maybe_writable(place)
    return {"pubkey": str(key), "signer": signs, "writable": writes, "source": "transaction"}


def transaction_json(chain, landed, encoding):
    message = landed.transaction.message
    is_parsed = encoding == "jsonParsed"

    def told(instruction, height=None):
        return parsed_json(instruction, landed.keys, height) if is_parsed else instruction_json(instruction, height)

    inner = [
        {"index": number, "instructions": [told(one.instruction(), one.stack_height()) for one in called]}
        for number, called in enumerate(landed.meta.inner_instructions())
        if called
    ]
    writable, readonly = landed.loaded
    meta = {
        "err": landed.error,
        "status": {"Ok": None} if landed.error is None else {"Err": landed.error},
        "fee": landed.meta.fee(),
        "preBalances": landed.lamports[0],
        "postBalances": landed.lamports[1],
        "preTokenBalances": landed.tokens[0],
        "postTokenBalances": landed.tokens[1],
        "innerInstructions": inner,
        "logMessages": landed.meta.logs(),
        "rewards": [],
        "loadedAddresses": {"writable": list(map(str, writable)), "readonly": list(map(str, readonly))},
        "computeUnitsConsumed": landed.meta.compute_units_consumed(),
    }
    if encoding == "base64":
        transaction = [base64.b64encode(landed.raw).decode(), "base64"]
    else:
        own = landed.keys[: len(message.account_keys)]
        transaction = {
            "signatures": [str(signature) for signature in landed.transaction.signatures],
            "message": {
                "accountKeys": [key_json(message, *one) for one in enumerate(own)] if is_parsed else list(map(str, own)),
                "recentBlockhash": str(message.recent_blockhash),
                "instructions": [told(instruction) for instruction in message.instructions],
                "header": {
                    "numRequiredSignatures": message.header.num_required_signatures,
                    "numReadonlySignedAccounts": message.header.num_readonly_signed_accounts,
                    "numReadonlyUnsignedAccounts": message.header.num_readonly_unsigned_accounts,
                },
            },
        }
    return {
        "slot": landed.slot,
        "blockTime": chain.time_of(landed.slot),
        "transaction": transaction,
        "meta": meta,
        "version": "legacy" if type(message).__name__ == "Message" else 0,
    }


# The methods


class Methods:
    """Each method of the JSON-RPC takes its parameters and its options; a node that `is_whole` leaves nothing out."""

    def __init__(self, chain, faults=None, is_whole=False):
        self.chain, self.faults, self.is_whole = chain, faults, is_whole

    def call(self, method, parameters):
        # Clients send null for what they leave out.
        options = next((one for one in parameters if isinstance(one, dict)), {})
        options = {name: value for name, value in options.items() if value is not None}
        handler = getattr(self, method, None)
        if handler is None or method.startswith("_"):
            raise Refused(-32601, "Method not found")
        return handler(parameters, options)

    def _with_context(self, value):
        return {"context": {"slot": self.chain.slot, "apiVersion": VERSION["solana-core"]}, "value": value}

    def _finalized_or_confirmed(self, options):
        commitment = options.get("commitment", "finalized")
        if commitment == "processed":
            raise Refused(-32602, "Method does not support commitment below `confirmed`")
        return commitment

    def getHealth(self, parameters, options):
        return "ok"

    def getVersion(self, parameters, options):
        return VERSION

    def getGenesisHash(self, parameters, options):
        return self.chain.genesis

    def getSlot(self, parameters, options):
        chain = self.chain
        commitment = options.get("commitment", "finalized")
        return {"processed": chain.slot, "confirmed": chain.slot - 1, "finalized": chain.root}[commitment]

    def getBlockHeight(self, parameters, options):
        return self.getSlot(parameters, options)

    def getEpochInfo(self, parameters, options):
        slot = self.chain.slot
        told = {"absoluteSlot": slot, "blockHeight": slot, "epoch": 0, "slotIndex": slot, "slotsInEpoch": 432_000}
        return told | {"transactionCount": len(self.chain.landed)}

    def getBlock(self, parameters, options):
        slot, chain = parameters[0], self.chain
        if not chain.is_visible(slot, self._finalized_or_confirmed(options)):
            raise Refused(-32004, f"Block not available for slot {slot}")
        told = {"blockhash": str(chain.blockhash(slot)), "previousBlockhash": str(chain.blockhash(slot - 1))}
        told |= {"parentSlot": slot - 1, "blockTime": chain.time_of(slot), "blockHeight": slot}
        if options.get("transactionDetails") == "signatures":
            told["signatures"] = chain.blocks.get(slot, [])
        return told

    def getFirstAvailableBlock(self, parameters, options):
        return self.chain.first_available

    def getBlockTime(self, parameters, options):
        return self.chain.time_of(parameters[0])

    def getBalance(self, parameters, options):
        return self._with_context(self.chain.machine.get_balance(Pubkey.from_string(parameters[0])) or 0)

    def getAccountInfo(self, parameters, options):
        address = Pubkey.from_string(parameters[0])
        return self._with_context(account_json(self.chain, address, options.get("encoding", "base64")))

    def getMultipleAccounts(self, parameters, options):
        encoding = options.get("encoding", "base64")
        addresses = map(Pubkey.from_string, parameters[0])
        return self._with_context([account_json(self.chain, address, encoding) for address in addresses])

    def getTokenAccountBalance(self, parameters, options):
        held = self.chain.token_account(Pubkey.from_string(parameters[0]))
        if held is None:
            raise Refused(-32602, "Invalid param: could not find account")
        return self._with_context(held["uiTokenAmount"])

    def getMinimumBalanceForRentExemption(self, parameters, options):
        return self.chain.machine.minimum_balance_for_rent_exemption(parameters[0])

    def getLatestBlockhash(self, parameters, options):
        told = {"blockhash": str(self.chain.machine.latest_blockhash()), "lastValidBlockHeight": self.chain.slot + 150}
        return self._with_context(told)

    def isBlockhashValid(self, parameters, options):
        return self._with_context(parameters[0] == str(self.chain.machine.latest_blockhash()))

    def getFeeForMessage(self, parameters, options):
        return self._with_context(5000)

    def sendTransaction(self, parameters, options):
        raw = self._raw(parameters, options)
        if self.chain.swallows:
            self.chain.swallowed += 1
            return str(VersionedTransaction.from_bytes(raw).signatures[0])
        return self.chain.send(raw)

    def simulateTransaction(self, parameters, options):
        transaction = VersionedTransaction.from_bytes(self._raw(parameters, options))
        outcome = self.chain.machine.simulate_transaction(transaction)
        meta, error = outcome.meta(), str(outcome.err()) if hasattr(outcome, "err") else None
        told = {"err": error, "logs": meta.logs(), "unitsConsumed": meta.compute_units_consumed()}
        return self._with_context(told | {"accounts": None, "returnData": None})

    def _raw(self, parameters, options):
        decode = base64.b64decode if options.get("encoding") == "base64" else from_base58
        return decode(parameters[0])

    def requestAirdrop(self, parameters, options):
        return self.chain.airdrop(Pubkey.from_string(parameters[0]), parameters[1])

    def getSignatureStatuses(self, parameters, options):
        return self._with_context([self._status(signature) for signature in parameters[0]])

    def _status(self, signature):
        landed = self.chain.landed.get(signature)
        if landed is None:
            return None
        status = self.chain.status(landed.slot)
        return {
            "slot": landed.slot,
            "confirmations": None if status == "finalized" else self.chain.slot - landed.slot,
            "err": landed.error,
            "status": {"Ok": None} if landed.error is None else {"Err": landed.error},
            "confirmationStatus": status,
        }

    def getSignaturesForAddress(self, parameters, options):
        commitment = self._finalized_or_confirmed(options)
        chain, before = self.chain, options.get("before")
        signatures = list(reversed(chain.by_address.get(parameters[0], [])))
        if before in signatures:
            signatures = signatures[signatures.index(before) + 1 :]
        if options.get("until") in signatures:
            signatures = signatures[: signatures.index(options["until"])]
        visible = [one for one in signatures if chain.is_visible(chain.landed[one].slot, commitment)]
        visible = [one for one in visible if self.is_whole or one not in chain.left_out]
        return [self._listed(chain.landed[one]) for one in visible[: options.get("limit", 1000)]]

    def _listed(self, landed):
        return {
            "signature": landed.signature,
            "slot": landed.slot,
            "err": landed.error,
            "memo": landed.memo,
            "blockTime": self.chain.time_of(landed.slot),
            "confirmationStatus": self.chain.status(landed.slot),
        }

    def getTransaction(self, parameters, options):
        commitment = self._finalized_or_confirmed(options)
        landed = self.chain.landed.get(parameters[0])
        if landed is None or not self.chain.is_visible(landed.slot, commitment):
            return None
        if type(landed.transaction.message).__name__ != "Message" and "maxSupportedTransactionVersion" not in options:
            raise Refused(-32015, "Transaction version (0) is not supported by the requesting client")
        if parameters[0] in self.chain.of_new_version:
            raise Refused(-32015, "Transaction version (1) is not supported by the requesting client")
        return transaction_json(self.chain, landed, options.get("encoding", "json"))

    # What only a test does

    def test_placeAccount(self, parameters, options):
        address, told = parameters
        data, owner = base64.b64decode(told["data"]), Pubkey.from_string(told["owner"])
        self.chain.place_account(Pubkey.from_string(address), told["lamports"], data, owner)
        return True

    def test_deploy(self, parameters, options):
        self.chain.deploy(Pubkey.from_string(parameters[0]), base64.b64decode(parameters[1]))
        return True

    def test_advance(self, parameters, options):
        for _ in range(parameters[0]):
            self.chain.tick()
        return self.chain.slot

    def test_pause(self, parameters, options):
        self.chain.paused = parameters[0]
        return True

    def test_subscriptions(self, parameters, options):
        return len(self.chain.subscriptions)

    def test_hangUp(self, parameters, options):
        self.chain.hangs_up = True
        return True

    def test_swallow(self, parameters, options):
        """Transactions are taken, and come to nothing."""
        self.chain.swallows = parameters[0]
        return True

    def test_swallowed(self, parameters, options):
        return self.chain.swallowed

    def test_forgetHistory(self, parameters, options):
        """Its first block is one that is not there yet."""
        self.chain.first_available = self.chain.slot + 10_000_000
        return True

    def test_newVersion(self, parameters, options):
        """Says of a transaction that it is of a version that nobody can ask for, or no longer."""
        (self.chain.of_new_version.add if parameters[1] else self.chain.of_new_version.discard)(parameters[0])
        return True

    def test_leaveOut(self, parameters, options):
        """Leaves a transaction out of the lists of its addresses, or no longer; the node at /whole does not."""
        (self.chain.left_out.add if parameters[1] else self.chain.left_out.discard)(parameters[0])
        return True

    def test_expireBlockhash(self, parameters, options):
        self.chain.machine.expire_blockhash()
        return True

    def test_hold(self, parameters, options):
        return self.faults.hold(parameters[0])

    def test_delay(self, parameters, options):
        return self.faults.set(delay=parameters[0])

    def test_lag(self, parameters, options):
        return self.faults.set(lag=parameters[0])

    def test_asked(self, parameters, options):
        return self.faults.asked

    def test_drop(self, parameters, options):
        self.chain.drop(parameters[0])
        return True


def answered(methods, question):
    answer = {"jsonrpc": "2.0", "id": question.get("id")}
    try:
        return answer | {"result": methods.call(question["method"], question.get("params") or [])}
    except Refused as refused:
        error = {"code": refused.code, "message": refused.message}
        return answer | {"error": error | ({"data": refused.data} if refused.data else {})}
    except (ValueError, KeyError, IndexError, TypeError) as error:
        return answer | {"error": {"code": -32602, "message": f"Invalid params: {type(error).__name__}: {error}"}}


def listeners(port):
    """Sockets that listen at a port, any free one for 0, and at the next."""
    while True:
        first = socket.create_server(("127.0.0.1", port))
        try:
            return first, socket.create_server(("127.0.0.1", first.getsockname()[1] + 1))
        except OSError:
            first.close()
            if port:
                raise


def serve_calls(chain, listener):
    faults = Faults()

    class Handler(BaseHTTPRequestHandler):
        protocol_version, disable_nagle_algorithm, wbufsize = "HTTP/1.1", True, -1

        def do_POST(self):
            question = json.loads(self.rfile.read(int(self.headers["content-length"])))
            faults.wait(question)
            with chain.lock:
                methods = Methods(faults.seen(chain, question), faults, is_whole=self.path == "/whole")
                if isinstance(question, list):
                    answer = [answered(methods, one) for one in question]
                else:
                    answer = answered(methods, question)
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(listener.getsockname(), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    threading.Thread(target=server.serve_forever, daemon=True).start()


# Subscriptions


class Subscription:
    """To the transactions that mention an address; told once they have the commitment asked for."""

    def __init__(self, number, connection, chain, parameters):
        self.number, self.connection, self.chain = number, connection, chain
        self.mention = parameters[0]["mentions"][0] if isinstance(parameters[0], dict) else None
        options = parameters[1] if len(parameters) > 1 and parameters[1] else {}
        self.commitment = options.get("commitment") or "finalized"
        self.next = chain.slot

    def news(self):
        """What is to be told by now, of which slot."""
        with self.chain.lock:
            return list(self._news())

    def _news(self):
        visible = {"processed": self.chain.slot - 1, "confirmed": self.chain.slot - 1, "finalized": self.chain.root}
        last = visible[self.commitment]
        for slot in range(self.next, last + 1):
            for signature in self.chain.blocks.get(slot, []):
                landed = self.chain.landed[signature]
                if self.mention is None or self.mention in map(str, landed.keys):
                    yield slot, {"signature": signature, "err": landed.error, "logs": landed.meta.logs()}
        self.next = max(self.next, last + 1)

    async def tell(self, slot, value):
        told = {"subscription": self.number, "result": {"context": {"slot": slot}, "value": value}}
        await self.connection.send(json.dumps({"jsonrpc": "2.0", "method": "logsNotification", "params": told}))


async def serve_subscriptions(chain, listener, port):
    subscriptions, numbers, connections = chain.subscriptions, iter(range(1, 1 << 31)), set()

    async def converse(connection):
        own = set()
        connections.add(connection)
        try:
            async for text in connection:
                question = json.loads(text)
                answer = {"jsonrpc": "2.0", "id": question["id"]}
                if question["method"] == "logsSubscribe":
                    number = next(numbers)
                    subscriptions[number] = Subscription(number, connection, chain, question["params"])
                    own.add(number)
                    answer["result"] = number
                elif question["method"] == "logsUnsubscribe":
                    answer["result"] = subscriptions.pop(question["params"][0], None) is not None
                else:
                    answer["error"] = {"code": -32601, "message": "Method not found"}
                await connection.send(json.dumps(answer))
        except websockets.ConnectionClosed:
            pass
        finally:
            connections.discard(connection)
            for number in own:
                subscriptions.pop(number, None)

    async with websockets.serve(converse, sock=listener):
        print("ready", port, flush=True)
        while True:
            await asyncio.sleep(chain.slot_seconds)
            if chain.hangs_up:
                chain.hangs_up = False
                for connection in list(connections):
                    await connection.close()
            if chain.paused:
                continue
            chain.pass_time()
            for number, subscription in list(subscriptions.items()):
                try:
                    for slot, value in subscription.news():
                        await subscription.tell(slot, value)
                except websockets.ConnectionClosed:
                    subscriptions.pop(number, None)


def main():
    given = [*sys.argv[1:], *["50", "4", GENESIS][len(sys.argv) - 2 :]]
    port, milliseconds, finality = map(int, given[:3])
    chain = SolanaChain(milliseconds / 1000, finality, given[3])
    calls, subscriptions = listeners(port)
    serve_calls(chain, calls)
    asyncio.run(serve_subscriptions(chain, subscriptions, calls.getsockname()[1]))


if __name__ == "__main__":
    main()
