/* tables.js: the tables of objects and of threads, and what an object's row opens. */

/* Waiters, holders or wakers of an object. */
function partiesNode(title, parties, whole) {
	if (!parties.length)
		return null;
	return el('section', {}, el('h3', {}, title), el('div.scrollx', {}, plainTable(title, [
		{ head: 'Thread', get: (party) => threadText(threadOf(party.thread)), show: (party) => threadLink(party.thread) },
		{ head: 'Place', get: (party) => placeText(party.site), show: (party) => placeNode(party.site) },
		{ head: 'Waits', number: true, get: (party) => party.waits, show: (party) => countText(party.waits) },
		{ head: 'Time', number: true, get: (party) => party.wait_ns, show: (party) => timeText(party.wait_ns) },
		{ head: 'Share', number: true, get: (party) => party.wait_ns, show: (party) => percentText(party.wait_ns, whole) },
		{ head: 'p99', number: true, get: (party) => party.p99_ns, show: (party) => timeText(party.p99_ns) },
		{ head: 'Stack', show: (party) => foldedStack(party.stack) },
	], parties, 12)),
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
		el('p.links', {}, rowLinks('object', object.id, 'objects')),
		factsNode([['Kind', `${kindText(object.kind)}, ${object.scope}`],
			['Processes', object.pids.join(', ')], ['Ended', outcomes],
			['Shortest, median, p95, longest', [object.min_ns, object.p50_ns, object.p95_ns,
				object.max_ns].map(timeText).join(' · ')],
			object.queue && ['Longest queue', nounText(object.queue.longest, 'thread')],
			object.transfer && ['Went through', `${bytesText(object.transfer.bytes_out)} written, ` +
				`${bytesText(object.transfer.bytes_in)} read, ${bytesText(object.transfer.rate)}/s`],
			object.transfer && object.transfer.fill && ['Filled up to', object.transfer.fill.unit === 'bytes' ?
				`${bytesText(object.transfer.fill.largest)}${object.transfer.fill.capacity ?
					` of ${bytesText(object.transfer.fill.capacity)}` : ''}` :
				`${countText(object.transfer.fill.largest)} of ${nounText(object.transfer.fill.capacity, 'message')}`],
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
		object.fill ? fillPlot(object, 640, 90) : null,
		partiesNode('Who waited', object.waiters, object.wait_ns),
		partiesNode('Who held it meanwhile', object.holders, object.wait_ns),
		partiesNode('Who let them go', object.wakers, object.wait_ns),
		partiesNode('Who had operated on it last, where nobody is known to have let them go',
			object.last_operators || [], object.wait_ns),
		object.meanwhile && object.meanwhile.parts.length ? el('section', {},
			el('h3', {}, 'What those that were waited for did'),
			el('ul', {}, object.meanwhile.parts.slice(0, 6).map((part) => el('li', {},
				`${percentText(part.ns, object.meanwhile.ns)} `, did(part), ' ', placeNode(part.site))))) : null);
}

function makeObjects(panel) {
	const list = page.report.objects;

	page.objectTable = makeTable({
		id: 'objects-table', caption: 'Objects', rows: list, key: (object) => object.id,
		picks: [{ label: 'Kind', all: 'all kinds', get: (object) => object.kind, words: kindText },
			{ label: 'Class', all: 'all classes', get: (object) => object.class, words: (name) => CLASS_WORDS[name][0] }],
		texts: (object) => [object.name, object.kind, object.class, ...object.pids,
			...object.waiters.slice(0, 20).map((party) => placeText(party.site))].join(' '),
		open: objectDetail, sortBy: 2,
		columns: [
			{ head: 'Object', get: (object) => objectText(object), show: (object) =>
				[swatch(kindColour(object.kind)), objectText(object)] },
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
			{ head: 'Show', show: (object) => shortLinks('object', object.id) },
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
		picks: [{ label: 'Process', all: 'all processes', get: (thread) => processText(report.processes[thread.process]),
			words: (name) => name }],
		columns: [
			{ head: 'Thread', get: threadText, show: (thread) => threadLink(thread.id) },
			{ head: 'Process', get: (thread) => processText(report.processes[thread.process]) },
			{ head: 'Waits', number: true, get: (thread) => thread.waits, show: (thread) =>
				figure(`thread.${thread.id}.waits`, thread.waits, countText(thread.waits)) },
			{ head: 'Waited', number: true, get: (thread) => thread.wait_ns, show: (thread) =>
				figure(`thread.${thread.id}.wait_ns`, thread.wait_ns, timeText(thread.wait_ns)) },
			{ head: 'Of the run', number: true, get: (thread) => thread.wait_ns, show: (thread) =>
				percentText(thread.wait_ns, whole) },
			{ head: 'Contention', number: true, get: (thread) => classNs(thread, 'contention'), show: (thread) =>
				timeText(classNs(thread, 'contention')) },
			{ head: 'Show', show: (thread) => shortLinks('thread', thread.id) },
		],
	});

	append(panel, [el('h2', {}, 'Threads'), table.node]);
}
