/* overview.js: the first view: the verdict in words, key figures, and what the waiting was for. */

/* What never ends comes first. */
function deadlockLines() {
	const lines = [];

	for (const [verdict, words] of [['occurred', 'happened'], ['predictable', 'can happen']]) {
		const list = page.report.deadlocks.filter((deadlock) => deadlock.verdict === verdict);

		if (list.length)
			lines.push(el('p.bad', {}, nounText(list.length, 'deadlock'), ` ${words}: `, list[0].reason, '. ',
				el('a', { href: '#findings' }, 'Who holds what')));
	}
	return lines;
}

/* The report's answer in its own words, the object that it is about leading there. */
function verdictNode() {
	const verdict = page.report.verdict, object = page.objects.get(verdict.object);
	const name = object ? objectText(object) : '';
	const cost = object && verdict.cost.startsWith(name) ? [objectLink(verdict.object), verdict.cost.slice(name.length)] :
		verdict.cost;
	const links = object && object.waits !== undefined ? el('div.links', {}, rowLinks('object', verdict.object, '')) : null;

	return el('dl.answers', {}, [['What cost most', 'cost', [cost, links]], ['Caused by', 'cause', verdict.cause],
		['To change', 'change', verdict.change], ['Lacking', 'lacks', verdict.lacks]]
		.filter(([, key]) => verdict[key]).map(([head, key, text]) => el('div', { class: key }, el('dt', {}, head),
			el('dd', { 'data-verdict': key }, text))));
}

function trustLine() {
	const trace = page.report.trace, resolved = trace.frames - trace.unresolved_frames;
	const lost = trace.lost_events + trace.lost_packets;

	return el('p.trust', { class: lost ? 'trust bad' : 'trust' },
		figure('trace.events', trace.events, nounText(trace.events, 'event')), ' read · ',
		figure('trace.lost_events', trace.lost_events, nounText(trace.lost_events, 'event')),
		' lost · ',
		figure('trace.open_waits', trace.open_waits, nounText(trace.open_waits, 'wait')),
		' open at the end · ', percentText(resolved, trace.frames), ' of frames resolved · ',
		percentText(page.report.totals.unknown_ns, page.report.totals.wait_ns),
		' of the waiting for nobody known');
}

function tile(name, value, text, label, title) {
	return el('div.tile', { title }, el('div.number', {}, figure(name, value, text)),
		el('div.label', {}, label));
}

function tiles() {
	const report = page.report, totals = report.totals;
	const matter = matteringNs(totals);
	const worst = report.objects.filter((object) => matteringNs(object) > 0).length;

	return el('div.tiles', {},
		tile('trace.duration_ns', report.trace.duration_ns, timeText(report.trace.duration_ns), 'recorded'),
		tile('processes', report.processes.length, countText(report.processes.length),
			report.processes.length === 1 ? 'process' : 'processes'),
		tile('threads', report.threads.length, countText(report.threads.length),
			report.threads.length === 1 ? 'thread' : 'threads'),
		tile('totals.waits', totals.waits, countText(totals.waits), 'waits'),
		tile('totals.wait_ns', totals.wait_ns, timeText(totals.wait_ns), 'waited, all threads'),
		tile('matters_ns', matter, timeText(matter), 'waiting that matters',
			'contention and hand-overs: what somebody could shorten'),
		tile('objects', report.objects.length, countText(report.objects.length),
			`objects waited for, ${worst} of them matter`),
		tile('findings', report.findings.length, countText(report.findings.length),
			report.findings.length === 1 ? 'finding' : 'findings'));
}

function barsCard() {
	const report = page.report, totals = report.totals;
	const kinds = Object.entries(totals.by_kind).sort((a, b) => b[1].wait_ns - a[1].wait_ns);
	const parts = (words, colours, of, prefix, get) => Object.keys(words).filter((key) =>
		of[key] !== undefined).map((key) => ({ label: words[key][0], title: words[key][1],
		value: get(of[key]), colour: colours[key], figure: `${prefix}.${key}` }));

	return el('section.card', {},
		el('h3', {}, 'Which waiting is a problem'),
		partsBar('Waiting by class', parts(CLASS_WORDS, CLASS_COLOURS, totals.by_class,
			'totals.by_class', (sum) => sum.wait_ns)),
		el('h3', {}, 'What was waited on'),
		partsBar('Waiting by kind', kinds.map(([kind, sum]) => ({ label: kindText(kind),
			value: sum.wait_ns, colour: kindColour(kind), figure: `totals.by_kind.${kind}`,
			title: nounText(sum.waits, 'wait') }))),
		report.blame ? [el('h3', {}, 'What it was spent for in the end'),
			partsBar('Waiting by cause', parts(CAUSE_WORDS, CAUSE_COLOURS,
				report.blame.total.causes, 'blame', (ns) => ns))] : null);
}

function worstCard() {
	const report = page.report;
	const whole = matteringNs(report.totals);
	const list = report.objects.filter((object) => whole ? matteringNs(object) > 0 : object.wait_ns > 0)
		.sort((a, b) => matteringNs(b) - matteringNs(a) || b.wait_ns - a.wait_ns).slice(0, 5);

	return el('section.card', {}, el('h3', {}, whole ? 'Most waiting that matters' : 'Most waiting'),
		list.length ? null : el('p.dim', {}, 'Nothing was waited for.'),
		el('ol.worst', {}, list.map((object) => {
			const waiter = object.waiters[0];
			const by = object.holders[0] || object.wakers[0];

			return el('li', {},
				el('div.worsthead', {}, objectLink(object.id),
					el('span.amount', {}, timeText(matteringNs(object) || object.wait_ns))),
				el('div.meter', { 'aria-hidden': 'true' }, el('span', { css: {
					width: `${whole ? 100 * matteringNs(object) / whole : 0}%`,
					background: kindColour(object.kind) } })),
				el('div.dim', {}, CLASS_WORDS[object.class] ? CLASS_WORDS[object.class][0] : '',
					` · ${nounText(object.waits, 'wait')} · p99 ${timeText(object.p99_ns)}`),
				waiter ? el('div.dim', {}, 'in ', placeNode(waiter.site),
					by ? [object.holders.length ? ', held by ' : ', let go by ',
						placeNode(by.site)] : null) : null);
		})));
}

function pathCard() {
	const path = page.report.critical_path;

	if (!path)
		return null;
	return el('section.card', {}, el('h3', {}, 'Critical path'),
		el('p', {}, 'What the end of ', threadLink(path.thread), ' depended on: ',
			timeText(path.duration_ns), ` through ${nounText(path.steps, 'hand-over')} between threads.`),
		partsBar('Critical path by cause', Object.keys(CAUSE_WORDS).map((cause) => ({
			label: CAUSE_WORDS[cause][0], title: CAUSE_WORDS[cause][1],
			value: path.causes[cause] || 0, colour: CAUSE_COLOURS[cause],
			figure: `critical_path.${cause}` }))),
		page.report.what_if.length ? el('table.plain', {},
			el('thead', {}, el('tr', {}, ['If nobody had waited for', 'instead of', 'it took']
				.map((head) => el('th', { scope: 'col' }, head)))),
			el('tbody', {}, page.report.what_if.slice(0, 5).map((what) => el('tr', {},
				el('td', {}, objectLink(what.object), what.waits === 'half' ? ' half as long' : ''),
				el('td.n', {}, timeText(what.duration_ns)),
				el('td.n', {}, timeText(what.predicted_ns)))))) : null);
}

function makeOverview(panel) {
	const report = page.report;

	append(panel, [
		el('section.verdict', { 'aria-label': 'Verdict' }, el('h2', {}, 'Verdict'),
			deadlockLines(), verdictNode(), trustLine(),
			report.trace.warnings.length ? el('ul.warnings', {}, report.trace.warnings.map((text) =>
				el('li', {}, text))) : null),
		tiles(),
		el('div.columns', {}, barsCard(), worstCard()),
		el('div.columns', {}, pathCard(), el('section.card', {}, el('h3', {}, 'Findings'),
			report.deadlocks.length || report.findings.length ? [
				report.deadlocks.filter((deadlock) => deadlock.verdict !== 'suppressed')
					.slice(0, 3).map(deadlockShort),
				report.findings.slice(0, 6).map(findingShort),
				el('p', {}, el('a', { href: '#findings' }, 'All findings, with evidence'))] :
				el('p.dim', {}, 'The analyses found nothing wrong.'))),
	]);
}
