/* graph.js: the view of the wait graph: of which time, of what, and what is known of a chosen node. */

/* What can be drawn: the word of its address, what it is called, and what is said where there is nothing. */
const GRAPHS = {
	trace: ['who waits for whom: whole recording', 'Nobody waited for anybody.'],
	window: ['who waits for whom: window of the timeline', 'Nobody waited for anybody in this window.'],
	moment: ['who waits for whom: moment chosen on the timeline', 'Nobody waited at that moment. Click on the timeline to choose another.'],
	deadlocks: ['deadlocks that happened or can happen', 'There are no deadlocks, and no lock orders that contradict each other.'],
	orders: ['lock order: which lock is taken while which is held', 'No thread took a lock while it held another.'],
};

function linkItem(edge) {
	if (edge.pair)
		return el('li', {}, threadLink(edge.pair.thread), ' took ', objectLink(edge.pair.taken), ' in ', placeNode(edge.pair.take_site),
			' while it held ', objectLink(edge.pair.held), ' since ', placeNode(edge.pair.hold_site),
			`, seen ${nounText(edge.waits, 'time')}`);
	return el('li', {}, threadLink(edge.waiter), ' waits in ', placeNode(edge.at), ' for ', objectLink(edge.object),
		', held or ended by ', threadLink(edge.blocker), edge.blocker === null ? null : [' in ', placeNode(edge.from)],
		` (${edge.relation === 'and' ? 'needs it: and' : 'any of several: or'})`,
		edge.ns ? `, ${nounText(edge.waits, 'wait')}, ${timeText(edge.ns)}` : null);
}

/* Whether waiting for the object matters, or nobody says. */
function isImportant(id) {
	const object = page.objects.get(id);

	return !object || !object.class || matters(object.class);
}

function makeGraph(panel) {
	const state = { of: realDeadlocks().length ? 'deadlocks' : 'trace', only: null, most: 24, join: true,
		important: page.report.waits_for.some((edge) => isImportant(edge.object)) };
	countNames();
	const space = el('div.graph', { tabindex: 0, role: 'region', 'aria-label': 'Graph' });
	const says = el('p.dim', { role: 'status' }), chosen = el('div'), only = el('span');
	const pick = el('select', { 'aria-label': 'What to draw', on: { change: () => {
		state.of = pick.value;
		state.only = null;
		draw();
	} } }, Object.entries(GRAPHS).map(([of, [words]]) => el('option', { value: of }, words)));

	const many = el('select', { 'aria-label': 'How many edges', on: { change: () => {
		state.most = Number(many.value);
		draw();
	} } }, [12, 24, 60, 150].map((most) => el('option', { value: most }, `at most ${most} edges`)));

	function waitEdges() {
		if (state.of === 'deadlocks')
			return edgesOfDeadlocks();
		if (state.of === 'window')
			return edgesOfTime(timeline.from, timeline.to);
		if (state.of === 'moment')
			return edgesOfTime(timeline.cursor || 0, timeline.cursor || 0);
		return edgesOfTrace();
	}

	/* In a deadlock, and where one is asked about, each is itself. */
	function isJoined() {
		return state.join && state.of !== 'deadlocks' && !state.only;
	}

	function isWanted(edge) {
		return (!state.only || (state.only.object !== undefined ? edge.object === state.only.object :
			edge.waiter === state.only.thread || edge.blocker === state.only.thread)) &&
			(!state.important || state.of === 'deadlocks' || isImportant(edge.object));
	}

	function isWantedPair(pair) {
		return !state.only || pair.held === state.only.object || pair.taken === state.only.object;
	}

	function choose(node) {
		const links = state.graph.links.filter((link) => link.source === node || link.target === node);
		const edges = [...new Set(links.flatMap((link) => link.edges))].sort((a, b) => b.ns - a.ns);

		space.querySelectorAll('.node').forEach((one) => one.classList.toggle('chosen', one.dataset.node === node.id));
		chosen.replaceChildren(el('h3', {}, node.object !== undefined ? objectLink(node.object) : threadLink(node.thread)),
			el('p.links', {}, rowLinks(node.object !== undefined ? 'object' : 'thread',
				node.object !== undefined ? node.object : node.thread, 'graph')),
			el('ul', {}, edges.slice(0, 20).map(linkItem)),
			edges.length > 20 ? el('p.dim', {}, `and ${edges.length - 20} more`) : null);
	}

	function tellWhat(list, total) {
		const nodes = state.graph.nodes, threads = nodes.filter((node) => node.thread !== undefined).length;

		says.textContent = `${GRAPHS[state.of][0]}${state.of === 'moment' ? `, ${whenText(timeline.cursor || 0)}` : ''}: ${
			threads ? `${nounText(threads, 'thread')}, ` : ''}${nounText(nodes.length - threads, 'object')}${
			total ? `, ${timeText(total)}` : ''}${state.graph.left ? `; the first ${state.most} of ${list.length} edges` : ''}`;
		only.replaceChildren(...(state.only ? [button(`only ${state.only.object !== undefined ?
			objectText(page.objects.get(state.only.object)) : threadText(threadOf(state.only.thread))} ✕`, 'Show all', () => {
			state.only = null;
			draw();
		})] : []));
	}

	function draw() {
		const orders = state.of === 'orders';
		const list = orders ? page.report.lock_order.pairs.filter(isWantedPair) : waitEdges().filter(isWanted);
		const total = list.reduce((sum, edge) => sum + (edge.ns || 0), 0);

		pick.value = state.of;
		many.value = state.most;
		state.graph = orders ? orderGraph(list, state.most) : graphOf(list, state.most, isJoined());
		panel.dataset.of = state.of;
		panel.dataset.edges = list.length;
		panel.dataset.total = total;
		chosen.replaceChildren();
		tellWhat(list, total);
		if (!state.graph.nodes.length) {
			space.replaceChildren(el('p.dim', {}, GRAPHS[state.of][1]));
			says.textContent = '';
			return;
		}
		layGraph(state.graph, space.clientWidth || 1000);
		space.replaceChildren(drawGraph(state.graph, orders ? 'Lock-order graph' : 'Wait graph', choose));
	}

	append(panel, [el('h2', {}, 'Wait graph'),
		el('div.tools', {}, pick, many, el('label', {}, el('input', { type: 'checkbox', checked: state.important, on: { change: (event) => {
			state.important = event.target.checked;
			draw();
		} } }), ' only waiting that matters'), el('label', {}, el('input', { type: 'checkbox', checked: true, on: {
			change: (event) => {
				state.join = event.target.checked;
				draw();
			} } }), ' objects of one name as one'), only),
		el('ul.legend', {}, el('li', {}, el('span.key.thread'), 'thread'), el('li', {}, el('span.key.object'), 'object'),
			el('li', {}, el('span.key.and'), 'and: needs it'), el('li', {}, el('span.key.or'), 'or: any of several'),
			el('li', {}, el('span.key.bad'), 'deadlock, or can become one')),
		space, says, chosen]);
	page.showGraph = (what, id) => {
		/* What was asked for by name is shown. */
		if (what === 'object' || what === 'thread')
			panel.querySelector('input[type=checkbox]').checked = state.important = false;
		if (GRAPHS[what])
			Object.assign(state, { of: what, only: null });
		else if (what === 'object' || what === 'thread')
			Object.assign(state, { of: 'trace', only: { [what]: Number(id) } });
		if (what === 'orders' && id !== undefined)
			state.only = { object: Number(id) };
		draw();
	};
}
