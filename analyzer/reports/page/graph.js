/* graph.js: the wait graph: threads and objects, who waits for what and who could let it go. */

/* Edges {waiter, object, blocker, relation, ns, waits}; threads are ids, null: unknown. */
function edgesOfTrace() {
	const merged = new Map();

	for (const edge of page.report.waits_for)
		mergeEdge(merged, edge.waiter.thread, edge.object, edge.blocker.thread, edge.relation,
			edge.wait_ns, edge.waits);
	return [...merged.values()];
}

function mergeEdge(merged, waiter, object, blocker, relation, ns, n) {
	const key = `${waiter} ${object} ${blocker} ${relation}`;
	const edge = merged.get(key);

	if (edge) {
		edge.ns += ns;
		edge.waits += n;
	} else {
		merged.set(key, { waiter, object, blocker, relation, ns, waits: n });
	}
}

/* Whether all of those that a wait is for are needed: as waits_for says for the object. */
function relationOf(id) {
	if (!page.relations)
		page.relations = new Map(page.report.waits_for.map((edge) => [edge.object, edge.relation]));
	return page.relations.get(id) || 'or';
}

/* Of the waits that overlap [from, to]: with the time that lies in it. */
function edgesOfTime(from, to) {
	const merged = new Map();

	for (const lane of waits.lanes) {
		const last = lane.first + lane.n;

		for (let i = firstAfter(lane, from); i < last && waits.begin[i] <= to; i++) {
			const shape = waits.shapes[waits.shape[i]];
			const ns = Math.min(to, waits.end[i]) - Math.max(from, waits.begin[i]);

			if (waits.end[i] > from)
				mergeEdge(merged, shape.thread, shape.object, shape.blocker < 0 ? null : shape.blocker,
					relationOf(shape.object), from === to ? waits.end[i] - waits.begin[i] : ns, 1);
		}
	}
	return [...merged.values()];
}

function edgesOfDeadlocks() {
	const edges = [];

	for (const deadlock of page.report.deadlocks) {
		const n = deadlock.cycle.length;

		if (deadlock.verdict === 'suppressed')
			continue;
		deadlock.cycle.forEach((step, i) => edges.push({ waiter: step.thread, object: step.wants,
			blocker: deadlock.cycle[(i + 1) % n].thread, relation: step.relation || 'and', ns: 0, waits: 1 }));
	}
	return edges;
}

/* "waiter object" and "object blocker" of all deadlocks that happened or can. */
function deadlockSteps() {
	const steps = new Set();

	for (const edge of edgesOfDeadlocks()) {
		steps.add(`t${edge.waiter} o${edge.object}`);
		steps.add(`o${edge.object} t${edge.blocker}`);
	}
	return steps;
}

/* Nodes and links of the edges, the most expensive first and at most `most`. */
function graphOf(edges, most) {
	const nodes = new Map(), links = new Map(), bad = deadlockSteps();
	const kept = edges.slice().sort((a, b) => b.ns - a.ns).slice(0, most);

	function node(id, make) {
		if (!nodes.has(id))
			nodes.set(id, { id, ns: 0, bad: false, ...make() });
		return nodes.get(id);
	}
	function link(source, target, edge, role) {
		const key = `${source.id} ${target.id}`, old = links.get(key);

		source.ns += edge.ns;
		target.ns += edge.ns;
		if (old) {
			old.ns += edge.ns;
			old.waits += edge.waits;
			return;
		}
		const isBad = bad.has(key);

		source.bad = source.bad || isBad;
		target.bad = target.bad || isBad;
		links.set(key, { source, target, role, relation: edge.relation, ns: edge.ns, waits: edge.waits, bad: isBad });
	}
	for (const edge of kept) {
		const waiter = node(`t${edge.waiter}`, () => ({ thread: edge.waiter, label: threadText(threadOf(edge.waiter)) }));
		const object = node(`o${edge.object}`, () => ({ object: edge.object, label: objectText(page.objects.get(edge.object)) }));

		link(waiter, object, edge, 'waits');
		if (edge.blocker !== null)
			link(object, node(`t${edge.blocker}`, () => ({ thread: edge.blocker, label: threadText(threadOf(edge.blocker)) })),
				edge, 'for');
	}
	return { nodes: [...nodes.values()], links: [...links.values()], left: edges.length - kept.length };
}

/* Places are the same each time: d3's forces begin at fixed places. */
function layGraph(graph, width, height) {
	graph.nodes.forEach((node) => {
		const text = node.label.length > 44 ? `${node.label.slice(0, 28)}…${node.label.slice(-15)}` : node.label;

		node.text = text;
		node.w = Math.max(36, text.length * 7 + 22);
	});
	const simulation = d3.forceSimulation(graph.nodes)
		.force('link', d3.forceLink(graph.links).distance(80).strength(0.5))
		.force('charge', d3.forceManyBody().strength(-360))
		.force('x', d3.forceX(width / 2).strength(0.05)).force('y', d3.forceY(height / 2).strength(0.14))
		.force('collide', d3.forceCollide((node) => node.w / 2 + 8))
		.stop();

	for (let i = 0; i < 260; i++)
		simulation.tick();
}

/* Where the line from `from` to the middle of `to` meets its outline, a box. */
function edgeOf(from, to) {
	const dx = from.x - to.x, dy = from.y - to.y, w = to.w / 2 + 3, h = 14;
	const by = Math.min(Math.abs(dx) > 0.01 ? w / Math.abs(dx) : Infinity, Math.abs(dy) > 0.01 ? h / Math.abs(dy) : Infinity);

	return { x: to.x + dx * Math.min(1, by), y: to.y + dy * Math.min(1, by) };
}

function drawGraph(graph, choose) {
	const xs = graph.nodes.flatMap((node) => [node.x - node.w / 2, node.x + node.w / 2]);
	const ys = graph.nodes.map((node) => node.y);
	const x0 = Math.min(...xs) - 14, x1 = Math.max(...xs) + 14, y0 = Math.min(...ys) - 26, y1 = Math.max(...ys) + 26;
	const most = Math.max(1, ...graph.links.map((link) => link.ns));
	const markers = ['plain', 'bad'].map((tone) => svg('marker', { id: `arrow-${tone}`, viewBox: '0 0 8 8', refX: 7,
		refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: 'userSpaceOnUse', orient: 'auto' },
	svg('path', { d: 'M0,0L8,4L0,8Z', class: `head ${tone}` })));

	return svg('svg', { viewBox: `${x0} ${y0} ${x1 - x0} ${y1 - y0}`, role: 'group',
		'aria-label': `Wait graph of ${nounText(graph.nodes.length, 'node')}`,
		style: `max-width:${Math.round(Math.max(420, 1.25 * (x1 - x0)))}px` },
	svg('defs', {}, markers),
	graph.links.map((link) => {
		const end = edgeOf(link.source, link.target), begin = edgeOf(link.target, link.source);
		const length = Math.hypot(end.x - begin.x, end.y - begin.y) || 1;
		/* Two that go to and fro lie side by side. */
		const aside = graph.links.some((other) => other.source === link.target && other.target === link.source) ?
			4 / length : 0;
		const dx = (begin.y - end.y) * aside, dy = (end.x - begin.x) * aside;

		return svg('line', { x1: begin.x + dx, y1: begin.y + dy, x2: end.x + dx, y2: end.y + dy,
			class: `link ${link.relation}${link.bad ? ' bad' : ''}`,
			'marker-end': `url(#arrow-${link.bad ? 'bad' : 'plain'})`,
			'stroke-width': (1 + 3 * Math.sqrt(link.ns / most)).toFixed(2) },
		svg('title', {}, `${link.source.label} ${link.role === 'waits' ? 'waits for' : 'is with'} ${link.target.label}: ${nounText(link.waits, 'wait')}, ${timeText(link.ns)}`));
	}),
	graph.nodes.map((node) => {
		const object = node.object !== undefined ? page.objects.get(node.object) : null;

		return svg('g', { transform: `translate(${node.x.toFixed(1)},${node.y.toFixed(1)})`, tabindex: 0, role: 'button',
			class: `node ${object ? 'object' : 'thread'}${node.bad ? ' bad' : ''}`, 'data-node': node.id,
			'aria-label': `${node.text}, ${object ? 'object' : 'thread'}${node.text === node.label ? '' : ` ${node.label}`}`,
			on: { click: () => choose(node), keydown: (event) => {
				if (event.key !== 'Enter' && event.key !== ' ')
					return;
				choose(node);
				event.preventDefault();
			} } },
		svg('rect', { x: -node.w / 2, y: -12, width: node.w, height: 24, rx: object ? 3 : 12 }),
		object ? svg('rect', { x: -node.w / 2, y: -12, width: 6, height: 24, rx: 2, class: 'mark',
			style: `fill: ${KIND_COLOURS[object.kind]}` }) : null,
		svg('text', { 'text-anchor': 'middle', y: 4, x: object ? 3 : 0 }, node.text), svg('title', {}, node.label));
	}));
}

const GRAPHS = { trace: 'whole recording', window: 'window of the timeline', moment: 'moment chosen on the timeline', deadlocks: 'deadlocks and lock orders' };

function makeGraph(panel) {
	const state = { of: page.report.deadlocks.some((deadlock) => deadlock.verdict !== 'suppressed') ? 'deadlocks' : 'trace',
		object: null, important: false, most: 24 };
	const space = el('div.graph'), says = el('p.dim', { role: 'status' }), chosen = el('div');
	const pick = el('select', { 'aria-label': 'Of what time', on: { change: () => {
		state.of = pick.value;
		state.object = null;
		draw();
	} } }, Object.entries(GRAPHS).map(([of, words]) => el('option', { value: of }, words)));

	const many = el('select', { 'aria-label': 'How many edges', on: { change: () => {
		state.most = Number(many.value);
		draw();
	} } }, [24, 60, 150].map((most) => el('option', { value: most }, `at most ${most} edges`)));

	function edges() {
		if (state.of === 'deadlocks')
			return edgesOfDeadlocks();
		if (state.of === 'window')
			return edgesOfTime(timeline.from, timeline.to);
		if (state.of === 'moment')
			return edgesOfTime(timeline.cursor || 0, timeline.cursor || 0);
		return edgesOfTrace();
	}

	function choose(node) {
		const links = state.graph.links.filter((link) => link.source === node || link.target === node)
			.sort((a, b) => b.ns - a.ns);

		chosen.replaceChildren(el('h3', {}, node.object !== undefined ? objectLink(node.object) : threadLink(node.thread)),
			el('ul', {}, links.slice(0, 20).map((link) => el('li', {}, link.source.label,
				link.role === 'waits' ? ' waits for ' : ' is held or ended by ', link.target.label,
				` (${link.relation === 'and' ? 'needs it: and' : 'any of several: or'}), ${nounText(link.waits, 'wait')}, ${timeText(link.ns)}`))));
	}

	function draw() {
		let list = edges();

		pick.value = state.of;
		if (state.object !== null)
			list = list.filter((edge) => edge.object === state.object);
		if (state.important)
			list = list.filter((edge) => {
				const object = page.objects.get(edge.object);

				return object && (!object.class || matters(object.class));
			});
		state.graph = graphOf(list, state.most);
		panel.dataset.edges = list.length;
		panel.dataset.total = list.reduce((sum, edge) => sum + edge.ns, 0);
		chosen.replaceChildren();
		if (!state.graph.nodes.length) {
			space.replaceChildren(el('p.dim', {}, state.of === 'moment' ? 'Nobody waited at that moment. Click on the timeline to choose another.' : 'Nobody waited for anybody here.'));
			says.textContent = '';
			return;
		}
		layGraph(state.graph, 900, 480);
		space.replaceChildren(drawGraph(state.graph, choose));
		says.textContent = `${GRAPHS[state.of]}${state.of === 'moment' ? `, ${momentText(timeline.cursor || 0, 1000)}` : ''}: ${nounText(state.graph.nodes.filter((node) => node.object === undefined).length, 'thread')}, ${nounText(state.graph.nodes.filter((node) => node.object !== undefined).length, 'object')}${state.graph.left ? `; the ${state.most} heaviest of ${list.length} edges` : ''}`;
	}

	append(panel, [el('h2', {}, 'Wait graph'),
		el('div.tools', {}, pick, many, el('label', {}, el('input', { type: 'checkbox', on: { change: (event) => {
			state.important = event.target.checked;
			draw();
		} } }), ' only waiting that matters')),
		el('ul.legend', {}, el('li', {}, el('span.key.thread'), 'thread'), el('li', {}, el('span.key.object'), 'object'),
			el('li', {}, el('span.key.and'), 'and: needs it'), el('li', {}, el('span.key.or'), 'or: any of several'),
			el('li', {}, el('span.key.bad'), 'deadlock, or can become one')),
		space, says, chosen]);
	page.showGraph = (what, id) => {
		if (what === 'deadlocks')
			Object.assign(state, { of: 'deadlocks', object: null });
		else if (what === 'object')
			Object.assign(state, { of: 'trace', object: Number(id) });
		draw();
	};
	page.redrawGraph = draw;
}
