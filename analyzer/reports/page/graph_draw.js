/* graph_draw.js: lays a graph out in layers, by dagre, and draws it. */

const NODE_HEIGHT = 26, NODE_LETTERS = 46;

/* From left to right, or downwards where that is too wide and the other is less so. */
function layGraph(graph, room) {
	layInDirection(graph, 'LR');
	const wide = graph.width;

	if (wide <= room)
		return;
	layInDirection(graph, 'TB');
	if (graph.width > wide * 0.9)
		layInDirection(graph, 'LR');
}

function layInDirection(graph, rankdir) {
	const laid = new dagre.graphlib.Graph({ multigraph: true });

	laid.setGraph({ rankdir, nodesep: rankdir === 'LR' ? 14 : 24, ranksep: 46, edgesep: 10, marginx: 8, marginy: 8 });
	graph.nodes.forEach((node) => {
		const text = node.label;

		node.text = text.length <= NODE_LETTERS ? text : `${text.slice(0, 28)}…${text.slice(-(NODE_LETTERS - 29))}`;
		node.w = Math.max(40, node.text.length * 7.2 + 26);
		laid.setNode(node.id, { width: node.w, height: NODE_HEIGHT });
	});
	graph.links.forEach((link, i) => {
		link.text = link.role === 'for' ? '' : link.ns ? timeText(link.ns) : link.role === 'order' && link.waits > 1 ?
			`${countText(link.waits)} ×` : '';
		laid.setEdge(link.source.id, link.target.id, { width: link.text.length * 6.2, height: link.text ? 14 : 0,
			labelpos: 'c' }, String(i));
	});
	dagre.layout(laid);
	for (const node of graph.nodes)
		Object.assign(node, { x: laid.node(node.id).x, y: laid.node(node.id).y });
	graph.links.forEach((link, i) => {
		const edge = laid.edge(link.source.id, link.target.id, String(i));

		link.points = edge.points;
		link.label = { x: edge.x, y: edge.y };
	});
	/* dagre leaves bends out of its measure. */
	const xs = graph.links.flatMap((link) => link.points.map((p) => p.x)), ys = graph.links.flatMap((link) =>
		link.points.map((p) => p.y));

	graph.x = Math.min(0, ...xs) - 8;
	graph.y = Math.min(0, ...ys) - 8;
	graph.width = Math.max(laid.graph().width, ...xs) + 8 - graph.x;
	graph.height = Math.max(laid.graph().height, ...ys) + 8 - graph.y;
}

/* Through the points, rounded at each. */
function curve(points) {
	const text = (p) => `${p.x.toFixed(1)},${p.y.toFixed(1)}`;
	const middle = (a, b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
	let path = `M${text(points[0])}`;

	for (let i = 1; i < points.length - 1; i++)
		path += `Q${text(points[i])} ${text(i === points.length - 2 ? points[i + 1] : middle(points[i], points[i + 1]))}`;
	return points.length === 2 ? `${path}L${text(points[1])}` : path;
}

function linkTitle(link) {
	if (link.role === 'order')
		return `${link.target.label} was taken while ${link.source.label} was held, seen ${nounText(link.waits, 'time')}`;
	return `${link.source.label} ${link.role === 'waits' ? 'waits for' : 'is held or ended by'} ${link.target.label}: ${
		nounText(link.waits, 'wait')}, ${timeText(link.ns)}, ${link.relation === 'and' ? 'needs it' : 'any of several'}`;
}

function drawLink(link, most) {
	const title = svg('title', {}, linkTitle(link));

	return svg('g', { class: `link ${link.relation}${link.bad ? ' bad' : ''}`, 'data-link': `${link.source.id} ${link.target.id}` },
		svg('path', { d: curve(link.points), class: 'line', 'marker-end': `url(#arrow-${link.bad ? 'bad' : 'plain'})`,
			'stroke-width': (1.2 + 2.6 * Math.sqrt(link.ns / most)).toFixed(2) }, title),
		link.text ? svg('text', { x: link.label.x.toFixed(1), y: (link.label.y + 4).toFixed(1), 'text-anchor': 'middle' },
			link.text) : null);
}

function drawNode(node, choose) {
	const object = node.object !== undefined ? page.objects.get(node.object) : null;

	return svg('g', { transform: `translate(${node.x.toFixed(1)},${node.y.toFixed(1)})`, tabindex: 0, role: 'button',
		class: `node ${node.object !== undefined ? 'object' : 'thread'}${node.bad ? ' bad' : ''}`, 'data-node': node.id,
		'aria-label': `${node.text}, ${object ? 'object' : 'thread'}${node.text === node.label ? '' : ` ${node.label}`}`,
		on: { click: () => choose(node), keydown: (event) => {
			if (event.key !== 'Enter' && event.key !== ' ')
				return;
			choose(node);
			event.preventDefault();
		} } },
	svg('rect', { x: -node.w / 2, y: -NODE_HEIGHT / 2, width: node.w, height: NODE_HEIGHT, rx: node.object !== undefined ? 3 : 13 }),
	object ? svg('rect', { x: -node.w / 2, y: -NODE_HEIGHT / 2, width: 6, height: NODE_HEIGHT, rx: 2, class: 'mark',
		style: `fill: ${kindColour(object.kind)}` }) : null,
	svg('text', { 'text-anchor': 'middle', y: 4, x: object ? 3 : 0 }, node.text), svg('title', {}, node.label));
}

function drawGraph(graph, title, choose) {
	const most = Math.max(1, ...graph.links.map((link) => link.ns));
	const markers = ['plain', 'bad'].map((tone) => svg('marker', { id: `arrow-${tone}`, viewBox: '0 0 8 8', refX: 7,
		refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: 'userSpaceOnUse', orient: 'auto' },
	svg('path', { d: 'M0,0L8,4L0,8Z', class: `head ${tone}` })));

	return svg('svg', { viewBox: `${graph.x.toFixed(0)} ${graph.y.toFixed(0)} ${graph.width.toFixed(0)} ${graph.height.toFixed(0)}`, role: 'group',
		'aria-label': `${title} of ${nounText(graph.nodes.length, 'node')}`,
		/* Never so small that it cannot be read: what is wider scrolls. */
		style: `width:100%;max-width:${Math.round(graph.width)}px;min-width:${Math.round(graph.width * 0.7)}px` },
	svg('defs', {}, markers), graph.links.map((link) => drawLink(link, most)),
	graph.nodes.map((node) => drawNode(node, choose)));
}
