"""Reads a transaction's logs, a line each, and prints the deposit events in them as JSON, by Anchor's own decoder.

    decode_event.py IDL PROGRAM

It runs in an environment of its own: anchorpy pins an older solders than the test chain.
"""

import json
import sys
from pathlib import Path

from anchorpy import EventParser, Program, Provider, Wallet
from anchorpy_core.idl import Idl
from solana.rpc.async_api import AsyncClient
from solders.pubkey import Pubkey


def main():
    idl, program = Idl.from_json(Path(sys.argv[1]).read_text()), Pubkey.from_string(sys.argv[2])
    provider = Provider(AsyncClient("http://127.0.0.1:9"), Wallet.dummy())
    events = []
    EventParser(program, Program(idl, program, provider).coder).parse_logs(sys.stdin.read().splitlines(), events.append)
    told = [
        {
            "name": event.name,
            "code": bytes(event.data.code).hex(),
            "depositor": str(event.data.depositor),
            "mint": str(event.data.mint),
            "amount": event.data.amount,
        }
        for event in events
    ]
    print(json.dumps(told))


if __name__ == "__main__":
    main()
