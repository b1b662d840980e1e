"""python_pool.py: three workers of a multiprocessing.Pool, then two producers for a queue that holds
two items, from which the parent takes its time to get."""
import multiprocessing
import sys
import time

ITEM_S = 0.01


def work(n):
    time.sleep(ITEM_S)
    return n * n


def produce(queue, value):
    for _ in range(20):
        queue.put(value)


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    with multiprocessing.Pool(3) as pool:
        print("squares", sum(pool.imap_unordered(work, range(60))))
        print("squares", sum(pool.map(work, range(60), chunksize=5)))
        pool.close()
        pool.join()
    queue = multiprocessing.Queue(2)
    producers = [multiprocessing.Process(target=produce, args=(queue, n)) for n in (1, 2)]
    for producer in producers:
        producer.start()
    total = 0
    for _ in range(40):
        time.sleep(ITEM_S)
        total += queue.get()
    for producer in producers:
        producer.join()
    print("total", total)
    sys.exit(4)
