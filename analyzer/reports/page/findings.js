/* findings.js: deadlocks, findings and what was left behind: one table that sorts and filters; a row opens to
 * the evidence. */

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

function deadlockDetail(deadlock) {
	const n = deadlock.cycle.length;

	return el('div.opened', { 'data-verdict': deadlock.verdict },
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
			el('ul', {}, deadlock.evidence.map(evidenceNode))) : null);
}

function findingDetail(finding) {
	return el('div.opened', { 'data-rule': finding.rule },
		finding.objects.length ? el('p', {}, finding.objects.map((id, i) => [i ? ', ' : '', objectLink(id)])) : null,
		el('ul', {}, finding.evidence.map(evidenceNode)));
}

const SEVERITY_RANKS = { note: 0, warning: 1, error: 2 };

/* Deadlocks and findings alike: {key, severity, what, title, objects, at, thread, cycle or not}. */
function findingRows() {
	const report = page.report;

	return [
		...report.deadlocks.map((deadlock, i) => ({
			key: `d${i}`, severity: VERDICT_WORDS[deadlock.verdict][0], what: VERDICT_WORDS[deadlock.verdict][1],
			title: deadlock.reason, objects: [...new Set(deadlock.cycle.map((step) => step.wants))],
			at: deadlock.at_ns, thread: deadlock.cycle[0] && deadlock.cycle[0].thread,
			graph: deadlock.verdict === 'suppressed' ? '#graph/orders' : '#graph/deadlocks',
			open: () => deadlockDetail(deadlock), isOpen: i < 4 && deadlock.verdict !== 'suppressed',
		})),
		...report.findings.map((finding, i) => {
			const first = finding.evidence.find((evidence) => evidence.at_ns !== null && evidence.at_ns !== undefined);
			const object = finding.objects[0];

			return { key: `f${i}`, severity: finding.severity, what: finding.rule, title: finding.title,
				objects: finding.objects, at: first ? first.at_ns : null, thread: first && first.thread,
				graph: finding.rule === 'lock_order' ? '#graph/orders' : object !== undefined ? `#graph/object/${object}` : null,
				open: () => findingDetail(finding), isOpen: i < 2 && finding.severity !== 'note' };
		}),
	];
}

function findingLinks(row) {
	const object = row.objects.find((id) => page.objects.get(id) && page.objects.get(id).waits !== undefined);

	return el('span.rowlinks', {}, momentLink(row.at, row.thread) || (object !== undefined ?
		el('a', { href: `#timeline/object/${object}` }, 'time') : null), ' ',
	row.graph ? el('a', { href: row.graph, 'aria-label': `graph: ${row.what}` }, 'graph') : null, ' ',
	object !== undefined ? el('a', { href: `#flame/object/${object}`, 'aria-label': `stacks: ${row.what}` }, 'stacks') : null);
}

function makeFindings(panel) {
	const report = page.report, rows = findingRows();
	const table = makeTable({
		id: 'findings-table', caption: 'Findings', rows, key: (row) => row.key, open: (row) => row.open(),
		opened: (row) => row.isOpen, sortBy: 1,
		texts: (row) => `${row.severity} ${row.what} ${row.title} ${row.objects.map((id) =>
			objectText(page.objects.get(id))).join(' ')} ${row.open().textContent}`,
		picks: [{ label: 'Severity', all: 'all severities', get: (row) => row.severity, words: (word) => word },
			{ label: 'Rule', all: 'all rules', get: (row) => row.what, words: (word) => word }],
		columns: [
			{ head: 'Finding', get: (row) => row.title },
			{ head: 'Severity', number: true, get: (row) => SEVERITY_RANKS[row.severity],
				show: (row) => badge(row.severity) },
			{ head: 'Rule', get: (row) => row.what, show: (row) => el('code.rule', {}, row.what) },
			{ head: 'Objects', get: (row) => row.objects.map((id) => objectText(page.objects.get(id))).join(', '),
				show: (row) => row.objects.slice(0, 3).map((id, i) => [i ? ', ' : '', objectLink(id)]) },
			{ head: 'When', number: true, get: (row) => row.at === null ? -1 : row.at,
				show: (row) => row.at === null ? '–' : whenText(row.at - report.trace.begin_ns) },
			{ head: 'Show', show: findingLinks },
		],
	});

	append(panel, [el('h2', {}, 'Findings'),
		rows.length ? table.node : el('p', {}, 'The analyses found nothing wrong.'),
		report.leftovers.length ? el('section', {}, el('h3', {}, 'Left behind'),
			el('div.scroll', {}, plainTable('Left behind', [
				{ head: 'Kind', get: (left) => kindText(left.kind) }, { head: 'Name', get: (left) => left.name },
				{ head: 'Made by', get: (left) => threadText(threadOf(left.creator.thread)),
					show: (left) => threadLink(left.creator.thread) },
				{ head: 'In', get: (left) => placeText(left.creator.site), show: (left) => placeNode(left.creator.site) },
				{ head: 'Size', number: true, get: (left) => left.bytes, show: (left) => left.bytes ? bytesText(left.bytes) : '–' },
				{ head: 'When', number: true, get: (left) => left.created_ns, show: (left) => left.created_ns ?
					momentLink(left.created_ns, left.creator.thread) : '–' },
			], report.leftovers, 200))) : null]);
}
