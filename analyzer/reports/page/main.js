/* main.js: reads the data, makes the views, each when it is first looked at, and follows links. */

page.views = [
	['overview', 'Overview', makeOverview], ['timeline', 'Timeline', makeTimeline],
	['objects', 'Objects', makeObjects], ['findings', 'Findings', makeFindings],
	['flame', 'Flame graphs', makeFlame], ['graph', 'Wait graph', makeGraph],
	['queues', 'Queues', makeQueues], ['threads', 'Threads', makeThreads],
];

function makeTabs() {
	const tabs = byId('tabs'), found = page.report.findings.length + page.report.deadlocks.filter(
		(deadlock) => deadlock.verdict !== 'suppressed').length;

	page.views.forEach(([id, title], i) => {
		tabs.append(el('button', { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': id,
			'aria-selected': 'false', tabindex: -1, title: `${title} (${i + 1})`,
			on: { click: () => { location.hash = id; } } }, title,
		id === 'findings' && found ? el('span.count', {}, found) : null));
		byId('main').append(el('section', { id: `view-${id}`, class: 'view', role: 'tabpanel', 'aria-labelledby': `tab-${id}`,
			hidden: true }));
	});
	for (const tab of tabs.children)
		tab.setAttribute('aria-controls', `view-${tab.id.slice(4)}`);
	tabs.addEventListener('keydown', (event) => {
		const list = [...tabs.children], now = list.indexOf(document.activeElement);
		const to = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: list.length - 1 }[event.key];

		if (to === undefined || now < 0)
			return;
		const tab = list[(to + list.length) % list.length];

		tab.click();
		tab.focus();
		event.preventDefault();
	});
}

function makeView(id) {
	const panel = byId(`view-${id}`);

	if (!panel.dataset.made) {
		panel.dataset.made = 'yes';
		page.views.find((view) => view[0] === id)[2](panel);
	}
	return panel;
}

/* #VIEW or #VIEW/what/to/show: where links within the page lead. */
function follow() {
	const [wanted, ...rest] = decodeURIComponent(location.hash.slice(1)).split('/');
	const id = page.views.some((view) => view[0] === wanted) ? wanted : 'overview';

	for (const [other] of page.views) {
		const tab = byId(`tab-${other}`), current = other === id;

		tab.setAttribute('aria-selected', String(current));
		tab.tabIndex = current ? 0 : -1;
		byId(`view-${other}`).hidden = !current;
	}
	if (id === 'graph')
		makeView('timeline');
	makeView(id);
	if (id === 'timeline') {
		layOut();
		showOnTimeline(...rest);
	} else if (id === 'objects' && rest[0]) {
		page.objectTable.reveal(rest[0]);
	} else if (id === 'flame' && rest[0]) {
		page.showFlame(...rest);
	} else if (id === 'graph') {
		page.showGraph(...rest);
	}
	if (!rest.length)
		scrollTo(0, 0);
}

function makeHead() {
	const report = page.report;
	const byName = new Map();

	for (const process of report.processes)
		if (process.end !== 'exec' || report.processes.length === 1)
			byName.set(process.name, 0);
	for (const thread of report.threads) {
		const name = report.processes[thread.process].name;

		if (byName.has(name))
			byName.set(name, byName.get(name) + thread.wait_ns);
	}
	const names = [...byName].sort((a, b) => b[1] - a[1]).map(([name]) => name);

	byId('subject').textContent = names.slice(0, 3).join(' + ') + (names.length > 3 ? ` + ${names.length - 3}` : '');
	byId('key').textContent = `${timeText(report.trace.duration_ns)} · ${nounText(report.processes.length, 'process', 'processes')} · ${
		nounText(report.threads.length, 'thread')} · ${report.trace.path}`;
	document.title = `${byId('subject').textContent}: waitscope`;
}

document.addEventListener('keydown', (event) => {
	const typing = event.target.closest && event.target.closest('input, select, textarea');

	if (typing || event.ctrlKey || event.metaKey || event.altKey)
		return;
	const view = page.views[Number(event.key) - 1];

	if (view && event.key !== '0') {
		location.hash = view[0];
		byId(`tab-${view[0]}`).focus();
	} else if (event.key === '/') {
		const box = document.querySelector('.view:not([hidden]) input[type=search]');

		if (box) {
			box.focus();
			event.preventDefault();
		}
	}
});

readReport();
readWaits();
makeHead();
makeTabs();
byId('loading').remove();
addEventListener('hashchange', follow);
follow();
document.body.dataset.ready = 'yes';
