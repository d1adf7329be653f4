"""The order in which Scala 2.12 goes through an immutable set of pairs of strings.

Where a form comes from several stems, open-korean-text takes the last in this order. Restated from
MurmurHash3.productHash, HashSet.improve and HashTrieSet of the Scala library (Apache-2.0).
"""

from __future__ import annotations

_BITS = 0xFFFFFFFF
_SEED = 0xCAFEBABE
_LEVELS = range(0, 32, 5)  # each level of the tree goes by five bits


def place(first: str, second: str) -> tuple[int, ...]:
    """Where a pair stands: pairs come in the order of their places."""
    key = _improved(_hash_of_pair(_hash_of_string(first), _hash_of_string(second)))
    return tuple(key >> level & 31 for level in _LEVELS)


def _hash_of_string(text: str) -> int:
    """`String.hashCode`, of characters up to U+FFFF."""
    number = 0
    for character in text:
        number = (31 * number + ord(character)) & _BITS
    return number


def _hash_of_pair(first: int, second: int) -> int:
    number = _SEED
    for part in (first, second):
        mixed = _rotated(part * 0xCC9E2D51 & _BITS, 15) * 0x1B873593 & _BITS
        number = (_rotated(number ^ mixed, 13) * 5 + 0xE6546B64) & _BITS
    number ^= 2  # how many parts there are
    number = (number ^ number >> 16) * 0x85EBCA6B & _BITS
    number = (number ^ number >> 13) * 0xC2B2AE35 & _BITS
    return number ^ number >> 16


def _improved(number: int) -> int:
    number = (number + ~(number << 9)) & _BITS
    number ^= number >> 14
    number = (number + (number << 4)) & _BITS
    return number ^ number >> 10


def _rotated(number: int, bits: int) -> int:
    return (number << bits | number >> 32 - bits) & _BITS
