/* SPDX-License-Identifier: MIT */
/* library.cpp: the library's header in C++, and what it declares with C's names: it links. */
#include <cstdio>
#include <vector>

#include <waitscope/analysis.h>

static int add(void *user, const struct ws_analysis_wait *wait)
{
	static_cast<std::vector<uint64_t> *>(user)->push_back(wait->end_ns - wait->begin_ns);
	return 0;
}

int main(int argc, char **argv)
{
	std::vector<uint64_t> waits;
	struct ws_analysis *analysis;
	uint64_t ns = 0;

	if (argc < 2 || ws_analysis_new(&analysis) < 0)
		return 1;
	if (ws_analysis_add_trace(analysis, argv[1]) < 0 ||
	    ws_analysis_set(analysis, "waits", "yes") < 0 || ws_analysis_run(analysis) < 0 ||
	    ws_analysis_each_wait(analysis, add, &waits) < 0) {
		std::fprintf(stderr, "%s\n", ws_analysis_error(analysis));
		ws_analysis_free(analysis);
		return 1;
	}
	for (uint64_t wait : waits)
		ns += wait;
	bool same = ns == ws_analysis_get_summary(analysis)->wait_ns && !waits.empty();
	ws_analysis_free(analysis);
	return same ? 0 : 1;
}
