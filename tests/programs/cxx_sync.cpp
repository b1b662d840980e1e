/* SPDX-License-Identifier: MIT */
/* cxx_sync: a C++ program waits by std::mutex, condition_variable, counting_semaphore,
 * atomic::wait.
 *
 * Truth: 2 waits on `gate`; 2 on `ready`; 2 futex waits each on `items` and `flag`, which libstdc++
 * makes of the last two. Library code is inlined or not: the functions are anywhere in the stacks.
 */
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <semaphore>

#include "tests/support/truth.h"

enum { ROUNDS = 2, HOLD_NS = 25000000 };

std::mutex gate, lock;
std::condition_variable ready;
std::counting_semaphore<8> items{ 0 };
std::atomic<int> flag{ 0 };
std::atomic<bool> go{ false };

static const truth_object gate_object = TRUTH_OBJECT("mutex", gate);
static const truth_object ready_object = TRUTH_OBJECT("cond", ready);
static const truth_object items_object = TRUTH_OBJECT("futex", items);
static const truth_object flag_object = TRUTH_OBJECT("futex", flag);

static void wait_mutex(void *)
{
	TRUTH_WAIT_TAKE(&gate_object, gate.lock());
	TRUTH_RELEASE(&gate_object, 0, gate.unlock());
}

static void wait_cond(void *)
{
	std::unique_lock<std::mutex> guard(lock);

	while (!go)
		TRUTH_WAIT(&ready_object, "acquired", ready.wait(guard));
	go = false;
}

static void wait_semaphore(void *)
{
	TRUTH_WAIT(&items_object, "acquired", items.acquire());
}

static void wait_atomic(void *)
{
	TRUTH_WAIT(&flag_object, "acquired", flag.wait(0));
}

static void start(truth_thread *thread, void (*function)(void *), const truth_object *object)
{
	truth_start(thread, function, nullptr);
	truth_until_blocked(thread->tid, object);
	truth_sleep_ns(HOLD_NS);
}

int main()
{
	for (int round = 0; round < ROUNDS; round++) {
		truth_thread thread;

		TRUTH_TAKE(&gate_object, gate.lock());
		start(&thread, wait_mutex, &gate_object);
		TRUTH_RELEASE(&gate_object, 1, gate.unlock());
		truth_join(&thread);

		start(&thread, wait_cond, &ready_object);
		{
			std::lock_guard<std::mutex> guard(lock);
			go = true;
		}
		TRUTH_RELEASE(&ready_object, 1, ready.notify_one());
		truth_join(&thread);

		start(&thread, wait_semaphore, &items_object);
		TRUTH_RELEASE(&items_object, 1, items.release());
		truth_join(&thread);

		flag = 0;
		start(&thread, wait_atomic, &flag_object);
		flag = 1;
		TRUTH_RELEASE(&flag_object, 1, flag.notify_all());
		truth_join(&thread);
	}
	truth_value("any_frame", 1);
	truth_print();
	return 0;
}
