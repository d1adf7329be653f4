"""Deciphers the sections of a HWP 5 file that was saved for distribution, which ask for no password.

The scheme is Hancom's "Hangul Document File Format 5.0: documents for distribution", revision 1.2: a record
of 256 bytes, scrambled by the generator of Microsoft's C library, holds the key of the AES-128 that follows.
"""

from __future__ import annotations

import struct

from etl.documents.hwp import damage
from etl.language.message import tr

DISTRIBUTE_DOC_DATA = 28
RECORD_BYTES, KEY_BYTES = 256, 16


def decipher(section: bytes, name: str) -> bytes:
    """Returns the section as it would stand in `BodyText`, compressed if the file is.

    Args:
        section: a stream of `ViewText`.
        name: of the file, for errors.

    Raises:
        InputError: the record with the key is not there, or the package cryptography is not installed.
    """
    damage.require("cryptography", name)
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import ECB

    header = int.from_bytes(section[:4], "little")
    if (
        header & 0x3FF != DISTRIBUTE_DOC_DATA
        or header >> 20 != RECORD_BYTES
        or len(section) < 4 + RECORD_BYTES
    ):
        raise damage.damaged(name, "HWP", tr("expected the key of a document for distribution, got none"))
    record, ciphered = section[4 : 4 + RECORD_BYTES], section[4 + RECORD_BYTES :]
    decryptor = Cipher(AES(_key(record)), ECB()).decryptor()  # noqa: S305 - the form has it so
    deciphered: bytes = decryptor.update(ciphered[: len(ciphered) // 16 * 16])
    return deciphered


def _key(record: bytes) -> bytes:
    (seed,) = struct.unpack_from("<I", record)
    plain = scramble(record, seed)
    start = 4 + (seed & 0xF)
    return plain[start : start + KEY_BYTES]


def scramble(record: bytes, seed: int) -> bytes:
    """Scrambles a record, or the other way round; its first four bytes, the seed, stay.

    Args:
        record: of 256 bytes.
        seed: of the generator.
    """
    mask = bytearray()
    state = seed
    while len(mask) < RECORD_BYTES:
        drawn = []
        for _ in range(2):
            state = (state * 214013 + 2531011) & 0xFFFFFFFF
            drawn.append(state >> 16)
        mask += bytes([drawn[0] & 0xFF]) * ((drawn[1] & 0xF) + 1)
    return record[:4] + bytes(
        byte ^ other for byte, other in zip(record[4:], mask[4:RECORD_BYTES], strict=True)
    )
