/* waits.js: every wait of the trace, in arrays by number, and what is read of them. */

/* Members are arrays by wait: begin and end in ns since the trace's begin, shape (see html.c), wake:
 * how long before the end it was let go. lanes: {thread, first, n, levels, sums} by thread. */
const waits = { n: 0, begin: null, end: null, shape: null, wake: null, reach: null, shapes: [], lanes: [] };

function bytesOfBase64(text) {
	if (Uint8Array.fromBase64)
		return Uint8Array.fromBase64(text);
	const binary = atob(text), bytes = new Uint8Array(binary.length);

	for (let i = 0; i < binary.length; i++)
		bytes[i] = binary.charCodeAt(i);
	return bytes;
}

function readWaits() {
	const head = JSON.parse(byId('timeline').textContent);
	const bytes = bytesOfBase64(byId('waits').textContent);
	const origin = head.begin_ns - page.report.trace.begin_ns;
	let at = 0, i = 0;

	/* LEB128; multiplied, for times are longer than 32 bits. */
	function next() {
		let value = 0, of = 1, byte;

		do {
			byte = bytes[at++];
			value += (byte & 127) * of;
			of *= 128;
		} while (byte > 127);
		return value;
	}

	waits.n = head.waits;
	waits.short = head.short_ns;
	waits.span = head.span_ns;
	waits.shapes = head.shapes.map(([object, end, ...parties]) => {
		const [waiter, holder, waker] = [0, 3, 6].map((at) => ({ thread: parties[at],
			site: parties[at + 1], stack: parties[at + 2] }));

		return { object, end, thread: waiter.thread, waiter, holder, waker,
			/* Whom it was for: as waits_for has it. */
			blocker: holder.thread >= 0 ? holder.thread : waker.thread,
			kind: page.objects.get(object) ? page.objects.get(object).kind : 'poll' };
	});
	for (const array of ['begin', 'end', 'reach', 'wake'])
		waits[array] = new Float64Array(waits.n);
	waits.shape = new Uint32Array(waits.n);
	for (const [thread, n] of head.lanes) {
		let begin = origin, reach = -Infinity;

		waits.lanes.push({ thread, first: i, n, levels: null, sums: null });
		for (const last = i + n; i < last; i++) {
			begin += next();
			waits.begin[i] = begin;
			waits.end[i] = begin + next();
			waits.shape[i] = next();
			waits.wake[i] = next();
			/* The end of the longest so far: what a search from the left needs. */
			waits.reach[i] = reach = Math.max(reach, waits.end[i]);
		}
	}
	readSums(head);
	waits.lives = head.lives.map(([begin, end]) => [begin - page.report.trace.begin_ns,
		end ? end - page.report.trace.begin_ns : null]);
	byId('timeline').remove();
	byId('waits').remove();
}

function laneOf(thread) {
	if (!waits.byThread)
		waits.byThread = new Map(waits.lanes.map((lane) => [lane.thread, lane]));
	return waits.byThread.get(thread);
}

/* Waits that are too many to have one by one. */
function readSums(head) {
	waits.sums = 0;
	for (const [thread, span, kind, n, ns] of head.sums) {
		let lane = laneOf(thread);

		if (!lane) {
			lane = { thread, first: 0, n: 0, levels: null, sums: null };
			waits.lanes.push(lane);
			waits.byThread = null;
		}
		lane.sums = lane.sums || [];
		lane.sums.push({ from: span * head.span_ns, to: (span + 1) * head.span_ns, kind, n, ns });
		waits.sums += n;
	}
}

/* The first wait of the lane that lasts beyond `ns`; those before it have ended. */
function firstAfter(lane, ns) {
	let low = lane.first, high = lane.first + lane.n;

	while (low < high) {
		const middle = (low + high) >> 1;

		if (waits.reach[middle] > ns)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The first wait of the lane that begins at `ns` or later. */
function firstFrom(lane, ns) {
	let low = lane.first, high = lane.first + lane.n;

	while (low < high) {
		const middle = (low + high) >> 1;

		if (waits.begin[middle] >= ns)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The wait of the lane at that moment, the innermost; else the nearest within `near`; else -1. */
function waitAt(lane, ns, near) {
	const last = lane.first + lane.n;
	let best = -1, distance = near;

	for (let i = firstAfter(lane, ns - near); i < last && waits.begin[i] <= ns + near; i++) {
		if (waits.begin[i] <= ns && waits.end[i] > ns) {
			best = i;
			distance = 0;
		} else if (distance) {
			const away = Math.min(Math.abs(waits.begin[i] - ns), Math.abs(waits.end[i] - ns));

			if (away < distance) {
				distance = away;
				best = i;
			}
		}
	}
	return best;
}

/* Lanes with many waits are drawn from sums when seen from afar. levels[0] has the shortest buckets,
 * each next one half as many; of a bucket: time by kind. */
const LEVEL_LEAST = 2000, LEVEL_BUCKETS = 8192;

function makeLevels(lane, duration) {
	const kinds = [], numbers = new Map();

	for (let i = lane.first; i < lane.first + lane.n; i++) {
		const kind = waits.shapes[waits.shape[i]].kind;

		if (!numbers.has(kind)) {
			numbers.set(kind, kinds.length);
			kinds.push(kind);
		}
	}
	const k = kinds.length, width = duration / LEVEL_BUCKETS;
	let times = new Float32Array(LEVEL_BUCKETS * k), n = LEVEL_BUCKETS;

	for (let i = lane.first; i < lane.first + lane.n; i++) {
		const kind = numbers.get(waits.shapes[waits.shape[i]].kind);
		const begin = Math.max(0, waits.begin[i]), end = waits.end[i];
		const to = Math.min(n - 1, Math.floor(end / width));

		for (let at = Math.floor(begin / width); at <= to; at++)
			times[at * k + kind] += Math.min(end, (at + 1) * width) - Math.max(begin, at * width);
	}
	lane.kinds = kinds;
	lane.levels = [{ width, times, n }];
	while (n > 256) {
		const above = new Float32Array(n / 2 * k);

		for (let i = 0; i < n * k; i++)
			above[(Math.floor(i / k) >> 1) * k + i % k] += times[i];
		times = above;
		n /= 2;
		lane.levels.push({ width: duration / n, times, n });
	}
}

/* The coarsest level whose buckets are narrower than `ns`; null: the waits themselves. */
function levelFor(lane, ns) {
	if (lane.n < LEVEL_LEAST)
		return null;
	if (!lane.levels)
		makeLevels(lane, Math.max(1, page.report.trace.duration_ns));
	for (let i = lane.levels.length; i-- > 0;)
		if (lane.levels[i].width <= ns)
			return lane.levels[i];
	return null;
}
