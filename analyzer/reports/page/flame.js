/* flame.js: flame graphs of waiting time: by the waiters' stacks, the blockers', and both joined. */

/* A tree of {name, frame, value, children}; stacks are put into it from the outermost frame on. */
function makeTree() {
	return { name: 'all', value: 0, children: new Map(), tone: 'root' };
}

function addPath(root, path, value) {
	let node = root;

	node.value += value;
	for (const { name, tone, title } of path) {
		let child = node.children.get(name);

		if (!child) {
			child = { name, tone, title, value: 0, children: new Map() };
			node.children.set(name, child);
		}
		child.value += value;
		node = child;
	}
}

function pathOf(party, tone) {
	const frames = party.stack && party.stack.length ? party.stack : party.site ? [party.site] : [];

	if (!frames.length)
		return [{ name: 'unknown place', tone: 'unknown' }];
	return frames.map((frame) => ({ name: functionText(frame), tone, title: placeText(frame) })).reverse();
}

function objectStep(object) {
	return { name: objectText(object), tone: object.kind, title: objectText(object) };
}

const FLAMES = {
	waiter: ['by waiter’s stack', 'Where threads waited: the time of all waits, by their stacks.'],
	holder: ['by holder’s stack', 'Who was waited for: of locks where they were taken by those who held them, else where the waits were ended.'],
	joined: ['joined', 'Waiter’s stack, then the object, then the stack of who was waited for, from its innermost frame on.'],
};

/* All of one object (`only`: its id) or of all; of all threads, or where `thread` is the waiter, or by holder's
 * stack the holder. */
function flameTree(mode, only, important, thread) {
	const root = makeTree();
	const takes = (object) => (only === null || object.id === only) &&
		(!important || matters(object.class));

	if (mode === 'joined') {
		for (const edge of page.report.waits_for) {
			const object = page.objects.get(edge.object);

			if (takes(object) && (thread === null || edge.waiter.thread === thread))
				addPath(root, [...pathOf(edge.waiter, 'waiter'), objectStep(object),
					...pathOf(edge.blocker, 'holder').reverse()], edge.wait_ns);
		}
		return root;
	}
	for (const object of page.report.objects) {
		if (!takes(object))
			continue;
		const parties = mode === 'waiter' ? object.waiters : object.holders.length ?
			object.holders : object.wakers;

		for (const party of parties)
			if (thread === null || party.thread === thread)
				addPath(root, [...pathOf(party, mode), objectStep(object)], party.wait_ns);
	}
	return root;
}

const FLAME_ROW = 19;

function makeFlame(panel) {
	const state = { mode: 'waiter', only: null, thread: null, important: false, root: null, top: null, search: '' };
	const chart = el('div.flame', { role: 'tree', 'aria-label': 'Flame graph' });
	const says = el('p.dim', { role: 'status' });
	const what = el('p');
	const modes = el('div.choice', { role: 'group', 'aria-label': 'Stacks' },
		Object.entries(FLAMES).map(([mode, [word]]) => el('button', { type: 'button', 'data-mode': mode,
			'aria-pressed': String(mode === state.mode), on: { click: () => {
				state.mode = mode;
				modes.querySelectorAll('button').forEach((one) =>
					one.setAttribute('aria-pressed', String(one.dataset.mode === mode)));
				rebuild();
			} } }, word)));
	const search = el('input', { type: 'search', placeholder: 'Search functions', 'aria-label':
		'Search functions', on: { input: () => {
		state.search = search.value.toLowerCase();
		draw();
	} } });
	const object = el('select', { 'aria-label': 'Object', on: { change: () => {
		state.only = object.value === '' ? null : Number(object.value);
		rebuild();
	} } }, el('option', { value: '' }, 'all objects'), page.report.objects.slice(0, 100).map((one) =>
		el('option', { value: one.id }, objectText(one))));

	const ofThread = el('select', { 'aria-label': 'Thread', on: { change: () => {
		state.thread = ofThread.value === '' ? null : Number(ofThread.value);
		rebuild();
	} } }, el('option', { value: '' }, 'all threads'), page.report.threads.filter((one) => one.waits).slice(0, 500)
		.map((one) => el('option', { value: one.id }, threadText(one))));

	function rebuild() {
		state.root = state.top = flameTree(state.mode, state.only, state.important, state.thread);
		panel.dataset.total = state.root.value;
		draw();
	}

	/* Time below nodes that match; what lies in a match counts once. */
	function matched(node) {
		if (node.name.toLowerCase().includes(state.search))
			return node.value;
		return [...node.children.values()].reduce((sum, child) => sum + matched(child), 0);
	}

	function place(node, left, depth, into) {
		const width = 100 * node.value / state.top.value;
		let at = left;

		if (width < 0.08)
			return;
		const hit = state.search && node.name.toLowerCase().includes(state.search);

		into.push(el('button', { type: 'button', role: 'treeitem', 'aria-level': depth + 1,
			'aria-selected': 'false', tabindex: into.length ? -1 : 0,
			class: `box ${KIND_COLOURS[node.tone] ? 'object' : node.tone}${hit ? ' hit' : ''}${width > 2 ? '' : ' slim'}`,
			title: `${node.title || node.name}\n${timeText(node.value)}, ${percentText(node.value, state.root.value)}`,
			css: { left: `${left}%`, width: `${width}%`, top: `${depth * FLAME_ROW}px`,
				'--kind': KIND_COLOURS[node.tone] || null },
			on: { click: () => {
				state.top = node === state.top ? state.root : node;
				draw();
			}, focus: (event) => tell(node, event.target) } }, width > 2 ? node.name : ''));
		for (const child of [...node.children.values()].sort((a, b) => b.value - a.value)) {
			place(child, at, depth + 1, into);
			at += 100 * child.value / state.top.value;
		}
	}

	function tell(node) {
		says.textContent = `${node.title || node.name}: ${timeText(node.value)}, ${percentText(node.value,
			state.root.value)} of ${timeText(state.root.value)}`;
	}

	function draw() {
		const boxes = [];

		what.textContent = FLAMES[state.mode][1];
		if (state.top.value)
			place(state.top, 0, 0, boxes);
		chart.replaceChildren(...boxes);
		const depth = boxes.reduce((most, box) => Math.max(most, parseInt(box.style.top, 10)), 0);

		chart.style.height = `${depth + FLAME_ROW + 2}px`;
		if (!state.root.value)
			says.textContent = 'Nothing was waited for here.';
		else if (state.search)
			says.textContent = `${percentText(matched(state.root), state.root.value)} of the time matches: ${timeText(matched(state.root))}`;
		else
			tell(state.top);
	}

	chart.addEventListener('keydown', (event) => {
		const boxes = [...chart.children], now = boxes.indexOf(document.activeElement);
		const level = (box) => Number(box.getAttribute('aria-level'));
		let to = null;

		if (now < 0)
			return;
		if (event.key === 'ArrowDown')
			to = boxes[now + 1] && level(boxes[now + 1]) > level(boxes[now]) ? boxes[now + 1] : null;
		else if (event.key === 'ArrowUp')
			to = boxes.slice(0, now).reverse().find((box) => level(box) < level(boxes[now]));
		else if (event.key === 'ArrowRight')
			to = boxes.slice(now + 1).find((box) => level(box) === level(boxes[now]));
		else if (event.key === 'ArrowLeft')
			to = boxes.slice(0, now).reverse().find((box) => level(box) === level(boxes[now]));
		else
			return;
		if (to)
			to.focus();
		event.preventDefault();
	});
	append(panel, [el('h2', {}, 'Flame graphs of waiting'),
		el('div.tools', {}, modes, object, ofThread, el('label', {}, el('input', { type: 'checkbox', on: {
			change: (event) => {
				state.important = event.target.checked;
				rebuild();
			} } }), ' only objects whose waiting matters'), search), what,
		el('div.scroll', {}, chart), says]);
	page.showFlame = (kind, id) => {
		const pick = { object, thread: ofThread }[kind];

		if (!pick)
			return;
		for (const one of [object, ofThread]) {
			one.value = one === pick && [...one.options].some((option) => option.value === id) ? id : '';
		}
		state.only = kind === 'object' ? Number(id) : null;
		state.thread = kind === 'thread' ? Number(id) : null;
		rebuild();
	};
	rebuild();
}
