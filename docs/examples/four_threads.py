"""four_threads.py: what ./quickstart records: four threads that compute, in an interpreter that lets
one of them run at a time. The others wait for its lock, the GIL."""
import threading


def work():
    sum(i * i for i in range(2_000_000))


threads = [threading.Thread(target=work, name=f"worker-{n}") for n in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
