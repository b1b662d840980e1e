/* SPDX-License-Identifier: MIT */
/* symbols.cc: C++ names for test_symbols: namespaces, templates, the library's inline code. */
#include <mutex>

extern "C" {
void *sample_cc_return;  /* return address in pool::queue<int>::push() */
void *sample_cc_library; /* return address in std::lock_guard, which a header of the library defines */
void *sample_cc_data;    /* &pool::gate */
}

namespace pool
{
int gate;

__attribute__((noinline)) static void *return_address()
{
	__asm__ volatile("");
	return __builtin_return_address(0);
}

template <typename T> struct queue {
	__attribute__((noinline)) int push(T item)
	{
		sample_cc_return = return_address(); /* MARK push */
		return item + 1;
	}
};
} // namespace pool

/* A lock whose lock() is called from the library's own header, as std::mutex's is. */
struct probe {
	void lock() { sample_cc_library = __builtin_return_address(0); }
	void unlock() {}
};

extern "C" int sample_cc_run(int x)
{
	pool::queue<int> queue;
	probe probe;
	std::lock_guard<struct probe> guard(probe);

	sample_cc_data = &pool::gate;
	return queue.push(x + pool::gate);
}
