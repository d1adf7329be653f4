"""KoNLPy's own loop over texts on standard input: prints how many it tags a second, without its start."""

from __future__ import annotations

import json
import sys
import time


def main() -> None:
    """Tags each text as `etl` would ask Okt to: normalised and stemmed."""
    from etl.settings import Tag
    from etl.tagging.taggers import load

    texts = [text for text in json.load(sys.stdin) if text.strip()]
    tag = load(Tag())
    tag(texts[0])
    start = time.perf_counter()
    for text in texts:
        tag(text)
    print(len(texts) / (time.perf_counter() - start))


if __name__ == "__main__":
    main()
