"""Deposits USDC and SOL through the deposit program as Anchor's clients do, from its IDL alone; prints the signatures as JSON.

    anchor_deposit.py URL IDL PROGRAM TREASURY MINT CODE USDC LAMPORTS     the depositor's 64 bytes as JSON on the input

It runs in an environment of its own: anchorpy pins an older solders than the test chain.
"""

import asyncio
import json
import sys
from pathlib import Path

from anchorpy import Context, Program, Provider, Wallet
from anchorpy_core.idl import Idl
from solana.rpc.async_api import AsyncClient
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import get_associated_token_address as account_of


async def main():
    url, idl, *keys, code, usdc, lamports = sys.argv[1:]
    program, treasury, mint = map(Pubkey.from_string, keys)
    depositor, code = Keypair.from_bytes(bytes(json.load(sys.stdin))), list(bytes.fromhex(code))
    async with AsyncClient(url) as client:
        deposits = Program(Idl.from_json(Path(idl).read_text()), program, Provider(client, Wallet(depositor)))
        token = {
            "depositor": depositor.pubkey(), "source": account_of(depositor.pubkey(), mint), "mint": mint,
            "vault": account_of(treasury, mint), "token_program": TOKEN_PROGRAM_ID,
        }  # fmt: skip
        sol = {"depositor": depositor.pubkey(), "treasury": treasury, "system_program": SYSTEM}
        sent = [
            await deposits.rpc["deposit"](code, int(usdc), ctx=Context(accounts=token)),
            await deposits.rpc["deposit_sol"](code, int(lamports), ctx=Context(accounts=sol)),
        ]
    print(json.dumps([str(signature) for signature in sent]))


if __name__ == "__main__":
    asyncio.run(main())
