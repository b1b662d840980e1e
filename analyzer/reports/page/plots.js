/* plots.js: how long the queue before an object was, over time: those who wait for something to read, and
 * the others. */

/* What carries data is empty while somebody waits to read, and full while somebody waits to write. */
const CARRIERS = ['pipe', 'fifo', 'socket', 'mq', 'sysv_msg', 'eventfd'];

function queueSides(object) {
	const { spans, read_spans: readers } = object.queue;
	const sum = (list) => list.reduce((all, ns) => all + ns, 0);
	const others = spans.map((ns, i) => ns - readers[i]);

	if (CARRIERS.includes(object.kind))
		return [{ key: 'read', words: 'empty: waiting to read', spans: readers, total: sum(readers), down: false },
			{ key: 'write', words: 'full: waiting to write', spans: others, total: sum(others), down: true }];
	if (object.kind === 'rwlock')
		return [{ key: 'read', words: 'waiting to read', spans: readers, total: sum(readers), down: true },
			{ key: 'write', words: 'waiting to write', spans: others, total: sum(others), down: false }];
	return [{ key: 'wait', words: 'waiting', spans, total: sum(spans), down: false }];
}

function queuePlot(object, width, height) {
	const queue = object.queue, sides = queueSides(object).filter((side, i, all) => side.total || all.length === 1);
	const n = queue.spans.length, left = 38, bottom = 16, top = 6;
	const w = width - left - 6, h = height - bottom - top;
	const most = (down) => Math.max(0, ...sides.filter((side) => side.down === down)
		.flatMap((side) => side.spans)) / queue.span_ns;
	const up = most(false), down = most(true), whole = Math.max(0.01, up + down);
	const y = (value) => top + h * (up - value) / whole;
	const x = (i) => left + w * i / Math.max(1, n);
	const digits = whole < 1 ? 2 : 1;
	const path = (side) => side.spans.reduce((text, ns, i) => {
		const at = y((side.down ? -1 : 1) * ns / queue.span_ns).toFixed(1);

		return `${text}L${x(i).toFixed(1)},${at}L${x(i + 1).toFixed(1)},${at}`;
	}, `M${left},${y(0).toFixed(1)}`) + `L${left + w},${y(0).toFixed(1)}Z`;
	const label = (value, dy) => svg('text', { x: left - 5, y: y(value) + dy, class: 'tick', 'text-anchor': 'end' },
		value ? Math.abs(value).toFixed(digits) : '0');

	return el('figure.plot', {},
		el('figcaption', {}, `Threads waiting for ${objectText(object)}: mean of each ${timeText(queue.span_ns)}, longest queue ${countText(queue.longest)}`),
		svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label':
			`Queue length over time: ${sides.map((side) => `${side.words} at most ${(Math.max(0, ...side.spans) / queue.span_ns).toFixed(2)} on average in ${timeText(queue.span_ns)}`).join(', ')}` },
		[up, -down].filter((value, i, all) => value && all.indexOf(value) === i).map((value) => [
			svg('line', { x1: left, x2: left + w, y1: y(value), y2: y(value), class: 'grid' }),
			label(value, value > 0 ? 5 : 3)]),
		label(0, 3),
		svg('text', { x: left, y: height - 2, class: 'tick' }, '0 s'),
		svg('text', { x: left + w, y: height - 2, class: 'tick', 'text-anchor': 'end' }, timeText(n * queue.span_ns)),
		sides.map((side) => svg('path', { d: path(side), fill: kindColour(object.kind),
			'fill-opacity': side.down ? 0.42 : 0.8 }, svg('title', {}, side.words))),
		svg('line', { x1: left, x2: left + w, y1: y(0), y2: y(0), class: 'axis' })),
		sides.length > 1 || sides[0].words !== 'waiting' ? el('ul.legend', {}, sides.map((side) => el('li', {},
			el('span.swatch', { 'aria-hidden': 'true', css: { background: kindColour(object.kind), opacity: side.down ? 0.42 : 0.8 } }),
			`${side.words}${side.down ? ' (below)' : ''} `, el('span.dim', {}, figure(`queue.${object.id}.${side.key}_ns`, side.total, timeText(side.total)))))) : null);
}

/* How much lay in it: in traces of the full mode. */
function fillPlot(object, width, height) {
	const { fill } = object, n = fill.spans.length, left = 52, top = 6;
	const amount = (value) => fill.unit === 'bytes' ? bytesText(value) : nounText(value, 'message');
	const w = width - left - 6, h = height - top - 16, most = Math.max(1, ...fill.spans);
	const room = object.limits && object.limits.messages <= 4 * most ? Math.max(object.limits.messages, most) : most;
	const x = (i) => left + w * i / Math.max(1, n), y = (value) => top + h * (1 - value / room);
	const path = fill.spans.reduce((text, value, i) => `${text}L${x(i).toFixed(1)},${y(value).toFixed(1)}L${x(i + 1).toFixed(1)},${
		y(value).toFixed(1)}`, `M${left},${y(0)}`) + `L${left + w},${y(0)}Z`;

	return el('figure.plot', { 'data-fill': object.id }, el('p.dim', {}, 'lay in it at most: ', figure(`fill.${object.id}.most`, fill.most,
		amount(fill.most)), fill.unseen ? `; ${amount(fill.unseen)} more were read than seen written: at times it was that much more` : null),
	svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `What lay in it over time: at most ${amount(fill.most)}` },
		svg('line', { x1: left, x2: left + w, y1: y(room), y2: y(room), class: 'grid' }),
		svg('text', { x: left - 5, y: y(room) + 5, class: 'tick', 'text-anchor': 'end' }, fill.unit === 'bytes' ? bytesText(room) : room),
		svg('text', { x: left - 5, y: y(0) + 3, class: 'tick', 'text-anchor': 'end' }, '0'),
		svg('text', { x: left, y: height - 2, class: 'tick' }, '0 s'),
		svg('text', { x: left + w, y: height - 2, class: 'tick', 'text-anchor': 'end' }, timeText(n * fill.span_ns)),
		svg('path', { d: path, fill: kindColour(object.kind), 'fill-opacity': 0.8 }),
		svg('line', { x1: left, x2: left + w, y1: y(0), y2: y(0), class: 'axis' })));
}

function makeQueues(panel) {
	const list = page.report.objects.filter((object) => object.queue && object.queue.wait_ns > 0);
	const state = { kind: '', important: false, most: 24 };
	const space = el('div.plots'), says = el('p.dim', { role: 'status' });
	const orders = { matters: ['most waiting that matters first', matteringNs],
		time: ['most waiting first', (object) => object.queue.wait_ns],
		longest: ['longest queue first', (object) => object.queue.longest] };
	const kind = el('select', { 'aria-label': 'Kind', on: { change: () => draw() } }, el('option', { value: '' }, 'all kinds'),
		[...new Set(list.map((object) => object.kind))].sort().map((one) => el('option', { value: one }, kindText(one))));
	const order = el('select', { 'aria-label': 'Order', on: { change: () => draw() } },
		Object.entries(orders).map(([by, [words]]) => el('option', { value: by }, words)));

	function plotCard(object) {
		return el('article.card', {}, el('h3', {}, objectLink(object.id)),
			el('p.dim', {}, 'longest ', figure(`queue.${object.id}.longest`, object.queue.longest,
				nounText(object.queue.longest, 'thread')), ` · somebody waited for ${timeText(object.queue.busy_ns)}`,
			object.transfer && object.transfer.rate ? ` · ${bytesText(object.transfer.rate)}/s` : null,
			object.limits ? ` · room for ${nounText(object.limits.messages, 'message')} of ${bytesText(object.limits.message_bytes)}` : null),
			queuePlot(object, 460, 118), object.fill ? fillPlot(object, 460, 118) : null, el('p.links', {}, shortLinks('object', object.id)));
	}

	function draw() {
		const wanted = list.filter((object) => (!kind.value || object.kind === kind.value) &&
			(!state.important || matters(object.class)));
		const [, get] = orders[order.value];

		wanted.sort((a, b) => get(b) - get(a) || b.queue.wait_ns - a.queue.wait_ns);
		space.replaceChildren(...wanted.slice(0, state.most).map(plotCard));
		says.textContent = !wanted.length ? 'Nobody queued.' : wanted.length > state.most ?
			`${state.most} of ${wanted.length}; the others have theirs in the table of objects` :
			`${wanted.length} of ${list.length}`;
	}

	append(panel, [el('h2', {}, 'Queues'),
		el('p', {}, 'How many threads waited at once, over time. Pipes, sockets and message queues were empty while somebody ' +
			'waited to read (above the line), and full while somebody waited to write (below it)',
		list.some((object) => object.fill) ? '; below that, the most that lay in them.' : '. How much lay in them otherwise, `record --mode full` records.'),
		el('div.tools', {}, kind, order, el('label', {}, el('input', { type: 'checkbox', on: {
			change: (event) => {
				state.important = event.target.checked;
				draw();
			} } }), ' only waiting that matters'), says), space]);
	draw();
}
