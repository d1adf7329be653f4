"""Asks `etl serve` over loopback: 64 sentences a request against `etl predict`, and single ones at a rate.

The one who asks takes part of the same cores, as one on this machine does. Requests are made before the clock
starts, and both loads are bounded in count and in time.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from benchmarks.measure import ROOT, Run, Setup, make_input
from benchmarks.nsmc_growth import REVIEWS
from benchmarks.report import Comparison, Target

IMPORTS: dict[str, tuple[str, ...]] = {}
LEAST_SHARE, MOST_MILLISECONDS = 0.8, 50.0
TOKEN = "0123456789abcdefghij"
SENTENCES, A_REQUEST, CONNECTIONS = 100_000, 64, 96
RATE, SECONDS = 100, 20
_MOST_SECONDS = 300.0
_WORKERS = 2


@dataclass(frozen=True)
class Server:
    """A running `etl serve`."""

    port: int
    process: subprocess.Popen[str]


def run(setup: Setup) -> Comparison:
    """Times both loads, and `etl predict` in turn with the first; a start is in no figure."""
    title = f"Serve: okt and bilstm, {_WORKERS} workers, {A_REQUEST} sentences a request, against etl predict"
    if not REVIEWS.exists():
        return Comparison(title, skipped="../shared/data/nsmc is not here")
    count = setup.size(SENTENCES)
    folder = make_input("benchmarks.predict", setup, "okt-model", count)
    runs: dict[str, list[Run]] = {"etl predict": [], "etl serve": []}
    reviews = (folder / "reviews.txt").read_text(encoding="utf-8").splitlines()[:count]
    bodies = [_request(reviews[at : at + A_REQUEST]) for at in range(0, count, A_REQUEST)]
    with _serve(folder / "model") as server:
        asyncio.run(_flood(server.port, bodies[:CONNECTIONS]))
        for _ in range(setup.rounds):
            runs["etl predict"].append(_predict_apart(folder))
            before, _ = _use_of(server.process.pid)
            seconds = asyncio.run(_flood(server.port, bodies))
            cpu_seconds, peak_bytes = _use_of(server.process.pid)
            runs["etl serve"].append(Run(seconds, seconds, cpu_seconds - before, peak_bytes, 0, {}))
        latencies = sorted(asyncio.run(_ask_steadily(server.port, reviews)))
    return Comparison(title, runs, *_judge(runs, latencies, count))


def _judge(runs: dict[str, list[Run]], latencies: list[float], count: int) -> tuple[list[Target], list[str]]:
    own, theirs = (median(each.work_seconds for each in runs[name]) for name in ("etl serve", "etl predict"))
    share = theirs / own
    p50, p99 = (1000 * latencies[int(len(latencies) * part)] for part in (0.5, 0.99))
    notes = [
        f"etl predict: {count / theirs:,.0f} sentences/s, etl serve: {count / own:,.0f} sentences/s, "
        f"{CONNECTIONS} connections",
        f"single sentences, {RATE} a second for {SECONDS} s: half in {p50:.1f} ms, 99 % in {p99:.1f} ms",
    ]
    targets = [
        Target(
            "rate: etl serve / etl predict",
            f"at least {LEAST_SHARE}",
            f"{share:.2f}",
            share,
            share >= LEAST_SHARE,
        ),
        Target(
            f"99 % of single sentences, {RATE} a second",
            f"within {MOST_MILLISECONDS:g} ms",
            f"{p99:.1f} ms",
            p99,
            p99 <= MOST_MILLISECONDS,
        ),
    ]
    return targets, notes


def _predict_apart(folder: Path) -> Run:
    command = [sys.executable, "-m", "benchmarks.serving", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    seconds, cpu_seconds, peak_bytes = map(float, done.stdout.split())
    return Run(seconds, seconds, cpu_seconds, int(peak_bytes), 0, {})


def main() -> None:
    """Runs `etl predict MODEL reviews.txt --split line` after its start; prints what it used."""
    import io

    from etl.models.inference.classifier import open_classifier
    from etl.models.inference.documents import classify_inputs
    from etl.models.inference.options import PredictOptions

    folder = Path(sys.argv[1])
    options = PredictOptions(split="line", kind="post")
    with open_classifier(folder / "model", workers=_WORKERS) as classifier:
        for source in ("a", str(folder / "reviews.txt")):  # the first loads what is loaded when it is needed
            start, before = time.perf_counter(), time.process_time()
            answers = classify_inputs(classifier, [source], options, stdin=io.BytesIO(), workers=_WORKERS)
            for _ in answers:
                pass
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - before
    print(seconds, cpu_seconds, _use_of(os.getpid())[1])


def _use_of(process: int) -> tuple[float, int]:
    """Returns the processor seconds and the most bytes that a process has used, as Linux tells."""
    folder = Path(f"/proc/{process}")
    after_name = (folder / "stat").read_text().rpartition(")")[2].split()
    peak = (folder / "status").read_text().partition("VmHWM:")[2].split()[0]
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK"), 1024 * int(peak)


@contextmanager
def _serve(model: Path) -> Iterator[Server]:
    command = [sys.executable, "-m", "etl", "serve", str(model), "--port", "0", "--workers", str(_WORKERS)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ETL_SERVE_TOKEN": TOKEN}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline()
            yield Server(int(address.rpartition(":")[2].strip().rstrip("/")), process)
        finally:
            process.send_signal(signal.SIGINT)


def _request(texts: list[str]) -> bytes:
    body = json.dumps({"texts": texts}, ensure_ascii=False).encode()
    head = (
        "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Connection:
    """A connection that is kept for the next request."""

    def __init__(self, port: int):
        self.port = port

    async def open(self) -> Connection:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 22)
        return self

    async def ask(self, request: bytes) -> None:
        """Sends a request and reads its answer.

        Raises:
            ValueError: it is refused.
        """
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = await self.reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 200"):
            raise ValueError(body.decode())


async def _flood(port: int, requests: list[bytes]) -> float:
    """Sends all requests, as many at a time as there are connections; returns the seconds."""
    connections = [await Connection(port).open() for _ in range(CONNECTIONS)]
    left = iter(requests)

    async def ask(connection: Connection) -> None:
        for request in left:  # shared: each takes the next
            await connection.ask(request)
        connection.writer.close()

    start = time.perf_counter()
    async with asyncio.timeout(_MOST_SECONDS):
        await asyncio.gather(*map(ask, connections))
    return time.perf_counter() - start


async def _ask_steadily(port: int, reviews: list[str]) -> list[float]:
    """Asks one sentence at a time, `RATE` times a second; returns how long each waited, in seconds.

    The clock of a request starts when it was due, so that a late answer makes those behind it late, too.
    """
    requests = [_request([text]) for text in islice(cycle(reviews), RATE * SECONDS)]
    free: deque[Connection] = deque()
    start = time.perf_counter() + 0.1

    async def ask(number: int) -> float:
        due = start + number / RATE
        await asyncio.sleep(due - time.perf_counter())
        connection = free.popleft() if free else await Connection(port).open()
        await connection.ask(requests[number])
        free.append(connection)
        return time.perf_counter() - due

    async with asyncio.timeout(_MOST_SECONDS):
        waited = await asyncio.gather(*map(ask, range(len(requests))))
    for connection in free:
        connection.writer.close()
    return waited


if __name__ == "__main__":
    main()
