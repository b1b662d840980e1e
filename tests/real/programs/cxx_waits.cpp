/* SPDX-License-Identifier: MIT */
/* cxx_waits: threads wait by std::mutex, condition_variable, counting_semaphore and atomic::wait.
 *
 * The lines that cxx_waits.py asks the report for are marked by a comment.
 */
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <semaphore>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

std::mutex gate;
std::mutex lock;
std::condition_variable ready;
std::counting_semaphore<8> tokens{1};
std::atomic<int> turn{0};

static long counter; /* under `gate` */
static int items;    /* under `lock` */

static void mutex_worker()
{
	for (int i = 0; i < 50; i++) {
		gate.lock(); /* waits for: mutex */
		counter++;
		std::this_thread::sleep_for(5ms);
		gate.unlock();
	}
}

static void cond_consumer()
{
	for (int i = 0; i < 25; i++) {
		std::unique_lock<std::mutex> guard(lock);

		while (items == 0)
			ready.wait(guard); /* waits for: cond */
		items--;
	}
}

static void cond_producer()
{
	for (int i = 0; i < 25; i++) {
		std::this_thread::sleep_for(10ms);
		std::lock_guard<std::mutex> guard(lock);

		items++;
		ready.notify_one();
	}
}

static void semaphore_worker()
{
	for (int i = 0; i < 25; i++) {
		tokens.acquire(); /* waits for: semaphore */
		std::this_thread::sleep_for(5ms);
		tokens.release();
	}
}

static void atomic_waiter()
{
	for (int i = 0; i < 25; i++) {
		turn.wait(0); /* waits for: atomic */
		turn = 0;
	}
}

static void atomic_notifier()
{
	for (int i = 0; i < 25; i++) {
		std::this_thread::sleep_for(10ms);
		turn = 1;
		turn.notify_one();
		while (turn != 0)
			std::this_thread::sleep_for(1ms);
	}
}

template <typename... Functions> static void together(Functions... functions)
{
	std::vector<std::thread> threads;

	(threads.emplace_back(functions), ...);
	for (auto &thread : threads)
		thread.join();
}

int main()
{
	together(mutex_worker, mutex_worker, mutex_worker, mutex_worker);
	together(cond_producer, cond_consumer);
	together(semaphore_worker, semaphore_worker, semaphore_worker);
	together(atomic_waiter, atomic_notifier);
	std::printf("counter %ld, items %d, turn %d\n", counter, items, turn.load());
	return counter == 200 ? 7 : 1;
}
