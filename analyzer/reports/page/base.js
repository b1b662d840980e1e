/* base.js: elements, numbers and words: what every view is made with. */
'use strict';

/* The language-neutral part of the page: times are nanoseconds everywhere, texts are made here only. */

function byId(id) {
	return document.getElementById(id);
}

/* el('p.note', {title: 'x'}, 'text', child): an element with its attributes and children. `on` holds
 * listeners; null and false attributes and children are left out. Text is never taken for HTML. */
function el(what, attributes, ...children) {
	const [tag, ...classes] = what.split('.');
	const made = document.createElement(tag);

	if (classes.length)
		made.className = classes.join(' ');
	setAttributes(made, attributes);
	append(made, children);
	return made;
}

function svg(tag, attributes, ...children) {
	const made = document.createElementNS('http://www.w3.org/2000/svg', tag);

	setAttributes(made, attributes);
	append(made, children);
	return made;
}

function setAttributes(made, attributes) {
	for (const [name, value] of Object.entries(attributes || {})) {
		if (value === null || value === undefined || value === false)
			continue;
		if (name === 'on')
			for (const [event, handler] of Object.entries(value))
				made.addEventListener(event, handler);
		else if (name === 'css')
			for (const [property, setting] of Object.entries(value))
				made.style.setProperty(property, setting);
		else
			made.setAttribute(name, value === true ? '' : value);
	}
}

function append(to, children) {
	for (const child of children.flat(Infinity)) {
		if (child === null || child === undefined || child === false)
			continue;
		to.append(child);
	}
}

function threeDigits(value) {
	if (value >= 99.95)
		return Math.round(value).toLocaleString('en-US');
	return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/* "812 ns", "1.23 µs", "12.3 ms", "1,240 s": three digits, as the text report has them. */
function timeText(ns) {
	if (ns === null || ns === undefined)
		return 'unknown';
	const sign = ns < 0 ? '−' : '';

	ns = Math.abs(ns);
	if (ns < 1000)
		return `${sign}${Math.round(ns)} ns`;
	for (const [unit, of] of [['µs', 1e3], ['ms', 1e6]])
		if (ns < of * 999.5)
			return `${sign}${threeDigits(ns / of)} ${unit}`;
	return `${sign}${threeDigits(ns / 1e9)} s`;
}

/* A moment, from the trace's begin: as many digits as the step between two of them needs. */
function momentText(ns, step) {
	const [unit, of] = step >= 1e8 ? ['s', 1e9] : step >= 1e5 ? ['ms', 1e6] : step >= 100 ?
		['µs', 1e3] : ['ns', 1];
	const digits = Math.max(0, Math.min(6, Math.ceil(-Math.log10(step / of) - 1e-9)));

	return `${(ns / of).toLocaleString('en-US', { minimumFractionDigits: digits,
		maximumFractionDigits: digits })} ${unit}`;
}

/* A moment as people say it, to the microsecond: "433.782 ms", "12.345678 s". */
function whenText(ns) {
	return ns < 1e6 ? momentText(ns, 100) : ns < 1e9 ? `${(ns / 1e6).toFixed(3)} ms` : `${(ns / 1e9).toFixed(6)} s`;
}

function countText(count) {
	return count.toLocaleString('en-US');
}

function nounText(count, noun, many) {
	return `${countText(count)} ${count === 1 ? noun : many || noun + 's'}`;
}

function percentText(part, whole) {
	if (!whole)
		return '–';
	const percent = 100 * part / whole;

	return percent > 0 && percent < 1 ? '< 1 %' : `${Math.round(percent)} %`;
}

function bytesText(bytes) {
	let unit = 0;

	for (; bytes >= 999.5 && unit < 4; unit++)
		bytes /= 1000;
	return `${unit ? threeDigits(bytes) : bytes} ${['B', 'kB', 'MB', 'GB', 'TB'][unit]}`;
}

function baseName(path) {
	return path ? path.replace(/.*\//, '') : path;
}

/* "evict_all() cache.c:212", else module+offset. */
function functionText(frame) {
	if (!frame)
		return 'unknown';
	if (frame.function)
		return frame.function.includes('(') ? frame.function : `${frame.function}()`;
	return `${baseName(frame.module) || 'address '}+0x${frame.offset.toString(16)}`;
}

function placeText(frame) {
	if (!frame)
		return 'unknown place';
	return frame.file ? `${functionText(frame)} ${baseName(frame.file)}:${frame.line}` :
		functionText(frame);
}

/* Kinds by colour, as the report's data say; the same in light and dark: bars lie on the background, text
 * never lies on them. */
const KIND_COLOURS = {};

function kindColour(kind) {
	return KIND_COLOURS[kind] || KIND_COLOURS.poll;
}

const KIND_WORDS = {
	cond: 'condition variable', sem: 'semaphore', mq: 'message queue', sysv_msg: 'System V queue',
	sysv_sem: 'System V semaphores', record_lock: 'record lock', eventfd: 'eventfd',
};
const CLASS_COLOURS = {
	contention: '#e0542b', handover: '#3d74e0', input: '#15916b', pacing: '#c29b5a', idle: '#8a8f98',
};
const CLASS_WORDS = {
	contention: ['contention', 'another held what it needed'],
	handover: ['hand-over', 'another stage of the program was slower'],
	input: ['input', 'something was to come from outside'],
	pacing: ['pacing', 'the program chose to wait so long'],
	idle: ['idle', 'there was nothing to do'],
};
const CAUSE_COLOURS = {
	running: '#3f9a4d', preempted: '#d9b310', scheduler: '#e98a15', time: '#c29b5a', outside: '#15916b',
	cycle: '#b5322c', gone: '#a6a9b0', unknown: '#8a8f98',
};
const CAUSE_WORDS = {
	running: ['running', 'a thread ran, or was ready to where that was not measured'],
	preempted: ['preempted', 'a holder was ready to run and had no processor'],
	scheduler: ['scheduler', 'a thread was let go and did not run yet'],
	time: ['time', 'the program chose to wait so long'],
	outside: ['outside', 'it came from what is not recorded'],
	cycle: ['cycle', 'threads that waited for each other'],
	gone: ['gone', 'the thread had ended, or was not there yet'],
	unknown: ['unknown', 'nobody knows'],
};

function kindText(kind) {
	return KIND_WORDS[kind] || kind;
}

function swatch(colour) {
	return el('span.swatch', { 'aria-hidden': 'true', css: { background: colour } });
}

/* A figure that the page shows, with its exact value beside it for who reads by program. */
function figure(name, value, text) {
	return el('span.figure', { 'data-figure': name, 'data-value': value }, text);
}

function button(text, title, handler, what = 'button') {
	return el(what, { type: 'button', title, on: { click: handler } }, text);
}

/* A bar whose parts are in proportion: parts are {label, title, value, colour}. */
function partsBar(label, parts) {
	const whole = parts.reduce((sum, part) => sum + part.value, 0);
	const shown = parts.filter((part) => part.value > 0);

	if (!whole)
		return el('p.dim', {}, 'Nothing.');
	return el('div.parts', {},
		el('div.partsbar', { role: 'img', 'aria-label': `${label}: ` + shown.map((part) =>
			`${part.label} ${percentText(part.value, whole)}`).join(', ') },
		shown.map((part) => el('span', { title: `${part.label}: ${timeText(part.value)}`,
			css: { background: part.colour, 'flex-grow': part.value } }))),
		el('ul.legend', {}, shown.map((part) => el('li', { title: part.title },
			swatch(part.colour), part.label, ' ',
			figure(part.figure, part.value, timeText(part.value)),
			el('span.dim', {}, percentText(part.value, whole))))));
}
