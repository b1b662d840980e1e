/* tables.js: objects, threads and findings: tables that sort and filter, and what a row opens. */

/* A table whose heads sort it and whose box filters it. columns: {head, title, get, show, number};
 * open(row) makes what a row shows when it is opened, key(row) is its name in links. */
function makeTable(options) {
	const { caption, columns, rows, open, key, texts } = options;
	let sortBy = options.sortBy || 0, down = true;
	const opened = new Set();
	const body = el('tbody');
	const count = el('span.dim', { role: 'status' });
	const box = el('input', { type: 'search', placeholder: 'Filter', 'aria-label': `Filter ${caption}`,
		on: { input: () => fill() } });
	const pick = options.kinds ? el('select', { 'aria-label': 'Kind', on: { change: () => fill() } },
		el('option', { value: '' }, 'all kinds'),
		options.kinds.map((kind) => el('option', { value: kind }, kindText(kind)))) : null;
	const heads = columns.map((column, i) => el('th', { scope: 'col', class: column.number ? 'n' : '' },
		el('button', { type: 'button', title: column.title, on: { click: () => {
			down = i === sortBy ? !down : column.number;
			sortBy = i;
			fill();
		} } }, column.head)));

	/* Long tables are cut: who looks for a row filters. */
	const most = 500;

	function wanted(row) {
		const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
		const text = texts(row).toLowerCase();

		return words.every((word) => text.includes(word)) &&
			(!pick || !pick.value || row.kind === pick.value);
	}

	function toggle(row, line, control) {
		const name = key(row);

		if (opened.delete(name)) {
			line.nextSibling.remove();
			control.setAttribute('aria-expanded', 'false');
			return;
		}
		opened.add(name);
		line.after(detail(row));
		control.setAttribute('aria-expanded', 'true');
	}

	function detail(row) {
		return el('tr.detail', {}, el('td', { colspan: columns.length }, open(row)));
	}

	function fill() {
		const column = columns[sortBy];
		const list = rows.filter(wanted).map((row) => [column.get(row), row]);

		list.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0) * (down ? -1 : 1));
		heads.forEach((head, i) => head.setAttribute('aria-sort', i !== sortBy ? 'none' : down ?
			'descending' : 'ascending'));
		body.replaceChildren(...list.slice(0, most).flatMap(([, row]) => {
			const isOpen = opened.has(key(row));
			const cells = columns.map((one, i) => {
				const shown = one.show ? one.show(row) : one.get(row);

				if (i !== 0 || !open)
					return el('td', { class: one.number ? 'n' : '' }, shown);
				return el('th.row', { scope: 'row' }, el('button.opener', { type: 'button',
					'aria-expanded': String(isOpen), on: { click: (event) => {
						const line = event.currentTarget.closest('tr');

						toggle(row, line, event.currentTarget);
					} } }, shown));
			});
			const line = el('tr', { id: `${options.id}-${key(row)}` }, cells);

			return isOpen ? [line, detail(row)] : [line];
		}));
		count.textContent = list.length > most ?
			`the first ${most} of ${countText(list.length)}` :
			`${countText(list.length)} of ${countText(rows.length)}`;
	}
	fill();
	return {
		node: el('div', {}, el('div.tools', {}, box, pick, count),
			el('div.scroll', { tabindex: 0, role: 'region', 'aria-label': caption },
				el('table.data', { id: options.id }, el('caption.hidden', {}, caption),
					el('thead', {}, el('tr', {}, heads)), body))),
		/* Opens the row of that name and goes there. */
		reveal(name) {
			const row = rows.find((one) => String(key(one)) === String(name));

			if (!row)
				return;
			box.value = '';
			if (pick)
				pick.value = '';
			opened.add(key(row));
			fill();
			const line = byId(`${options.id}-${name}`);

			if (!line)
				return;
			line.scrollIntoView({ block: 'start' });
			line.querySelector('button').focus({ preventScroll: true });
		},
	};
}

/* Waiters, holders or wakers of an object. */
function partiesNode(title, parties, whole) {
	if (!parties.length)
		return null;
	return el('section', {}, el('h3', {}, title),
		el('table.plain', {}, el('thead', {}, el('tr', {}, ['Thread', 'Place', 'Waits', 'Time', 'Share', 'p99', 'Stack']
			.map((head, i) => el('th', { scope: 'col', class: i > 1 && i < 6 ? 'n' : '' }, head)))),
		el('tbody', {}, parties.slice(0, 12).map((party) => el('tr', {},
			el('td', {}, threadLink(party.thread)), el('td', {}, placeNode(party.site)),
			el('td.n', {}, countText(party.waits)), el('td.n', {}, timeText(party.wait_ns)),
			el('td.n', {}, percentText(party.wait_ns, whole)),
			el('td.n', {}, timeText(party.p99_ns)), el('td', {}, foldedStack(party.stack)))))),
		parties.length > 12 ? el('p.dim', {}, `and ${parties.length - 12} more, which the JSON has`) : null);
}

function factsNode(facts) {
	return el('dl.facts', {}, facts.filter(Boolean).map(([name, value]) =>
		el('div', {}, el('dt', {}, name), el('dd', {}, value))));
}

function objectDetail(object) {
	const outcomes = Object.entries(object.outcomes).filter(([, n]) => n)
		.map(([word, n]) => `${word} ${countText(n)}`).join(', ');
	const blamed = page.report.blame &&
		page.report.blame.objects.find((one) => one.object === object.id);
	const gain = page.report.what_if.filter((what) => what.object === object.id);
	const did = (part) => part.did === 'waited' ? ['waited for ', part.object === null ?
		'something' : objectLink(part.object)] : part.did === 'preempted' ? 'had no processor' : part.did;

	return el('div.opened', {},
		el('p.links', {}, el('a', { href: `#timeline/object/${object.id}` }, 'Longest wait on the timeline'), ' · ',
			el('a', { href: `#graph/object/${object.id}` }, 'In the wait graph'), ' · ',
			el('a', { href: `#flame/object/${object.id}` }, 'Flame graph of its waits')),
		factsNode([['Kind', `${kindText(object.kind)}, ${object.scope}`],
			['Processes', object.pids.join(', ')], ['Ended', outcomes],
			['Shortest, median, p95, longest', [object.min_ns, object.p50_ns, object.p95_ns,
				object.max_ns].map(timeText).join(' · ')],
			object.queue && ['Longest queue', nounText(object.queue.longest, 'thread')],
			object.transfer && ['Went through', `${bytesText(object.transfer.bytes_out)} written, ` +
				`${bytesText(object.transfer.bytes_in)} read, ${bytesText(object.transfer.rate)}/s`],
			object.acquisitions && ['Acquired', `${countText(object.acquisitions.acquired)}, of these ` +
				`${countText(object.acquisitions.waited)} after a wait`],
			object.fairness && ['Overtaken', `${countText(object.fairness.overtaken)} times, one wait by up to ` +
				countText(object.fairness.most_overtaken)],
			object.wakeups && ['Woken in vain', `${countText(object.wakeups.in_vain)} of ${countText(object.wakeups.woken)}`],
			...gain.map((what) => [what.waits === 'half' ? 'If waits were half as long' : 'Without these waits',
				`${timeText(what.predicted_ns)} instead of ${timeText(what.duration_ns)}`])]),
		blamed ? partsBar('Its waiting by cause', Object.keys(CAUSE_WORDS).map((cause) => ({
			label: CAUSE_WORDS[cause][0], title: CAUSE_WORDS[cause][1], value: blamed.causes[cause] || 0,
			colour: CAUSE_COLOURS[cause], figure: `blame.${object.id}.${cause}` }))) : null,
		object.queue ? queuePlot(object, 640, 90) : null,
		partiesNode('Who waited', object.waiters, object.wait_ns),
		partiesNode('Who held it meanwhile', object.holders, object.wait_ns),
		partiesNode('Who let them go', object.wakers, object.wait_ns),
		object.meanwhile && object.meanwhile.parts.length ? el('section', {},
			el('h3', {}, 'What those that were waited for did'),
			el('ul', {}, object.meanwhile.parts.slice(0, 6).map((part) => el('li', {},
				`${percentText(part.ns, object.meanwhile.ns)} `, did(part), ' ', placeNode(part.site))))) : null);
}

function makeObjects(panel) {
	const list = page.report.objects;
	const kinds = [...new Set(list.map((object) => object.kind))].sort();

	page.objectTable = makeTable({
		id: 'objects-table', caption: 'Objects', rows: list, key: (object) => object.id, kinds,
		texts: (object) => [object.name, object.kind, object.class, ...object.pids,
			...object.waiters.slice(0, 20).map((party) => placeText(party.site))].join(' '),
		open: objectDetail, sortBy: 2,
		columns: [
			{ head: 'Object', get: (object) => objectText(object), show: (object) =>
				[swatch(KIND_COLOURS[object.kind]), objectText(object)] },
			{ head: 'Class', get: (object) => object.class, show: (object) =>
				CLASS_WORDS[object.class][0] },
			{ head: 'Waited', number: true, get: (object) => object.wait_ns, show: (object) =>
				figure(`object.${object.id}.wait_ns`, object.wait_ns, timeText(object.wait_ns)) },
			{ head: 'Share', number: true, get: (object) => object.wait_ns, show: (object) =>
				percentText(object.wait_ns, page.report.totals.wait_ns) },
			{ head: 'Waits', number: true, get: (object) => object.waits, show: (object) =>
				figure(`object.${object.id}.waits`, object.waits, countText(object.waits)) },
			{ head: 'Median', number: true, get: (object) => object.p50_ns, show: (object) => timeText(object.p50_ns) },
			{ head: 'p99', number: true, get: (object) => object.p99_ns, show: (object) => timeText(object.p99_ns) },
			{ head: 'Longest', number: true, get: (object) => object.max_ns, show: (object) => timeText(object.max_ns) },
			{ head: 'Where', get: (object) => placeText(object.waiters[0] && object.waiters[0].site),
				show: (object) => placeNode(object.waiters[0] && object.waiters[0].site) },
		],
	});
	append(panel, [el('h2', {}, 'Objects'), page.objectTable.node]);
}

function makeThreads(panel) {
	const report = page.report, whole = report.trace.duration_ns;
	const table = makeTable({
		id: 'threads-table', caption: 'Threads', rows: report.threads, key: (thread) => thread.id,
		texts: (thread) => `${threadText(thread)} ${processText(report.processes[thread.process])}`,
		sortBy: 3,
		columns: [
			{ head: 'Thread', get: threadText, show: (thread) => threadLink(thread.id) },
			{ head: 'Process', get: (thread) => processText(report.processes[thread.process]) },
			{ head: 'Waits', number: true, get: (thread) => thread.waits, show: (thread) =>
				figure(`thread.${thread.id}.waits`, thread.waits, countText(thread.waits)) },
			{ head: 'Waited', number: true, get: (thread) => thread.wait_ns, show: (thread) =>
				figure(`thread.${thread.id}.wait_ns`, thread.wait_ns, timeText(thread.wait_ns)) },
			{ head: 'Of the run', number: true, get: (thread) => thread.wait_ns, show: (thread) =>
				percentText(thread.wait_ns, whole) },
		],
	});

	append(panel, [el('h2', {}, 'Threads'), table.node]);
}

const VERDICT_WORDS = {
	occurred: ['error', 'deadlock'], predictable: ['error', 'deadlock that can happen'],
	order_only: ['warning', 'locks taken in both orders'], suppressed: ['note', 'accepted'],
};

function badge(severity, text) {
	return el('span', { class: `badge ${severity}` }, text || severity);
}

function deadlockShort(deadlock) {
	const [severity, words] = VERDICT_WORDS[deadlock.verdict];

	return el('p.short', {}, badge(severity, words), ' ', deadlock.reason);
}

function findingShort(finding) {
	return el('p.short', {}, badge(finding.severity), ' ', finding.title);
}

function deadlockNode(deadlock, i) {
	const [severity, words] = VERDICT_WORDS[deadlock.verdict];
	const n = deadlock.cycle.length;

	return el('article.finding', { id: `deadlock-${i}`, 'data-verdict': deadlock.verdict },
		el('h3', {}, badge(severity, words), ' ', deadlock.reason, ' ', momentLink(deadlock.at_ns,
			deadlock.cycle[0] && deadlock.cycle[0].thread)),
		el('ol.cycle', {}, deadlock.cycle.map((step, at) => el('li', {},
			el('div', {}, threadLink(step.thread), step.hold_as === 'candidate' ?
				' could let go of ' : step.hold_shared ? ' holds for reading ' : ' holds ', objectLink(step.holds), ' and wants ',
			objectLink(step.wants), step.relation === 'or' ? ' (any of several could end it)' : '',
			n > 1 ? ['; next: ', threadLink(deadlock.cycle[(at + 1) % n].thread)] : null),
			el('div.pair', {},
				el('div', {}, el('h4', {}, 'took it'), step.hold_stack && step.hold_stack.length ?
					stackNode(step.hold_stack) : placeNode(step.hold_site)),
				el('div', {}, el('h4', {}, 'waits'), step.want_stack && step.want_stack.length ?
					stackNode(step.want_stack) : placeNode(step.want_site)))))),
		deadlock.evidence && deadlock.evidence.length ? el('details', {}, el('summary', {}, 'Evidence'),
			el('ul', {}, deadlock.evidence.map(evidenceNode))) : null,
		el('p.links', {}, el('a', { href: '#graph/deadlocks' }, 'Cycle in the wait graph')));
}

function findingNode(finding) {
	return el('article.finding', { 'data-rule': finding.rule },
		el('h3', {}, badge(finding.severity), ' ', finding.title, ' ',
			el('code.rule', {}, finding.rule)),
		finding.objects.length ? el('p', {}, finding.objects.map((id, i) => [i ? ', ' : '', objectLink(id)])) : null,
		el('ul', {}, finding.evidence.map(evidenceNode)));
}

function makeFindings(panel) {
	const report = page.report;
	const list = el('div');
	const count = el('span.dim', { role: 'status' });
	const box = el('input', { type: 'search', placeholder: 'Filter', 'aria-label': 'Filter findings',
		on: { input: () => fill() } });

	function fill() {
		const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
		const nodes = [...report.deadlocks.map(deadlockNode), ...report.findings.map(findingNode)]
			.filter((node) => words.every((word) => node.textContent.toLowerCase().includes(word)));

		list.replaceChildren(...nodes);
		count.textContent = `${nodes.length} of ${report.deadlocks.length + report.findings.length}`;
	}
	fill();
	append(panel, [el('h2', {}, 'Findings'),
		report.deadlocks.length + report.findings.length ? [el('div.tools', {}, box, count), list] :
			el('p', {}, 'The analyses found nothing wrong.'),
		report.leftovers.length ? el('section', {}, el('h3', {}, 'Left behind'),
			el('ul', {}, report.leftovers.map((left) => el('li', {}, `${kindText(left.kind)} ${left.name} `,
				'made by ', threadLink(left.creator.thread), ' in ', placeNode(left.creator.site))))) : null]);
}
