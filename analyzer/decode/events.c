/* SPDX-License-Identifier: MIT */
/* events.c: what several events name in the same way: objects, and who holds them. */
#include "analyzer/decode/state.h"

int ws_decode_event_hold(struct ws_decode *d, uint32_t process, uint64_t site, uint32_t stack,
			 struct ws_holder *holder)
{
	int r = ws_decode_code(d, process, site, &holder->site);

	return r ? r : ws_decode_stack(d, process, stack, &holder->stack);
}

int ws_decode_event_holder(struct ws_decode *d, uint32_t process, bool own, uint64_t at_ns,
			   int32_t tid, uint64_t site, uint32_t stack, struct ws_holder *to)
{
	int r = ws_decode_holder(d, process, tid, own, at_ns, &to->thread);

	return r ? r : ws_decode_event_hold(d, process, site, stack, to);
}

int ws_decode_event_object(struct ws_decode *d, uint32_t process, uint8_t kind, uint64_t address,
			   uint64_t other, uint64_t at_ns, struct ws_object_key *key,
			   uint32_t *data)
{
	uint32_t thread;
	int r;

	*data = WS_UNKNOWN;
	if (kind != WS_KIND_THREAD) {
		ws_decode_object(d, process, kind, address, other, key);
		return ws_kind_naming(kind) == WS_NAMED_BY_ADDRESS
			       ? ws_decode_data(d, process, address, data)
			       : 0;
	}
	if (other == 0) {
		/* Only its handle is known: an object of its own, and no thread of tid 0. */
		*key = (struct ws_object_key){ .kind = WS_KIND_THREAD,
					       .offset = address,
					       .process = process };
		return 0;
	}
	r = ws_decode_thread(d, process, (int32_t)other, at_ns, &thread);
	if (!r)
		ws_decode_thread_object(thread, key);
	return r;
}
