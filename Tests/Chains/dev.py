"""`make dev CHAINS=1`: a Tempo and a Solana test chain, and `farebox dev` on them.

    dev.py FAREBOX [ARGUMENT ...]

Prints, behind what farebox prints, commands that deposit from a stock client. The books are forgotten with the chains.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

CHAINS = Path(__file__).resolve().parent
sys.path.insert(0, str(CHAINS.parent / "Journeys"))
TEMPO, PATH_USD = 42431, "0x20c0000000000000000000000000000000000000"


def main():
    from chains import EVMNode, SolanaNode, evm_account

    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"farebox-chains-{os.getpid()}"
    folder.mkdir(mode=0o700)
    # Ctrl-C is farebox's, which then drains; the chains go with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempo, solana = EVMNode(folder, TEMPO, [PATH_USD]), SolanaNode(folder, slot_milliseconds=400)
    own = {
        "FAREBOX_CHAINS": "tempo-testnet,solana-devnet",
        "TEMPO_TESTNET_TREASURY": evm_account(9).address,
        "TEMPO_TESTNET_RPC_URL": tempo.url,
        "TEMPO_TESTNET_FINALITY": "0",
        "SOLANA_TREASURY": str(solana.payer.TREASURY.pubkey()),
        "SOLANA_RPC_URL": solana.url,
        "SOL_USDC_RATE": "150",
        "FAREBOX_DEPOSIT_SECONDS": "1",
    }
    restored = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    command = [sys.argv[1], "dev", "--directory", folder, *sys.argv[2:]]
    farebox = subprocess.Popen(command, env=os.environ | own, stdout=subprocess.PIPE, text=True, **restored)
    try:
        follow(farebox, {"tempo-testnet": tempo.url, "solana-devnet": solana.url})
    finally:
        tempo.kill()
        solana.kill()
        farebox.wait()
        shutil.rmtree(folder)
    return farebox.returncode


def follow(farebox, nodes):
    """Passes on what farebox prints, and then how to pay."""
    told = ""
    for line in farebox.stdout:
        print(line, end="", flush=True)
        told += line
        if line.startswith("Ctrl-C"):
            url, key = re.search(r"listening on (\S+)", told)[1], re.search(r"^ +key +(\S+)", told, re.MULTILINE)[1]
            print(guide(url, key, nodes), flush=True)


def guide(url, key, nodes):
    request = urllib.request.Request(f"{url}/v1/deposit", headers={"authorization": f"Bearer {key}"})
    offers = json.load(urllib.request.urlopen(request))["deposits"]
    lines = ["", "Deposit from a stock client, and see it credited:", ""]
    for offer in offers:
        coins = "0.05" if offer["asset"] == "sol" else "5"
        lines.append(f"  {sys.executable} {CHAINS / 'pay.py'} '{offer['url']}' {nodes[offer['chain']]} {coins}")
        lines.append("")
    return "\n".join([*lines, f"  curl {url}/proxy/{key}/balance"])


if __name__ == "__main__":
    sys.exit(main())
