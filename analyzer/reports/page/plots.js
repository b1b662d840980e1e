/* plots.js: how long the queue before an object was, over time. */

function queuePlot(object, width, height) {
	const queue = object.queue, spans = queue.spans;
	const means = spans.map((ns) => ns / queue.span_ns);
	const most = Math.max(0.01, ...means), left = 38, bottom = 16;
	const w = width - left - 6, h = height - bottom - 6;
	const x = (i) => left + w * i / Math.max(1, spans.length);
	const y = (value) => 6 + h - h * value / most;
	const duration = spans.length * queue.span_ns;
	let path = `M${left},${y(0)}`;

	means.forEach((value, i) => {
		path += `L${x(i).toFixed(1)},${y(value).toFixed(1)}L${x(i + 1).toFixed(1)},${y(value).toFixed(1)}`;
	});
	path += `L${left + w},${y(0)}Z`;
	return el('figure.plot', {},
		el('figcaption', {}, `Threads waiting for ${objectText(object)}: mean of each ${timeText(queue.span_ns)}, longest queue ${countText(queue.longest)}`),
		svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label':
			`Queue length over time: at most ${most.toFixed(2)} on average in ${timeText(queue.span_ns)}` },
		svg('line', { x1: left, x2: left + w, y1: y(0), y2: y(0), class: 'axis' }),
		svg('line', { x1: left, x2: left + w, y1: y(most), y2: y(most), class: 'grid' }),
		svg('text', { x: left - 5, y: y(most) + 4, class: 'tick', 'text-anchor': 'end' },
			most.toFixed(most < 1 ? 2 : 1)),
		svg('text', { x: left - 5, y: y(0) + 3, class: 'tick', 'text-anchor': 'end' }, '0'),
		svg('text', { x: left, y: height - 2, class: 'tick' }, '0 s'),
		svg('text', { x: left + w, y: height - 2, class: 'tick', 'text-anchor': 'end' }, timeText(duration)),
		svg('path', { d: path, fill: KIND_COLOURS[object.kind], 'fill-opacity': 0.75 })));
}

function makeQueues(panel) {
	const list = page.report.objects.filter((object) => object.queue && object.queue.wait_ns > 0);
	const shown = list.slice(0, 24);

	append(panel, [el('h2', {}, 'Queues'),
		el('p', {}, 'How many threads waited at once, over time: at locks the queue of those who want it, ' +
			'at pipes and message queues of those who wait for data or room.'),
		shown.length ? el('div.plots', {}, shown.map((object) => el('article.card', {},
			el('h3', {}, objectLink(object.id)),
			el('p.dim', {}, 'longest ', figure(`queue.${object.id}.longest`, object.queue.longest,
				nounText(object.queue.longest, 'thread')), ` · somebody waited for ${timeText(object.queue.busy_ns)}`),
			queuePlot(object, 460, 110)))) : el('p.dim', {}, 'Nobody queued.'),
		list.length > shown.length ? el('p.dim', {}, `and ${list.length - shown.length} more, each with its plot in the table of objects`) : null]);
}
