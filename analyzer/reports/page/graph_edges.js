/* graph_edges.js: who waits for what and who could let it go, as edges: over all of the time, a part of
 * it, a moment, in deadlocks; and which locks are taken while which are held. */

/* Edges {waiter, object, blocker, relation, ns, waits, at, from}: threads are ids, null: unknown; at: where
 * the waiter waited most, from: where the blocker took it or let go (frames). */
function mergeEdge(merged, waiter, object, blocker, relation, ns, n, at, from) {
	const key = `${waiter} ${object} ${blocker} ${relation}`;
	const edge = merged.get(key);

	if (!edge) {
		merged.set(key, { waiter, object, blocker, relation, ns, waits: n, at, from, most: ns });
		return;
	}
	edge.ns += ns;
	edge.waits += n;
	if (ns > edge.most)
		Object.assign(edge, { most: ns, at, from });
}

function edgesOfTrace() {
	const merged = new Map();

	for (const edge of page.report.waits_for)
		mergeEdge(merged, edge.waiter.thread, edge.object, edge.blocker.thread, edge.relation,
			edge.wait_ns, edge.waits, edge.waiter.site, edge.blocker.site);
	return [...merged.values()];
}

/* Whether all of those that a wait is for are needed: as waits_for says for the object. */
function relationOf(id) {
	if (!page.relations)
		page.relations = new Map(page.report.waits_for.map((edge) => [edge.object, edge.relation]));
	return page.relations.get(id) || 'or';
}

function frameOf(number) {
	return number >= 0 ? page.frames[number] : null;
}

/* Of the waits that overlap [from, to]: with the time that lies in it. */
function edgesOfTime(from, to) {
	const merged = new Map();

	for (const lane of waits.lanes) {
		const last = lane.first + lane.n;

		for (let i = firstAfter(lane, from); i < last && waits.begin[i] <= to; i++) {
			const shape = waits.shapes[waits.shape[i]];
			const ns = Math.min(to, waits.end[i]) - Math.max(from, waits.begin[i]);
			const blocker = shape.holder.thread >= 0 ? shape.holder : shape.waker;

			if (waits.end[i] > from)
				mergeEdge(merged, shape.thread, shape.object, shape.blocker < 0 ? null : shape.blocker,
					relationOf(shape.object), from === to ? waits.end[i] - waits.begin[i] : ns, 1,
					frameOf(shape.waiter.site), frameOf(blocker.site));
		}
	}
	return [...merged.values()];
}

/* Those that happened or can: what is suppressed is none. */
function realDeadlocks() {
	return page.report.deadlocks.filter((deadlock) => deadlock.verdict !== 'suppressed');
}

function edgesOfDeadlocks() {
	return realDeadlocks().flatMap(({ cycle }) => cycle.map((step, i) => {
		const next = cycle[(i + 1) % cycle.length];

		return { waiter: step.thread, object: step.wants, blocker: next.thread, relation: step.relation || 'and',
			ns: 0, waits: 1, at: step.want_site, from: next.hold_site };
	}));
}

/* "waiter object", "object blocker" and "held taken" of all deadlocks that happened or can. */
function deadlockSteps() {
	const steps = new Set();

	for (const edge of edgesOfDeadlocks()) {
		steps.add(`t${edge.waiter} o${edge.object}`);
		steps.add(`o${edge.object} t${edge.blocker}`);
	}
	for (const { cycle } of realDeadlocks())
		for (const step of cycle)
			steps.add(`o${step.holds} o${step.wants}`);
	return steps;
}

/* Edges between the same nodes, where objects of one name are one, are one. */
function joinEdges(edges) {
	const merged = new Map();

	for (const edge of edges)
		mergeEdge(merged, edge.waiter, page.firstOfName.get(objectText(page.objects.get(edge.object))), edge.blocker,
			edge.relation, edge.ns, edge.waits, edge.at, edge.from);
	return [...merged.values()];
}

/* How many objects have the name of each: programs make many locks in one place. */
function countNames() {
	page.firstOfName = new Map();
	page.ofName = new Map();
	for (const object of page.objects.values()) {
		const name = objectText(object);

		if (!page.firstOfName.has(name))
			page.firstOfName.set(name, object.id);
		page.ofName.set(name, (page.ofName.get(name) || 0) + 1);
	}
}

/* Nodes {id, thread or object, label, bad} and links {source, target, relation, ns, waits, bad, edges} of
 * edges, the most expensive first and at most `most`; `join`: objects of one name are one node. */
function graphOf(edges, most, join) {
	const list = (join ? joinEdges(edges) : edges.slice()).sort((a, b) => b.ns - a.ns);
	const graph = makeGraphOf(list, most, join);

	for (const edge of graph.kept) {
		const waiter = graph.threadNode(edge.waiter), object = graph.objectNode(edge.object);

		graph.link(waiter, object, edge, 'waits');
		if (edge.blocker !== null)
			graph.link(object, graph.threadNode(edge.blocker), edge, 'for');
	}
	return graph.done();
}

/* The same of the orders in which locks are taken: from what was held to what was taken. Those of
 * cycles first: they are never left out. */
function orderGraph(pairs, most) {
	const bad = deadlockSteps();
	const isBad = (pair) => bad.has(`o${pair.held} o${pair.taken}`);
	const graph = makeGraphOf(pairs.slice().sort((a, b) => isBad(b) - isBad(a) || b.times - a.times), most);

	for (const pair of graph.kept)
		graph.link(graph.objectNode(pair.held), graph.objectNode(pair.taken), { relation: 'and', ns: 0,
			waits: pair.times, pair }, 'order');
	return graph.done();
}

function makeGraphOf(list, most, join) {
	const nodes = new Map(), links = new Map(), bad = deadlockSteps(), kept = list.slice(0, most);

	function node(id, made) {
		if (!nodes.has(id))
			nodes.set(id, { id, bad: false, ...made() });
		return nodes.get(id);
	}
	return {
		kept,
		threadNode: (id) => node(`t${id}`, () => ({ thread: id, label: threadText(threadOf(id)) })),
		objectNode: (id) => node(`o${id}`, () => {
			const name = objectText(page.objects.get(id)), n = join ? page.ofName.get(name) : 1;

			return { object: id, label: n > 1 ? `${name} (${n})` : name };
		}),
		link(source, target, edge, role) {
			const key = `${source.id} ${target.id}`, old = links.get(key);

			if (old) {
				old.ns += edge.ns;
				old.waits += edge.waits;
				old.edges.push(edge);
				return;
			}
			const isBad = bad.has(key);

			source.bad = source.bad || isBad;
			target.bad = target.bad || isBad;
			links.set(key, { source, target, role, relation: edge.relation, ns: edge.ns, waits: edge.waits,
				bad: isBad, edges: [edge] });
		},
		done: () => ({ nodes: [...nodes.values()], links: [...links.values()], left: list.length - kept.length }),
	};
}
