"""python_threads.py: threads compete for a Lock, and one takes their results from a Queue."""
import queue
import threading
import time

THREADS, ROUNDS, HOLD_S = 4, 50, 0.005

lock = threading.Lock()
results = queue.Queue()
total = 0


def work():
    global total
    for number in range(ROUNDS):
        with lock:
            total += number
            time.sleep(HOLD_S)
        results.put(number)


def collect():
    print("sum", sum(results.get() for _ in range(THREADS * ROUNDS)))


threads = [threading.Thread(target=work, name=f"worker-{n}") for n in range(THREADS)]
threads.append(threading.Thread(target=collect, name="collector"))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("total", total)
raise SystemExit(3)
