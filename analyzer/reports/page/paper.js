/* paper.js: what is printed: every view, one after the other, and the lanes as pictures of their own. */

/* Pixels: what fits on a page. More lanes than those of so many sheets nobody reads on paper. */
const PAPER_WIDTH = 1000, PAPER_HEIGHT = 1200, PAPER_SHEETS = 4;

/* The canvas of the screen is as wide as the window, in the colours of its scheme, and scrolled. */
function layOnPaper() {
	const rows = timeline.rows.rows, sheets = [];
	let top = 0, i = 0;

	while (i < rows.length && sheets.length < PAPER_SHEETS) {
		const canvas = el('canvas', { role: 'img', 'aria-label': 'Timeline' });

		while (i < rows.length && rows[i].y + HEAD_HEIGHT - top <= PAPER_HEIGHT)
			i++;
		const bottom = i < rows.length ? rows[i].y : timeline.rows.height;

		paintLanes(canvas, PAPER_WIDTH, bottom - top + RULER_HEIGHT, top, 2, PAPER_COLOURS);
		sheets.push(canvas);
		top = bottom;
	}
	const left = rows.slice(i).filter((row) => row.thread).length;

	timeline.paper.replaceChildren(...sheets, ...(left ? [el('p.dim', {}, `${nounText(left, 'more thread')} not printed`)] : []));
}

/* Paper has no tabs: everything that fits on it is there. */
addEventListener('beforeprint', () => {
	for (const [id] of page.views)
		makeView(id);
	if (!byId('view-graph').dataset.of)
		page.showGraph();
	layOnPaper();
});
