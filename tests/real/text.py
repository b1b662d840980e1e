"""text.py: text for compressors: words from a fixed dictionary, the same in each run."""
import random


def words(size):
    chance = random.Random(1)
    dictionary = [bytes(chance.choices(b"abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 10)))
                  for _ in range(4000)]
    line = b" ".join(chance.choices(dictionary, k=200_000)) + b"\n"
    lines = [line]
    while len(lines) * len(line) < size:
        # Moved on by a prime, so that no block is like another.
        line = line[7919:-1] + b" " + line[:7919] + b"\n"
        lines.append(line)
    return b"".join(lines)[:size]
