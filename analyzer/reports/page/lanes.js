/* lanes.js: draws the lanes of the timeline: what each thread did in the time that is seen. */

const LANE_HEIGHT = 20, HEAD_HEIGHT = 22, RULER_HEIGHT = 26;

/* What lies under each other: a head for each process, then its threads, those that never waited
 * where `all` or where nobody waited. Members: {y, process} or {y, thread, lane}. */
function layLanes(all) {
	const rows = [], byProcess = new Map();
	let y = 0;

	for (const thread of page.report.threads) {
		if (!all && waits.lanes.length && !laneOf(thread.id))
			continue;
		if (!byProcess.has(thread.process))
			byProcess.set(thread.process, []);
		byProcess.get(thread.process).push(thread);
	}
	page.report.processes.forEach((process) => {
		const threads = byProcess.get(process.id);

		if (!threads)
			return;
		/* A process of one thread is its lane. */
		if (threads.length > 1 || threads[0].tid !== process.pid) {
			rows.push({ y, process });
			y += HEAD_HEIGHT;
		}
		for (const thread of threads) {
			rows.push({ y, thread, lane: laneOf(thread.id) });
			y += LANE_HEIGHT;
		}
	});
	return { rows, height: y, byThread: new Map(rows.filter((row) => row.thread)
		.map((row) => [row.thread.id, row])) };
}

/* Colours of what is not a kind, from the style: the canvas follows the light or dark scheme. */
function schemeColours() {
	const style = getComputedStyle(document.body);
	const get = (name) => style.getPropertyValue(name).trim();

	return { text: get('--text'), dim: get('--dim'), line: get('--line'), run: get('--run'),
		head: get('--head'), back: get('--card'), accent: get('--accent'), row: get('--row') };
}

/* The same on paper, whatever the screen's scheme is: as the style has them for print. */
const PAPER_COLOURS = { text: '#000', dim: '#444', line: '#bbb', run: '#b9d9bd', head: '#eee', back: '#fff', accent: '#000',
	row: '#fff' };

/* Draws one lane's waits: `view` is {from, to, x, width, colours}; ns to pixels by `scale`. */
function drawLane(context, row, y, view) {
	const { from, to, x: left, width } = view, scale = width / (to - from);
	const top = y + 3, height = LANE_HEIGHT - 6;
	const life = waits.lives[row.thread.id];
	const process = page.report.processes[row.thread.process];
	const born = life[0], gone = life[1] !== null ? life[1] :
		Math.max(born, process.end_ns - page.report.trace.begin_ns);
	const x0 = Math.max(left, left + (born - from) * scale);
	const x1 = Math.min(left + width, left + (gone - from) * scale);
	const lane = row.lane;

	if (x1 > x0) {
		context.fillStyle = view.colours.run;
		context.fillRect(x0, top + height / 2 - 2, Math.max(1, x1 - x0), 4);
	}
	if (!lane)
		return 0;
	if (lane.sums)
		drawSums(context, lane, top, height, view);
	const level = levelFor(lane, 1 / scale);

	if (level) {
		drawLevel(context, lane, level, top, height, view);
		return 0;
	}
	return drawWaits(context, lane, top, height, view);
}

/* `share` of the height is filled: so much of the time was waited. */
function drawShare(context, kind, x, width, top, height, share) {
	const tall = Math.max(1.5, height * Math.min(1, share));

	context.fillStyle = kindColour(kind);
	context.fillRect(x, top + height - tall, width, tall);
}

function drawLevel(context, lane, level, top, height, view) {
	const { from, to, x, width } = view, scale = width / (to - from), k = lane.kinds.length;
	const last = Math.min(level.n - 1, Math.floor(to / level.width));

	for (let at = Math.max(0, Math.floor(from / level.width)); at <= last; at++) {
		let most = 0, sum = 0;

		for (let kind = 0; kind < k; kind++) {
			const ns = level.times[at * k + kind];

			sum += ns;
			if (ns > level.times[at * k + most])
				most = kind;
		}
		if (!sum)
			continue;
		const begin = Math.max(x, x + (at * level.width - from) * scale);
		const end = Math.min(x + width, x + ((at + 1) * level.width - from) * scale);

		drawShare(context, lane.kinds[most], begin, Math.max(1, end - begin), top, height,
			sum / level.width);
	}
}

function drawSums(context, lane, top, height, view) {
	const { from, to, x, width } = view, scale = width / (to - from);

	for (const sum of lane.sums) {
		if (sum.to <= from || sum.from >= to)
			continue;
		const begin = Math.max(x, x + (sum.from - from) * scale);
		const end = Math.min(x + width, x + (sum.to - from) * scale);

		context.globalAlpha = 0.45;
		drawShare(context, sum.kind, begin, Math.max(1, end - begin), top, height,
			sum.ns / (sum.to - sum.from));
		context.globalAlpha = 1;
	}
}

/* One by one; those that are narrower than a pixel are put together. How many are seen. */
function drawWaits(context, lane, top, height, view) {
	const { from, to, x, width } = view, scale = width / (to - from);
	const last = lane.first + lane.n;
	let pixel = -1, ns = 0, kind = null, n = 0;

	function flush() {
		if (ns > 0)
			drawShare(context, kind, x + pixel, 1, top, height, ns * scale);
		ns = 0;
	}

	for (let i = firstAfter(lane, from); i < last && waits.begin[i] < to; i++) {
		const begin = Math.max(0, (waits.begin[i] - from) * scale);
		const end = Math.min(width, (waits.end[i] - from) * scale);

		if (end < 0)
			continue;
		n++;
		if (end - begin < 1) {
			const at = Math.floor(begin);

			if (at !== pixel) {
				flush();
				pixel = at;
			}
			ns += Math.max(waits.end[i] - waits.begin[i], 0.35 / scale);
			kind = waits.shapes[waits.shape[i]].kind;
			continue;
		}
		flush();
		context.fillStyle = kindColour(waits.shapes[waits.shape[i]].kind);
		context.fillRect(x + begin, top, end - begin - (end - begin > 3 ? 0.5 : 0), height);
	}
	flush();
	return n;
}

/* Round moments, about a hundred pixels apart. */
function stepOf(view) {
	const scale = view.width / (view.to - view.from);
	const step = Math.pow(10, Math.floor(Math.log10(110 / scale)));

	return step * [1, 2, 5, 10].find((of) => step * of * scale >= 110 || of === 10);
}

/* `each` gets the moment and where it is. */
function eachTick(view, each) {
	const step = stepOf(view), scale = view.width / (view.to - view.from);

	for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step)
		each(at, Math.round(view.x + (at - view.from) * scale) + 0.5, step);
}

function drawGrid(context, view) {
	context.strokeStyle = view.colours.line;
	context.beginPath();
	eachTick(view, (at, px) => {
		context.moveTo(px, RULER_HEIGHT);
		context.lineTo(px, view.height);
	});
	context.stroke();
}

function drawRuler(context, view) {
	const { x, width, colours } = view;

	context.fillStyle = colours.back;
	context.fillRect(0, 0, x + width, RULER_HEIGHT);
	context.font = '11px system-ui, sans-serif';
	context.textBaseline = 'middle';
	context.textAlign = 'left';
	context.strokeStyle = colours.line;
	context.fillStyle = colours.dim;
	context.beginPath();
	eachTick(view, (at, px, step) => {
		context.moveTo(px, RULER_HEIGHT - 6);
		context.lineTo(px, RULER_HEIGHT);
		if (px + 60 < x + width)
			context.fillText(momentText(at, step), px + 4, RULER_HEIGHT / 2 - 2);
	});
	context.moveTo(0, RULER_HEIGHT - 0.5);
	context.lineTo(x + width, RULER_HEIGHT - 0.5);
	context.stroke();
}

/* From where and when a wait was let go, to where it ended. */
function drawArrow(context, i, rows, view, offset, strong) {
	const { from, to, x, width } = view, scale = width / (to - from);
	const shape = waits.shapes[waits.shape[i]];
	const source = rows.byThread.get(shape.waker.thread >= 0 ? shape.waker.thread : shape.holder.thread),
		target = rows.byThread.get(shape.thread);

	if (!source || !target || source === target)
		return;
	const x0 = x + (waits.end[i] - waits.wake[i] - from) * scale, x1 = x + (waits.end[i] - from) * scale;
	const y0 = source.y + offset + LANE_HEIGHT / 2, y1 = target.y + offset + LANE_HEIGHT / 2;
	const bend = Math.min(40, 8 + Math.abs(y1 - y0) / 8), size = strong ? 6 : 4;

	if (Math.max(x0, x1) < x || Math.min(x0, x1) > x + width)
		return;
	context.strokeStyle = context.fillStyle = view.colours.text;
	context.globalAlpha = strong ? 1 : 0.45;
	context.lineWidth = strong ? 2 : 1;
	context.beginPath();
	context.moveTo(x0, y0);
	context.bezierCurveTo(x0 - bend, y0 + (y1 - y0) * 0.2, x1 - bend, y1 - (y1 - y0) * 0.2, x1 - size, y1);
	context.stroke();
	context.beginPath();
	context.moveTo(x1, y1);
	context.lineTo(x1 - size * 1.4, y1 - size * 0.7);
	context.lineTo(x1 - size * 1.4, y1 + size * 0.7);
	context.fill();
	context.globalAlpha = 1;
	context.lineWidth = 1;
}
