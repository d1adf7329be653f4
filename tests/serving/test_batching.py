"""Batches of several requests, without a server."""

from support.patience import PATIENCE

from etl.serving.batching import Batcher


def test_an_interrupt_that_reaches_a_thread_loses_no_answer() -> None:
    interrupts = iter([KeyboardInterrupt()])

    def lengths(texts: list[str]) -> list[int]:
        # As a query of polars does where Ctrl-C finds it.
        for interrupt in interrupts:
            raise interrupt
        return [len(text) for text in texts]

    with Batcher(lengths, workers=1, max_waiting=10) as batcher:
        assert batcher.submit(["가", "나다"]).result(timeout=PATIENCE) == [1, 2]
        assert batcher.submit(["라"]).result(timeout=PATIENCE) == [1]


def test_an_error_of_one_request_is_not_that_of_another() -> None:
    def lengths(texts: list[str]) -> list[int]:
        if "나쁜 글" in texts:
            raise ValueError(texts)
        return [len(text) for text in texts]

    with Batcher(lengths, workers=1, max_waiting=10) as batcher:
        bad, good = batcher.submit(["나쁜 글"]), batcher.submit(["가"])
        assert isinstance(bad.exception(timeout=PATIENCE), ValueError)
        assert good.result(timeout=PATIENCE) == [1]
