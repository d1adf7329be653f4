"""Several transfers at once: what ends one ends all of them."""

import asyncio

import pytest
from fsspec.asyn import get_loop, sync

from etl.storage.remote import transfer_all


def test_an_error_ends_transfers_that_have_begun_and_those_that_are_about_to() -> None:
    def transfer(item: int) -> None:
        if item == 3:
            raise OSError("the server has had enough")
        sync(get_loop(), asyncio.sleep, 3600)

    for _ in range(20):
        with pytest.raises(OSError, match="had enough"):
            transfer_all(transfer, range(8))
