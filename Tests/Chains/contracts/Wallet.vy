# pragma version 0.4.3
# A wallet that is a contract: what its owner has signed is signed by it (ERC-1271).

interface Token:
    def transfer(to: address, amount: uint256) -> bool: nonpayable

# The fourth of the accounts that every test chain has.
OWNER: constant(address) = 0x90F79bf6EB2c4f870365E785982E1f101E93b906


@external
@view
def isValidSignature(digest: bytes32, signature: Bytes[65]) -> bytes4:
    r: uint256 = convert(slice(signature, 0, 32), uint256)
    s: uint256 = convert(slice(signature, 32, 32), uint256)
    v: uint256 = convert(slice(signature, 64, 1), uint256)
    assert ecrecover(digest, v, r, s) == OWNER, "not signed by the owner"
    return 0x1626ba7e


@external
def pay(token: address, to: address, amount: uint256):
    assert msg.sender == OWNER
    extcall Token(token).transfer(to, amount)
