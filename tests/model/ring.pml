/* SPDX-License-Identifier: MIT */
/* ring.pml: the lock and the ring of analyzer/ring as steps that spin can put into every order.
 *
 * Each atomic step of lock.c and ring.c is one here and carries its label; `check labels` holds the
 * two sets of labels against each other. Behind a label stands how `check mutant` breaks that step:
 * each broken model has to be rejected.
 *
 *   split  the step's parts become steps of their own
 *   drop   the step is left out
 *   late   the step is taken after the lock is given back
 *   once   the thread looks before it sleeps, but not again afterwards
 *
 * What is checked: mutual exclusion, no deadlock and so no lost wake-up, each batch delivered once
 * and in its producer's order, the ends' results, that no wake is made when nobody sleeps, and no
 * more than one for each sleep.
 *
 * Variants, by -D. Producers (P) put two batches each unless it says otherwise; the capacity is 2.
 *   LOCK    3 threads and the lock alone, each takes it twice
 *   DRAIN   2 P, and a thread that empties the ring by drain, after which it is closed
 *   ENDS    1 P with three batches, 1 consumer (C), a thread that closes and one that cancels, at
 *           any moment
 *   FEW     2 P, of which the second puts one batch, 2 C; the last P closes
 *   CANCEL  the same, but a C cancels after a batch
 *   FLOW    as FEW with all 4 batches; the kernel never returns for no reason, which saves half
 *
 * Where the model is not the C source:
 *   - spin knows sequential consistency only. The source argues each weaker order.
 *   - Between take and give all is one step: what is asserted first, that no other thread is
 *     inside, makes it so.
 *   - How long a thread spins for the lock is left open: it gets it then, or not. A failed look
 *     changes nothing, so that it is the same as having come later; therefore only LOCK, which has
 *     the states to spare, has [lock.2]. The spinning before the lock is taken for the ring only
 *     passes time, and is left out.
 *   - try_put and try_get are put and get that do not sleep, and are left out.
 *   - A gate's word starts again at 0 when no thread has noted it. So it never wraps here, where
 *     the C source counts on 2^32 being enough.
 */
#ifdef LOCK
#define THREADS 3
#define ROUNDS  2
#elif defined(DRAIN)
#define PRODUCERS 2
#define CONSUMERS 0
#define THREADS   3
#elif defined(ENDS)
#define PRODUCERS 1
#define CONSUMERS 1
#define THREADS   4
#else
#define PRODUCERS 2
#define CONSUMERS 2
#define THREADS   4
#endif

#define CAPACITY 2

/* That each producer puts. With one producer it takes three for the ring to be full for it. */
#ifdef ENDS
#define BATCHES 3
#else
#define BATCHES 2
#endif

#if defined(FEW) || defined(CANCEL)
#define TO_PUT(producer) (producer == 0 -> BATCHES : 1)
#else
#define TO_PUT(producer) BATCHES
#endif

/* At most so many returns of the kernel's for no reason: if they never ended, each sleeper would
 * go on some time, and no wake-up would ever be lost. */
#ifdef FLOW
#define SPURIOUS 0
#else
#define SPURIOUS 1
#endif

/* The futexes: whose words they are. A thread is `at` one of them while it sleeps. */
#define WORD      0
#define NOT_EMPTY 1
#define NOT_FULL  2
#define NOWHERE   3

byte word[3];
byte at[THREADS];
byte spurious; /* returns for no reason that are left */

/* struct ws_ring */
byte batches[CAPACITY];
byte first, n;
bool closed, cancelled;
byte sleepers[3], woken[3];

/* What a call returns. */
#define DONE      0
#define CLOSED    1
#define CANCELLED 2

/* What is asserted. */
byte inside;              /* threads that have the lock */
byte asleep[3];           /* threads that sleep at a gate, or are on their way there or back */
byte announced[3];        /* wakes, of which no thread has returned yet */
byte sent[2], arrived[2]; /* batches, by producer */
byte producers_left;
bool may_end; /* somebody closes or cancels who is not the last producer */

/* The kernel */

/* Compares and falls asleep in one step; returns when woken, or for no reason. */
inline futex_wait(futex, value)
{
	atomic {
		if
		:: word[futex] == value -> at[me] = futex
		:: else
		fi
	};
	until_woken()
}

/* No futex: what [lock.4] and [sleep.3] are when broken by `split`. */
inline broken_futex_wait(futex, value)
{
	if
	:: word[futex] == value -> at[me] = futex
	:: else
	fi;
	until_woken()
}

inline until_woken()
{
	if
	:: at[me] == NOWHERE
	:: atomic { at[me] != NOWHERE && spurious > 0 -> spurious--; at[me] = NOWHERE }
	fi
}

#define WAKE(t) at[t] == futex && left > 0 -> at[t] = NOWHERE; left--

/* Wakes `most`, whichever, of those asleep, or all if they are fewer. */
inline futex_wake(futex, most)
{
	atomic {
		left = most;
		do
		:: WAKE(0)
		:: WAKE(1)
		:: WAKE(2)
#if THREADS > 3
		:: WAKE(3)
#endif
		:: else -> break
		od;
		left = 0
	}
}

/* lock.c */

#ifdef LOCK
#define SPIN spin()
#else
#define SPIN skip
#endif

/* Is lucky or is not. */
inline spin()
{
	if
	:: got
	:: !got ->
		if
		/* [lock.2] split */
		:: atomic { word[WORD] == 0 -> word[WORD] = 1; inside++; got = true }
		:: skip
		fi
	fi
}

inline lock_take()
{
	/* [lock.1] split */
	atomic { got = word[WORD] == 0; if :: got -> word[WORD] = 1; inside++ :: else fi };
	SPIN;
	do
	:: got -> break
	:: !got ->
		/* [lock.3] split */
		atomic { got = word[WORD] == 0; word[WORD] = 2; if :: got -> inside++ :: else fi };
		if
		:: got
		:: !got ->
			/* [lock.4] split */
			futex_wait(WORD, 2)
		fi
	od;
	got = false
}

inline lock_give()
{
	/* [unlock.1] split */
	atomic { two = word[WORD] == 2; inside--; word[WORD] = 0 };
	if
	:: two ->
		two = false;
		/* [unlock.2] drop */
		futex_wake(WORD, 1)
	:: else
	fi
}

/* What the threads do. */

#ifdef LOCK

proctype locker(byte me)
{
	byte round, left;
	bool got, two;

	for (round : 1 .. ROUNDS) {
		lock_take();
		assert(inside == 1);
		lock_give()
	}
}

init {
	byte t;

	atomic {
		for (t : 0 .. THREADS - 1) {
			at[t] = NOWHERE
		}
		select(spurious : 0 .. SPURIOUS);
		for (t : 0 .. THREADS - 1) {
			run locker(t)
		}
	}
	_nr_pr == 1;
	assert(word[WORD] == 0 && inside == 0)
}

#else

/* ring.c */

/* Claims `most` sleepers or fewer, into `wake`. */
inline admit(gate, most)
{
	assert(sleepers[gate] == asleep[gate]);
	wake = sleepers[gate] - woken[gate];
	if
	:: wake > most -> wake = most
	:: else
	fi;
	if
	:: wake > 0 ->
		/* [admit.1] drop */
		woken[gate] = woken[gate] + wake;
		/* [admit.2] drop */
		word[gate]++;
		announced[gate] = announced[gate] + wake;
		assert(announced[gate] <= asleep[gate])
	:: else
	fi
}

/* In the lock, before it is given back. */
inline sleep_begin(gate)
{
	asleep[gate]++;
	/* [sleep.2] drop */
	sleepers[gate]++
}

inline sleep(gate)
{
	/* [sleep.1] late */
	seen = word[gate];
	lock_give();
	/* [sleep.3] split */
	futex_wait(gate, seen);
	seen = 0;
	lock_take();
	slept = true
}

/* In the lock, after it was taken again. */
inline sleep_end(gate)
{
	asleep[gate]--;
	if
	:: asleep[gate] == 0 -> word[gate] = 0 /* nobody has noted it: any value is as good */
	:: else
	fi;
	if
	:: announced[gate] > 0 -> announced[gate]--
	:: else
	fi;
	/* [sleep.4] drop */
	sleepers[gate]--;
	if
	:: woken[gate] > 0 ->
		/* [sleep.5] drop */
		woken[gate]--
	:: else
	fi
}

#define MUST_WAIT_TO_PUT (!cancelled && !closed && n == CAPACITY)
#define MUST_WAIT_TO_GET (!cancelled && !closed && n == 0)

inline add_last(number)
{
	assert(n < CAPACITY);
	batches[(first + n) % CAPACITY] = number;
	n++
}

/* Batches are numbered from 1, so that 0 is none. */
inline take_first()
{
	assert(n > 0);
	batch = batches[first];
	batches[first] = 0;
	first = (first + 1) % CAPACITY;
	n--
}

/* The batch that was taken out is the next of its producer. */
inline arrive()
{
	assert(batch > 0);
	batch--;
	assert(batch % BATCHES == arrived[batch / BATCHES]);
	arrived[batch / BATCHES]++;
	batch = 0
}

inline put(number)
{
	lock_take();
	do
	:: atomic {
			assert(inside == 1);
			if
			:: slept -> sleep_end(NOT_FULL)
			:: else
			fi;
			/* [put.1] once */
			waits = MUST_WAIT_TO_PUT;
			slept = false;
			if
			:: waits -> sleep_begin(NOT_FULL)
			:: !waits && cancelled -> result = CANCELLED
			:: !waits && !cancelled && closed -> result = CLOSED
			:: else ->
				result = DONE;
				sent[me]++;
				/* [put.2] drop */
				add_last(number);
				admit(NOT_EMPTY, 1)
			fi
		};
		if
		:: waits -> sleep(NOT_FULL)
		:: else -> break
		fi
	od;
	lock_give();
	if
	:: wake > 0 ->
		/* [put.3] drop */
		futex_wake(NOT_EMPTY, wake)
	:: else
	fi;
	wake = 0
}

inline get()
{
	lock_take();
	do
	:: atomic {
			assert(inside == 1);
			if
			:: slept -> sleep_end(NOT_EMPTY)
			:: else
			fi;
			/* [get.1] once */
			waits = MUST_WAIT_TO_GET;
			slept = false;
			if
			:: waits -> sleep_begin(NOT_EMPTY)
			:: !waits && cancelled -> result = CANCELLED
			:: !waits && !cancelled && n > 0 ->
				result = DONE;
				/* [get.2] drop */
				take_first();
				arrive();
				admit(NOT_FULL, 1)
			:: else ->
				assert(closed);
				result = CLOSED
			fi
		};
		if
		:: waits -> sleep(NOT_EMPTY)
		:: else -> break
		fi
	od;
	lock_give();
	if
	:: wake > 0 ->
		/* [get.3] drop */
		futex_wake(NOT_FULL, wake)
	:: else
	fi;
	wake = 0
}

inline drain()
{
	lock_take();
	atomic {
		assert(inside == 1);
		if
		:: n > 0 ->
			/* [drain.1] drop */
			take_first();
			arrive();
			admit(NOT_FULL, 1)
		:: else
		fi
	};
	lock_give();
	if
	:: wake > 0 ->
		/* [drain.2] drop */
		futex_wake(NOT_FULL, wake)
	:: else
	fi;
	wake = 0
}

/* `end` is `closed` or `cancelled`. */
inline finish(end)
{
	lock_take();
	atomic {
		assert(inside == 1);
		/* [end.1] drop */
		end = true;
		admit(NOT_EMPTY, 255);
		getters = wake;
		admit(NOT_FULL, 255);
		putters = wake;
		wake = 0
	};
	lock_give();
	if
	:: getters > 0 ->
		/* [end.2] drop */
		futex_wake(NOT_EMPTY, getters)
	:: else
	fi;
	getters = 0;
	if
	:: putters > 0 ->
		/* [end.3] drop */
		futex_wake(NOT_FULL, putters)
	:: else
	fi;
	putters = 0
}

/* The variables of the C functions. */
#define LOCALS byte batch, seen, wake, getters, putters, left, result; bool got, two, waits, slept

proctype producer(byte me)
{
	LOCALS;
	byte i;
	bool last;

	do
	:: i < TO_PUT(me) ->
		put(me * BATCHES + i + 1);
		if
		:: result == DONE -> i++
		:: else -> break
		fi
	:: else -> break
	od;
	assert(result == DONE || may_end);
	atomic {
		producers_left--;
		last = producers_left == 0
	};
	if
	:: last -> finish(closed)
	:: else
	fi
}

proctype consumer(byte me)
{
	LOCALS;

	do
	:: get();
		if
		:: result == DONE ->
#ifdef CANCEL
			if
			:: me == PRODUCERS && !may_end ->
				may_end = true;
				finish(cancelled)
			:: else
			fi
#endif
		:: else -> break
		fi
	od
}

proctype ender(byte me; bool cancels)
{
	LOCALS;

	may_end = true;
	if
	:: cancels -> finish(cancelled)
	:: else -> finish(closed)
	fi
}

proctype drainer(byte me)
{
	LOCALS;

	do
	:: n > 0 -> drain() /* asks again when there may be one */
	:: n == 0 && closed -> break
	od
}

init {
	byte t;
	byte me = THREADS;
	LOCALS;

	atomic {
		for (t : 0 .. THREADS - 1) {
			at[t] = NOWHERE
		}
		select(spurious : 0 .. SPURIOUS);
		producers_left = PRODUCERS;
		for (t : 0 .. PRODUCERS - 1) {
			run producer(t)
		}
		for (t : PRODUCERS .. PRODUCERS + CONSUMERS - 1) {
			run consumer(t)
		}
#ifdef ENDS
		run ender(2, false);
		run ender(3, true);
#endif
#ifdef DRAIN
		run drainer(2);
#endif
		t = 0
	}
	_nr_pr == 1;
	do
	:: n > 0 -> drain()
	:: else -> break
	od;
	assert(word[WORD] == 0 && inside == 0);
	assert(sleepers[NOT_EMPTY] == 0 && sleepers[NOT_FULL] == 0);
	assert(woken[NOT_EMPTY] == 0 && woken[NOT_FULL] == 0);
	assert(closed && (cancelled -> may_end : true));
	for (t : 0 .. PRODUCERS - 1) {
		assert(arrived[t] == sent[t] && (may_end || sent[t] == TO_PUT(t)))
	}
}

#endif
