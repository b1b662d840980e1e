/* timeline.js: the view of time: lanes on a canvas, moved by mouse and keys, and the chosen wait. */

const timeline = { from: 0, to: 1, selected: -1, row: null, all: false, arrows: true, cursor: null };

const NAME_WIDTH = 190, ARROWS_MOST = 300;

function makeTimeline(panel) {
	timeline.canvas = el('canvas', { tabindex: 0, role: 'application',
		'aria-label': 'Timeline. Arrow keys left and right move, up and down choose a thread, ' +
			'plus and minus zoom, 0 shows all, n and p choose the next and previous wait, g shows the wait graph at the chosen moment.',
		'aria-describedby': 'timeline-says' });
	timeline.spacer = el('div.spacer');
	timeline.scroller = el('div.lanes', { on: { scroll: drawSoon } },
		timeline.spacer, timeline.canvas);
	timeline.says = el('p.dim', { id: 'timeline-says', role: 'status', 'aria-live': 'polite' });
	timeline.paper = el('div.paper');
	timeline.detail = el('section.chosen', { 'aria-label': 'Chosen wait' });
	const kinds = Object.keys(page.report.totals.by_kind);
	const find = el('input', { type: 'search', placeholder: 'Find thread', 'aria-label': 'Find thread',
		on: { change: () => findThread(find.value) } });

	append(panel, [
		el('h2', {}, 'Timeline'),
		el('div.tools', {},
			button('−', 'Zoom out (−)', () => zoom(2)), button('+', 'Zoom in (+)', () => zoom(0.5)),
			button('←', 'Earlier (left)', () => pan(-0.25)), button('→', 'Later (right)', () => pan(0.25)),
			button('All', 'Show all of the time (0)', () => showTime(0, page.report.trace.duration_ns)),
			button('◂ wait', 'Previous wait (p)', () => step(-1)), button('wait ▸', 'Next wait (n)', () => step(1)),
			button('Graph at this moment', 'Who waits for whom at the chosen moment (g)', showMoment),
			find,
			el('label', {}, el('input', { type: 'checkbox', checked: true, on: { change: (event) => {
				timeline.arrows = event.target.checked;
				drawSoon();
			} } }), ' arrows from wake to wait'),
			el('label', {}, el('input', { type: 'checkbox', on: { change: (event) => {
				timeline.all = event.target.checked;
				layOut();
			} } }), ' threads that never waited'),
			timeline.range = el('span.dim', { role: 'status' })),
		el('ul.legend', { 'aria-label': 'Colours' }, kinds.map((kind) => el('li', {},
			swatch(kindColour(kind)), kindText(kind))), el('li', {},
			el('span.swatch.running', { 'aria-hidden': 'true' }), 'running, or ready to')),
		waits.short ? el('p.dim', {}, `There are more waits than can be shown one by one: the ${countText(
			waits.sums)} that were shorter than ${timeText(waits.short)} are shown pale, as sums.`) : null,
		timeline.scroller, timeline.paper, timeline.says, timeline.detail,
		el('p.hint', {}, 'Drag to move, double click or Ctrl and wheel to zoom, click a wait for who held it, who let it go, and both stacks.')]);
	timeline.to = Math.max(1, page.report.trace.duration_ns);
	panel.dataset.waits = waits.n;
	panel.dataset.sums = waits.sums;
	listenToMouse();
	listenToKeys();
	new ResizeObserver(drawSoon).observe(timeline.scroller);
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawSoon);
	layOut();
	describeWait();
}

function layOut() {
	timeline.rows = layLanes(timeline.all);
	const height = timeline.rows.height + RULER_HEIGHT;

	timeline.scroller.style.height = `${Math.min(height + 4, 0.62 * innerHeight)}px`;
	timeline.spacer.style.height = `${height}px`;
	drawSoon();
}

function drawSoon() {
	if (timeline.pending)
		return;
	timeline.pending = true;
	requestAnimationFrame(() => {
		timeline.pending = false;
		drawTimeline();
	});
}

function viewOf(width, height) {
	const x = width < 600 ? 110 : NAME_WIDTH;

	return { from: timeline.from, to: timeline.to, x, width: Math.max(10, width - x), height,
		colours: timeline.colours };
}

/* Draws the chosen time and, below the ruler, what lies `top` pixels down the lanes. */
function paintLanes(canvas, width, height, top, ratio, colours) {
	if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
		canvas.width = Math.round(width * ratio);
		canvas.height = Math.round(height * ratio);
		canvas.style.width = `${width}px`;
		canvas.style.height = `${height}px`;
	}
	const context = canvas.getContext('2d');

	timeline.colours = colours;
	const view = viewOf(width, height), offset = RULER_HEIGHT - top;
	let seen = 0;

	context.setTransform(ratio, 0, 0, ratio, 0, 0);
	context.fillStyle = view.colours.back;
	context.fillRect(0, 0, width, height);
	drawGrid(context, view);
	for (const row of timeline.rows.rows) {
		const y = row.y + offset;

		if (y > height || y + HEAD_HEIGHT < RULER_HEIGHT)
			continue;
		if (row.thread)
			seen += drawRow(context, row, y, view);
	}
	drawNames(context, offset, view);
	drawRuler(context, view);
	context.save();
	context.beginPath();
	context.rect(view.x, RULER_HEIGHT, view.width, height);
	context.clip();
	if (timeline.arrows && seen <= ARROWS_MOST)
		drawArrows(context, offset, view);
	drawChosen(context, offset, view);
	context.restore();
}

function drawTimeline() {
	const width = timeline.scroller.clientWidth, height = timeline.scroller.clientHeight;

	if (!width || !height)
		return;
	paintLanes(timeline.canvas, width, height, timeline.scroller.scrollTop, devicePixelRatio || 1, schemeColours());
	const view = viewOf(width, height);

	timeline.range.textContent = `${momentText(view.from, (view.to - view.from) / 200)} to ${momentText(
		view.to, (view.to - view.from) / 200)}, ${timeText(view.to - view.from)}`;
}

function drawRow(context, row, y, view) {
	if (row === timeline.row) {
		context.fillStyle = view.colours.row;
		context.fillRect(0, y, view.x + view.width, LANE_HEIGHT);
	}
	context.save();
	context.beginPath();
	context.rect(view.x, y, view.width, LANE_HEIGHT);
	context.clip();
	const seen = drawLane(context, row, y, view);

	context.restore();
	return seen;
}

function fitText(context, text, width) {
	if (context.measureText(text).width <= width)
		return text;
	while (text.length > 1 && context.measureText(`${text}…`).width > width)
		text = text.slice(0, -1);
	return `${text}…`;
}

function drawNames(context, offset, view) {
	context.textAlign = 'left';
	context.textBaseline = 'middle';
	for (const row of timeline.rows.rows) {
		const y = row.y + offset;

		if (y > view.height || y + HEAD_HEIGHT < RULER_HEIGHT)
			continue;
		if (row.process) {
			context.fillStyle = view.colours.head;
			context.fillRect(0, y, view.x + view.width, HEAD_HEIGHT);
			context.fillStyle = view.colours.text;
			context.font = '600 12px system-ui, sans-serif';
			context.fillText(fitText(context, processText(row.process), view.x + 200), 8, y + HEAD_HEIGHT / 2);
			continue;
		}
		context.font = '12px system-ui, sans-serif';
		context.fillStyle = row === timeline.row ? view.colours.accent : view.colours.text;
		context.fillText(fitText(context, threadText(row.thread), view.x - 24), 18, y + LANE_HEIGHT / 2);
	}
}

function drawArrows(context, offset, view) {
	for (const row of timeline.rows.rows) {
		if (!row.lane || row.y + offset < RULER_HEIGHT - LANE_HEIGHT || row.y + offset > view.height)
			continue;
		const last = row.lane.first + row.lane.n;

		for (let i = firstAfter(row.lane, view.from); i < last && waits.begin[i] < view.to; i++)
			if (waits.end[i] <= view.to && (waits.end[i] - waits.begin[i]) * view.width >
			    3 * (view.to - view.from))
				drawArrow(context, i, timeline.rows, view, offset, false);
	}
}

function drawChosen(context, offset, view) {
	const scale = view.width / (view.to - view.from);

	if (timeline.cursor !== null) {
		const x = Math.round(view.x + (timeline.cursor - view.from) * scale) + 0.5;

		context.strokeStyle = view.colours.accent;
		context.setLineDash([4, 3]);
		context.beginPath();
		context.moveTo(x, RULER_HEIGHT);
		context.lineTo(x, view.height);
		context.stroke();
		context.setLineDash([]);
	}
	if (timeline.selected < 0)
		return;
	const row = timeline.rows.byThread.get(waits.shapes[waits.shape[timeline.selected]].thread);

	if (!row)
		return;
	const begin = view.x + (waits.begin[timeline.selected] - view.from) * scale;
	const end = view.x + (waits.end[timeline.selected] - view.from) * scale;

	context.strokeStyle = view.colours.text;
	context.lineWidth = 2;
	context.strokeRect(begin - 1, row.y + offset + 2, Math.max(3, end - begin) + 2, LANE_HEIGHT - 4);
	context.lineWidth = 1;
	drawArrow(context, timeline.selected, timeline.rows, view, offset, true);
}

/* Moves the window; it stays within the trace, and a nanosecond long at least. */
function showTime(from, to) {
	const whole = Math.max(1, page.report.trace.duration_ns);
	const length = Math.min(whole, Math.max(100, to - from));
	const begin = Math.min(Math.max(0, from), whole - length);

	timeline.from = begin;
	timeline.to = begin + length;
	drawSoon();
}

function zoom(by, at) {
	const length = timeline.to - timeline.from;
	const chosen = timeline.selected >= 0 ? waits.end[timeline.selected] : null;
	const middle = at !== undefined ? at : chosen !== null && chosen >= timeline.from &&
		chosen <= timeline.to ? chosen : timeline.from + length / 2;

	showTime(middle - (middle - timeline.from) * by, middle + (timeline.to - middle) * by);
}

function pan(by) {
	const length = timeline.to - timeline.from;

	showTime(timeline.from + by * length, timeline.to + by * length);
}

/* Chooses a wait, and moves so that it is seen. */
function chooseWait(i, move) {
	timeline.selected = i;
	if (i >= 0) {
		const row = timeline.rows.byThread.get(waits.shapes[waits.shape[i]].thread);

		timeline.row = row || null;
		timeline.cursor = waits.begin[i];
		if (move) {
			const length = Math.max(waits.end[i] - waits.begin[i], 1000) * 3;
			const middle = (waits.begin[i] + waits.end[i]) / 2;

			if (move === 'zoom' || middle < timeline.from || middle > timeline.to)
				showTime(middle - length / 2, middle + length / 2);
			scrollToRow(row);
		}
	}
	describeWait();
	drawSoon();
}

function scrollToRow(row) {
	const scroller = timeline.scroller;

	if (row && (row.y < scroller.scrollTop || row.y + RULER_HEIGHT + LANE_HEIGHT >
	    scroller.scrollTop + scroller.clientHeight))
		scroller.scrollTop = Math.max(0, row.y - scroller.clientHeight / 2);
}

/* The wait before or after the chosen one in its lane, else the first that is seen. */
function step(by) {
	const row = timeline.row && timeline.row.lane ? timeline.row :
		timeline.rows.rows.find((one) => one.lane && one.lane.n);

	if (!row || !row.lane.n)
		return;
	const lane = row.lane;
	const now = timeline.selected >= lane.first && timeline.selected < lane.first + lane.n ?
		timeline.selected + by : firstAfter(lane, timeline.from);

	chooseWait(Math.min(Math.max(now, lane.first), lane.first + lane.n - 1), 'seen');
}

function chooseRow(by) {
	const rows = timeline.rows.rows.filter((row) => row.thread);
	const now = timeline.row ? rows.indexOf(timeline.row) + by : 0;
	const row = rows[Math.min(Math.max(now, 0), rows.length - 1)];

	timeline.row = row || null;
	timeline.selected = -1;
	scrollToRow(row);
	describeWait();
	drawSoon();
}

function findThread(text) {
	const words = text.toLowerCase();
	const row = timeline.rows.rows.find((one) => one.thread &&
		threadText(one.thread).toLowerCase().includes(words));

	if (words && row) {
		timeline.row = row;
		timeline.selected = -1;
		scrollToRow(row);
		describeWait();
		drawSoon();
	}
}

function listenToMouse() {
	const canvas = timeline.canvas;
	let drag = null;

	const view = () => viewOf(timeline.scroller.clientWidth, timeline.scroller.clientHeight);
	const nsAt = (event) => {
		const of = view();

		return of.from + (event.offsetX - of.x) / of.width * (of.to - of.from);
	};

	canvas.addEventListener('pointerdown', (event) => {
		if (event.button)
			return;
		drag = { x: event.clientX, y: event.clientY, from: timeline.from, to: timeline.to,
			top: timeline.scroller.scrollTop, moved: false };
		canvas.setPointerCapture(event.pointerId);
	});
	canvas.addEventListener('pointermove', (event) => {
		if (!drag)
			return;
		const by = (event.clientX - drag.x) / view().width * (drag.to - drag.from);

		if (Math.abs(event.clientX - drag.x) + Math.abs(event.clientY - drag.y) > 4)
			drag.moved = true;
		if (drag.moved) {
			showTime(drag.from - by, drag.to - by);
			timeline.scroller.scrollTop = drag.top - (event.clientY - drag.y);
		}
	});
	canvas.addEventListener('pointerup', (event) => {
		if (drag && !drag.moved)
			clickAt(event, nsAt(event), view());
		drag = null;
	});
	canvas.addEventListener('dblclick', (event) => zoom(event.shiftKey ? 4 : 0.25, nsAt(event)));
	canvas.addEventListener('wheel', (event) => {
		const fits = timeline.spacer.offsetHeight <= timeline.scroller.clientHeight;

		if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))
			pan((event.deltaX || event.deltaY) / 1000);
		else if (event.ctrlKey || fits)
			zoom(Math.pow(1.002, Math.max(-300, Math.min(300, event.deltaY))), nsAt(event));
		else
			return;
		event.preventDefault();
	}, { passive: false });
}

function clickAt(event, ns, view) {
	const y = event.offsetY - RULER_HEIGHT + timeline.scroller.scrollTop;
	const row = timeline.rows.rows.find((one) => one.thread && y >= one.y && y < one.y + LANE_HEIGHT);

	timeline.cursor = Math.max(0, ns);
	timeline.row = row || null;
	chooseWait(row && row.lane ? waitAt(row.lane, ns, 4 / view.width * (view.to - view.from)) : -1);
	timeline.cursor = Math.max(0, ns);
}

/* The wait graph at the chosen moment; where none is chosen, in the middle of what is seen. */
function showMoment() {
	if (timeline.cursor === null)
		timeline.cursor = (timeline.from + timeline.to) / 2;
	location.hash = '#graph/moment';
}

function listenToKeys() {
	const actions = {
		ArrowLeft: () => pan(-0.1), ArrowRight: () => pan(0.1), ArrowUp: () => chooseRow(-1),
		ArrowDown: () => chooseRow(1), '+': () => zoom(0.5), '=': () => zoom(0.5), '-': () => zoom(2),
		0: () => showTime(0, page.report.trace.duration_ns), n: () => step(1), p: () => step(-1), g: showMoment,
		Home: () => showTime(0, timeline.to - timeline.from), Enter: () => timeline.selected >= 0 &&
			chooseWait(timeline.selected, 'zoom'),
		End: () => showTime(page.report.trace.duration_ns, page.report.trace.duration_ns +
			timeline.to - timeline.from),
	};

	timeline.canvas.addEventListener('keydown', (event) => {
		if (event.ctrlKey || event.metaKey || event.altKey || !actions[event.key])
			return;
		actions[event.key]();
		event.preventDefault();
		event.stopPropagation();
	});
}

const END_WORDS = { open: 'it was still waiting at the end', unknown: 'its end was not recorded' };

/* Says in words what is chosen, and shows both stacks. */
function describeWait() {
	const i = timeline.selected;

	if (i < 0) {
		timeline.says.textContent = timeline.row ? `${threadText(timeline.row.thread)}: ${nounText(
			timeline.row.thread.waits, 'wait')}, ${timeText(timeline.row.thread.wait_ns)}` : '';
		timeline.detail.replaceChildren();
		return;
	}
	const shape = waits.shapes[waits.shape[i]], object = page.objects.get(shape.object);
	const length = waits.end[i] - waits.begin[i];
	const frame = (number) => number >= 0 ? page.frames[number] : null;
	const stack = (number) => number >= 0 ? page.stacks[number] : null;
	const side = (title, party) => el('div', {}, el('h3', {}, title, ' ',
		threadLink(party.thread < 0 ? null : party.thread)), stack(party.stack) ?
		stackNode(stack(party.stack)) : el('p', {}, placeNode(frame(party.site))));
	const end = END_WORDS[shape.end] || shape.end;

	timeline.says.textContent = `${threadText(threadOf(shape.thread))} waited ${timeText(length)} for ${
		objectText(object)}, ${end}, from ${whenText(waits.begin[i])}`;
	timeline.detail.replaceChildren(
		el('p.sum', {}, threadLink(shape.thread), ' waited ', el('b', {}, timeText(length)), ' for ',
			objectLink(shape.object), ', from ', whenText(waits.begin[i]),
			' on: ', el('b', {}, end), waits.wake[i] ? `; it ran again ${timeText(waits.wake[i])} after it was let go` : '', '. ',
			el('a', { href: '#graph/moment' }, 'Who waited for whom then'), ' · ', rowLinks('object', shape.object, 'timeline')),
		el('div.pair', {},
			side('Waiting', shape.waiter),
			shape.holder.thread >= 0 ? side('Held last by', shape.holder) : null,
			shape.waker.thread >= 0 || shape.holder.thread < 0 ? side('Let go by', shape.waker) : null));
}

/* The longest wait that is one of the object's. */
function longestOf(id) {
	let best = -1;

	for (let i = 0; i < waits.n; i++)
		if (waits.shapes[waits.shape[i]].object === id && (best < 0 ||
		    waits.end[i] - waits.begin[i] > waits.end[best] - waits.begin[best]))
			best = i;
	return best;
}

/* #timeline/object/ID, /thread/ID, /at/NS/THREAD */
function showOnTimeline(what, first, second) {
	if (what === 'object') {
		const i = longestOf(Number(first));

		if (i >= 0)
			chooseWait(i, 'zoom');
	} else if (what === 'thread' || what === 'at') {
		const row = timeline.rows.byThread.get(Number(what === 'thread' ? first : second || -1));

		timeline.row = row || null;
		timeline.selected = -1;
		if (what === 'at') {
			const ns = Number(first), length = Math.min(page.report.trace.duration_ns, 2e7);

			timeline.cursor = ns;
			showTime(ns - length / 2, ns + length / 2);
			if (row && row.lane)
				timeline.selected = waitAt(row.lane, ns, 1e5);
		}
		scrollToRow(row);
		describeWait();
		drawSoon();
	}
}
