"""Side-by-side comparisons of speed and memory: `python -m benchmarks [NAME…]`."""
