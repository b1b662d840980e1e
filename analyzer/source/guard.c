/* SPDX-License-Identifier: MIT */
/* guard.c: see guard.h. */
#include "analyzer/source/guard.h"

#include <stdbool.h>
#include <stdlib.h>

#include "analyzer/source/bt_error.h"

/* Data of a component. */
struct guard {
	struct ws_guard_params params;
	bt_self_component_filter *self; /* Weak */
};

/* Data of an iterator. */
struct guard_iterator {
	bt_message_iterator *upstream;        /* Owned by this */
	const struct ws_guard_params *params; /* Weak: the component's */
	bool failed;                          /* upstream failed: nothing follows */
};

/* Notes why the stream ends here. */
static void fail(struct guard_iterator *it)
{
	char cause[512];

	it->failed = true;
	ws_bt_error_take(cause, sizeof(cause));
	ws_notes_add(it->params->notes, "%s is damaged, what follows in it is lost: %s",
		     it->params->stream, cause);
	it->params->notes->packets++;
}

static bt_component_class_initialize_method_status
guard_initialize(bt_self_component_filter *self, bt_self_component_filter_configuration *config,
		 const bt_value *values, void *data)
{
	struct guard *guard = malloc(sizeof(*guard));

	(void)config;
	(void)values;
	if (!guard)
		return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_MEMORY_ERROR;
	*guard = (struct guard){ .params = *(const struct ws_guard_params *)data, .self = self };
	if (bt_self_component_filter_add_input_port(self, "in", NULL, NULL) ||
	    bt_self_component_filter_add_output_port(self, "out", NULL, NULL)) {
		free(guard);
		return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
	}
	bt_self_component_set_data(bt_self_component_filter_as_self_component(self), guard);
	return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

static void guard_finalize(bt_self_component_filter *self)
{
	free(bt_self_component_get_data(bt_self_component_filter_as_self_component(self)));
}

static bt_message_iterator_class_initialize_method_status
iterator_initialize(bt_self_message_iterator *self, bt_self_message_iterator_configuration *config,
		    bt_self_component_port_output *port)
{
	bt_self_component *component = bt_self_message_iterator_borrow_component(self);
	struct guard_iterator *it = calloc(1, sizeof(*it));
	struct guard *guard = bt_self_component_get_data(component);

	(void)config;
	(void)port;
	if (!it)
		return BT_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD_STATUS_MEMORY_ERROR;
	it->params = &guard->params;
	if (bt_message_iterator_create_from_message_iterator(
		    self, bt_self_component_filter_borrow_input_port_by_name(guard->self, "in"),
		    &it->upstream))
		fail(it);
	bt_self_message_iterator_set_data(self, it);
	return BT_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

static void iterator_finalize(bt_self_message_iterator *self)
{
	struct guard_iterator *it = bt_self_message_iterator_get_data(self);

	if (it)
		bt_message_iterator_put_ref(it->upstream);
	free(it);
}

static bt_message_iterator_class_next_method_status iterator_next(bt_self_message_iterator *self,
								  bt_message_array_const messages,
								  uint64_t capacity,
								  uint64_t *count)
{
	struct guard_iterator *it = bt_self_message_iterator_get_data(self);
	bt_message_array_const from;

	if (it->failed)
		return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_END;
	switch (bt_message_iterator_next(it->upstream, &from, count)) {
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
		/* All iterators of the library have the same capacity, so they fit. */
		for (uint64_t i = 0; i < *count && i < capacity; i++)
			messages[i] = from[i];
		/* ctf.fs hands out what it has before it fails, with the cause left in the thread,
		 * where the library's next call would find and abort on it. The failure comes again
		 * at the next turn. */
		bt_current_thread_clear_error();
		return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_OK;
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
		return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_END;
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_AGAIN:
		return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_AGAIN;
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_MEMORY_ERROR:
		return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_MEMORY_ERROR;
	default:
		fail(it);
		return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_END;
	}
}

bt_component_class_filter *ws_guard_class(void)
{
	bt_message_iterator_class *iterator = bt_message_iterator_class_create(iterator_next);
	bt_component_class_filter *class = NULL;

	if (!iterator)
		return NULL;
	bt_message_iterator_class_set_initialize_method(iterator, iterator_initialize);
	bt_message_iterator_class_set_finalize_method(iterator, iterator_finalize);
	class = bt_component_class_filter_create("guard", iterator);
	if (class) {
		bt_component_class_filter_set_initialize_method(class, guard_initialize);
		bt_component_class_filter_set_finalize_method(class, guard_finalize);
	}
	bt_message_iterator_class_put_ref(iterator);
	return class;
}
