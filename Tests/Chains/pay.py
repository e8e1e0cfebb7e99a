"""Pays what a URL asks for, as a wallet does, on a test chain:

    pay.py URL NODE [AMOUNT]

URL is `ethereum:…` (ERC-681) or `solana:…` (Solana Pay), as `GET /v1/deposit` and every 402 for want of money tell it; NODE is the
chain's JSON-RPC. AMOUNT is in whole coins, where the URL names none. Prints the transaction. The payer is an account that every test
chain has; the clients are web3 and solana-py, as they are.
"""

import asyncio
import sys
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

WORDS, PATH = "test test test test test test test test test test test junk", "m/44'/60'/0'/0/1"
KINDS = {"transfer": ["address", "uint256"], "transferWithMemo": ["address", "uint256", "bytes32"]}


def fields_of(url):
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def pay_ethereum(url, node, amount):
    from eth_account import Account
    from web3 import HTTPProvider, Web3

    Account.enable_unaudited_hdwallet_features()
    payer, chain = Account.from_mnemonic(WORDS, account_path=PATH), Web3(HTTPProvider(node))
    target, function = urlsplit(url).path.split("/")
    token, number = target.split("@")
    fields = fields_of(url)
    units = int(fields["uint256"]) if "uint256" in fields else int(Decimal(amount) * 10**6)
    values = [fields["address"], units]
    if "bytes32" in fields:
        values.append(bytes.fromhex(fields["bytes32"][2:]))
    inputs = [{"name": f"p{place}", "type": kind} for place, kind in enumerate(KINDS[function])]
    abi = [{"type": "function", "name": function, "inputs": inputs, "outputs": [], "stateMutability": "nonpayable"}]
    call = chain.eth.contract(chain.to_checksum_address(token), abi=abi).functions[function](*values)
    fees = {"gas": 500_000, "maxFeePerGas": 2 * 10**10, "maxPriorityFeePerGas": 10**9}
    nonce = chain.eth.get_transaction_count(payer.address)
    made = call.build_transaction({"from": payer.address, "nonce": nonce, "chainId": int(number)} | fees)
    return chain.to_hex(chain.eth.send_raw_transaction(payer.sign_transaction(made).raw_transaction))


def pay_solana(url, node, amount):
    import solana_payer as payer
    from solana.rpc.async_api import AsyncClient
    from solders.message import Message
    from solders.pubkey import Pubkey
    from solders.transaction import VersionedTransaction

    fields, treasury = fields_of(url), Pubkey.from_string(urlsplit(url).path)
    coins = Decimal(fields.get("amount") or amount)
    references = [Pubkey.from_string(fields["reference"])] if "reference" in fields else []
    if "spl-token" in fields:
        transfer = payer.pay(int(coins * 10**6), to=treasury, mint=Pubkey.from_string(fields["spl-token"]), references=references)
    else:
        transfer = payer.pay_sol(int(coins * 10**9), to=treasury, references=references)
    instructions = [*([payer.memo(fields["memo"])] if "memo" in fields else []), transfer]

    async def sent():
        async with AsyncClient(node) as client:
            blockhash = (await client.get_latest_blockhash()).value.blockhash
            message = Message.new_with_blockhash(instructions, payer.USER.pubkey(), blockhash)
            raw = bytes(VersionedTransaction(message, [payer.USER]))
            return str((await client.send_raw_transaction(raw)).value)

    return asyncio.run(sent())


def main():
    url, node, amount = [*sys.argv[1:], None][:3]
    pay = {"ethereum": pay_ethereum, "solana": pay_solana}[urlsplit(url).scheme]
    print(pay(url, node, amount))


if __name__ == "__main__":
    main()
