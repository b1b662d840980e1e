/* table.js: tables that sort and filter, and whose rows open. */

/* A table whose heads sort it and whose box filters it. columns: {head, title, get, show, number}, without
 * `get` not sorted by; open(row) makes what a row shows when it is opened, key(row) is its name in links,
 * opened(row) whether it is open at first; picks: [{label, all, get, words}], what else one filters by. */
function makeTable(options) {
	const { caption, columns, rows, open, key, texts } = options;
	let sortBy = options.sortBy || 0, down = true;
	const opened = new Set(options.opened ? rows.filter(options.opened).map(key) : []);
	const body = el('tbody');
	const count = el('span.dim', { role: 'status' });
	const box = el('input', { type: 'search', placeholder: 'Filter', 'aria-label': `Filter ${caption}`,
		on: { input: () => fill() } });
	const picks = (options.picks || []).map((pick) => ({ ...pick, node: el('select', { 'aria-label': pick.label,
		on: { change: () => fill() } }, el('option', { value: '' }, pick.all),
	[...new Set(rows.map(pick.get))].sort().map((value) => el('option', { value }, pick.words(value)))) }));
	const tone = (column) => column.number ? 'n' : column.get ? '' : 'screen';
	const heads = columns.map((column, i) => el('th', { scope: 'col', class: tone(column) },
		!column.get ? el('span.head', {}, column.head) : el('button', { type: 'button', title: column.title, on: { click: () => {
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
			picks.every((pick) => !pick.node.value || pick.get(row) === pick.node.value);
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
		heads.forEach((head, i) => columns[i].get && head.setAttribute('aria-sort', i !== sortBy ? 'none' : down ?
			'descending' : 'ascending'));
		body.replaceChildren(...list.slice(0, most).flatMap(([, row]) => {
			const isOpen = opened.has(key(row));
			const cells = columns.map((one, i) => {
				const shown = one.show ? one.show(row) : one.get(row);

				if (i !== 0 || !open)
					return el('td', { class: tone(one) }, shown);
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
		node: el('div', {}, el('div.tools', {}, box, picks.map((pick) => pick.node), count),
			el('div.scroll', { tabindex: 0, role: 'region', 'aria-label': caption },
				el('table.data', { id: options.id }, el('caption.hidden', {}, caption),
					el('thead', {}, el('tr', {}, heads)), body))),
		/* Opens the row of that name and goes there. */
		reveal(name) {
			const row = rows.find((one) => String(key(one)) === String(name));

			if (!row)
				return;
			box.value = '';
			for (const pick of picks)
				pick.node.value = '';
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

/* A small table whose heads sort it. columns: {head, get, show, number}, as above; at most `most` rows. */
function plainTable(caption, columns, rows, most) {
	const body = el('tbody');
	const heads = columns.map((column, i) => el('th', { scope: 'col', class: column.number ? 'n' : '' },
		!column.get ? el('span.head', {}, column.head) : el('button', { type: 'button', on: { click: () => {
			down = i === sortBy ? !down : Boolean(column.number);
			sortBy = i;
			fill();
		} } }, column.head)));
	let sortBy = -1, down = false;

	function fill() {
		const list = rows.slice();

		if (sortBy >= 0) {
			const { get } = columns[sortBy];

			list.sort((a, b) => (get(a) < get(b) ? -1 : get(a) > get(b) ? 1 : 0) * (down ? -1 : 1));
			heads.forEach((head, i) => columns[i].get && head.setAttribute('aria-sort', i !== sortBy ? 'none' :
				down ? 'descending' : 'ascending'));
		}
		body.replaceChildren(...list.slice(0, most).map((row) => el('tr', {}, columns.map((column) =>
			el('td', { class: column.number ? 'n' : '' }, column.show ? column.show(row) : column.get(row))))));
	}
	fill();
	return el('table.plain', {}, el('caption.hidden', {}, caption), el('thead', {}, el('tr', {}, heads)), body);
}
