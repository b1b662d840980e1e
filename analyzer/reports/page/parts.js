/* parts.js: the report as data, and what people call its parts: threads, objects, parties, stacks. */

/* Everything that views read. */
const page = { report: null, objects: new Map(), views: [], origin: 0 };

/* Puts the frames and stacks back where the page has their numbers only. */
function unfold(value, frames, stacks) {
	if (value === null || typeof value !== 'object')
		return value;
	if (Array.isArray(value)) {
		for (let i = 0; i < value.length; i++)
			value[i] = unfold(value[i], frames, stacks);
		return value;
	}
	if (value.f !== undefined)
		return frames[value.f];
	if (value.s !== undefined)
		return stacks[value.s];
	for (const key of Object.keys(value))
		value[key] = unfold(value[key], frames, stacks);
	return value;
}

function readReport() {
	const data = JSON.parse(byId('report').textContent);

	Object.assign(KIND_COLOURS, data.colours);
	page.frames = data.frames;
	page.stacks = data.stacks.map((stack) => stack.map((number) => data.frames[number]));
	page.report = unfold(data.report, page.frames, page.stacks);
	for (const object of [...page.report.objects, ...page.report.other_objects])
		page.objects.set(object.id, object);
	byId('report').remove();
}

function processText(process) {
	return process ? `${process.name || 'process'}[${process.pid}]` : 'unknown process';
}

function threadText(thread) {
	if (!thread)
		return 'unknown thread';
	return thread.tid === thread.pid ? `${thread.name || 'thread'}[${thread.tid}]` :
		`${thread.name || 'thread'}:${thread.tid}`;
}

function threadOf(id) {
	return id === null || id === undefined || id < 0 ? null : page.report.threads[id];
}

/* "mutex cache.lock", the kind once. */
function objectText(object) {
	if (!object)
		return 'unknown object';
	return object.name.startsWith(object.kind) ? object.name : `${object.kind} ${object.name}`;
}

function objectLink(id) {
	const object = page.objects.get(id);

	if (!object || object.waits === undefined)
		return el('span.object', {}, object && swatch(kindColour(object.kind)),
			objectText(object));
	return el('a.object', { href: `#objects/${id}` }, swatch(kindColour(object.kind)),
		objectText(object));
}

function threadLink(id) {
	const thread = threadOf(id);

	return thread ? el('a', { href: `#timeline/thread/${id}` }, threadText(thread)) :
		el('span.dim', {}, 'unknown thread');
}

const ROW_LINKS = {
	timeline: { object: 'longest wait on the timeline', thread: 'its lane on the timeline', short: 'time' },
	graph: { object: 'in the wait graph', thread: 'in the wait graph', short: 'graph' },
	flame: { object: 'flame graph of its waits', thread: 'flame graph of its waits', short: 'stacks' },
	objects: { object: 'all that is known of it', short: 'details' },
};

/* Where else an object or a thread is shown, `but` there. */
function rowLinks(what, id, but) {
	return Object.entries(ROW_LINKS).filter(([view, words]) => view !== but && words[what])
		.map(([view, words], i) => [i ? ' · ' : '', el('a', { href: view === 'objects' ? `#objects/${id}` :
			`#${view}/${what}/${id}` }, words[what])]);
}

/* The same in a row of a table. */
function shortLinks(what, id) {
	const name = what === 'object' ? objectText(page.objects.get(id)) : threadText(threadOf(id));

	return el('span.rowlinks', {}, ['timeline', 'graph', 'flame'].map((view) => [el('a', { href: `#${view}/${what}/${id}`,
		'aria-label': `${ROW_LINKS[view].short}: ${name}, ${ROW_LINKS[view][what]}`, title: ROW_LINKS[view][what] }, ROW_LINKS[view].short), ' ']));
}

function placeNode(frame) {
	if (!frame)
		return el('span.dim', {}, 'unknown place');
	return el('span.place', { title: frame.file ? `${frame.file}:${frame.line}` : frame.module || '' },
		el('code', {}, functionText(frame)),
		frame.file ? ` ${baseName(frame.file)}:${frame.line}` :
			frame.function ? ` ${baseName(frame.module) || ''}` : null);
}

function stackNode(stack, what) {
	if (!stack || !stack.length)
		return el('p.dim', {}, 'No stack is known.');
	return el('ol.stack', { 'aria-label': what || 'call stack, innermost first' },
		stack.map((frame) => el('li', {}, placeNode(frame))));
}

/* A stack that opens on demand. */
function foldedStack(stack, what) {
	if (!stack || !stack.length)
		return el('span.dim', {}, '–');
	return el('details.stackfold', {}, el('summary', {}, nounText(stack.length, 'frame')),
		stackNode(stack, what));
}

/* A link to the moment on the timeline. */
function momentLink(at, thread) {
	if (at === null || at === undefined)
		return null;
	const ns = at - page.report.trace.begin_ns;

	return el('a.moment', { href: `#timeline/at/${ns}/${thread === null || thread === undefined ?
		'' : thread}` }, `at ${whenText(ns)}`);
}

/* One fact that findings and deadlocks rest on. */
function evidenceNode(evidence) {
	const known = evidence.thread !== null && evidence.thread !== undefined;

	return el('li', {}, el('span', {}, evidence.text), ' ',
		el('span.where', {}, known ? threadLink(evidence.thread) : null,
			known && evidence.site ? ' in ' : null,
			evidence.site ? placeNode(evidence.site) : null, ' ',
			momentLink(evidence.at_ns, evidence.thread)),
		evidence.stack && evidence.stack.length > 1 ? foldedStack(evidence.stack) : null);
}

/* Waiting that somebody could shorten. */
function matters(name) {
	return name === 'contention' || name === 'handover';
}

function classNs(of, name) {
	return of.by_class && of.by_class[name] ? of.by_class[name].wait_ns : 0;
}

function matteringNs(of) {
	return classNs(of, 'contention') + classNs(of, 'handover');
}
