# SPDX-License-Identifier: MIT
"""Times the analyzer's ring against one of a pthread mutex and conditions, and against copying alone.

For `tests/bench/run ring`. Each shape is run in turn by all three; a ratio is the median of the
ratios of the turns, since the machine's speed drifts.
"""
import statistics

# producers, consumers, capacity, bytes of a batch
SHAPES = [(1, 1, 8, 64), (1, 1, 8, 4096), (1, 1, 8, 65536), (1, 1, 1, 64), (2, 2, 8, 64), (2, 2, 8, 65536),
          (4, 1, 8, 4096), (1, 4, 8, 4096), (8, 8, 64, 4096)]
WAYS = ["ours", "pthread", "memcpy"]


def run(program, figure, runs):
    """Prints a line a shape; what it printed, for --json; and whether ours was slower than pthread's
    by more than noise explains: all but one of the turns, and 10 % on the median."""
    print(f"\nring: {runs} runs each, in turn; medians, ns a batch and of the ratios of each turn")
    print("  producers consumers capacity  bytes       ours    pthread     memcpy  ours/pthread  ours/memcpy")
    results, slower = {}, False
    for shape in SHAPES:
        words = [str(n) for n in shape]
        figures = {way: [] for way in WAYS}
        for _ in range(runs):
            for way in WAYS:
                figures[way].append(figure([program, way, *words]))
        turns = list(zip(*(figures[way] for way in WAYS)))
        ratio = statistics.median(ours / pthread for ours, pthread, _ in turns)
        limit = statistics.median(ours / memcpy for ours, _, memcpy in turns)
        lost = sum(ours > pthread for ours, pthread, _ in turns)
        over = ratio > 1.10 and lost >= runs - 1
        slower |= over
        medians = {way: statistics.median(values) for way, values in figures.items()}
        print(f"  {shape[0]:9} {shape[1]:9} {shape[2]:8} {shape[3]:6} "
              f"{medians['ours']:10.0f} {medians['pthread']:10.0f} {medians['memcpy']:10.0f} "
              f"{ratio:11.2f} x {limit:10.2f} x{'  SLOWER' if over else ''}", flush=True)
        results["ring " + " ".join(words)] = {"ns_per_op": figures, "median_ns": medians,
                                              "to_pthread": ratio, "to_memcpy": limit}
    return results, slower
