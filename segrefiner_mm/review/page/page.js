'use strict';

const data = JSON.parse(document.getElementById('report-data').textContent);
const masks = data.masks; // or label maps
const LABELS = data.kind === 'labels';
const NOUN = LABELS ? 'label map' : 'mask';
const total = masks.key.length;
const ROW = 86; // height of a row in page.css
const THUMB_SHOWN = 74; // width of its first column
const VERSION = 1; // of the format of decisions
const SAVED = `segrefiner decisions ${data.refined.sha256} ${data.coarse.sha256}`;
const BINS = 20;

const decisions = new Map(); // index of a mask -> 'accept' or 'reject'
const elsewhere = new Map(); // the same by key, of masks that another page shows
const indexOf = new Map(masks.key.map((key, index) => [key, index]));
const details = new Map(); // number of a shard -> details of its masks
let order = []; // indices of the masks in the list
let selected = -1; // place in that list
let onView = -1; // index of the mask that the viewer shows

const at = (id) => document.getElementById(id);
const number = new Intl.NumberFormat('en');
const share = (value) => (value > 0 && value < 0.0005
  ? '< 0.1 %' : `${(100 * value).toFixed(value < 0.1 ? 1 : 0)} %`);
const plain = (value) => value.toFixed(2);
const capital = (text) => text[0].toUpperCase() + text.slice(1);
const digits = (value, count) => String(value).padStart(count, '0');

/** Create an element with a class and a text, which is never parsed. */
function make(tag, name = '', text = '') {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text !== '') node.textContent = text;
  return node;
}

function makeSvg(tag, attributes) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) {
    node.setAttribute(name, value);
  }
  return node;
}

const className = (index) => data.classes[masks.classes[index]];
const imageName = (index) => data.images[masks.images[index]];
const verdict = (index) => data.verdicts[masks.verdicts[index]];
const nameOf = (index) => (!LABELS && className(index)) || masks.label[index];
const current = () => (selected < 0 ? -1 : order[selected]);

/* ---- Storage: decisions and the theme survive a reload. ---- */

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch { /* A browser may forbid it for files. */ }
}

/** By key, as a page of another length has other indices. */
function rememberDecisions() {
  const shown = [...decisions].map(([index, decision]) => [masks.key[index], decision]);
  remember(SAVED, JSON.stringify([...elsewhere, ...shown]));
}

function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  at('theme').value = theme;
}

/* ---- The overview. ---- */

function showTotals() {
  const words = [
    ['refined', 'improved (refined)'],
    ['kept', 'kept'],
    ['rolled back', 'rolled back'],
    ['unchanged', 'unchanged'],
  ];
  const known = words.map(([name]) => name);
  for (const name of Object.keys(data.counts)) {
    if (!known.includes(name)) words.push([name, name]);
  }
  const all = Object.values(data.counts).reduce((sum, n) => sum + n, 0);
  const unasked = LABELS ? ['kept'] : ['kept', 'rolled back'];
  for (const [name, word] of words) {
    const count = data.counts[name] ?? 0;
    const recorded = data.counts.unchanged === undefined;
    if (!count && !(name === 'refined' || (recorded && unasked.includes(name)))) continue;
    addTotal(word, count, all ? share(count / all) : '');
  }
  if (data.left) addTotal('left out (crowd or no mask)', data.left, '');
  if (data.failed) addTotal('not shown (see the run)', data.failed, '');
}

function addTotal(word, count, part) {
  const box = make('div');
  box.append(make('dt', '', word));
  const value = make('dd', '', number.format(count));
  if (part) value.append(' ', make('small', '', part));
  box.append(value);
  at('totals').append(box);
}

const FIGURES = LABELS ? [
  { field: 'share', title: 'Changed pixels', text: share },
  { field: 'least_iou', title: 'Lowest IoU of a segment', low: 0, high: 1, text: plain },
  { field: 'changed', title: 'Segments that changed', text: (value) => number.format(Math.round(value)) },
] : [
  { field: 'share', title: 'Changed', low: 0, high: 1, text: share, open: true },
  { field: 'confidence', title: 'Confidence', low: 0, high: 1, text: plain },
  { field: 'belief', title: 'Belief', low: 0, high: 1, text: plain },
  { field: 'edge_gain', title: 'Edge gain', text: plain },
];

function middle(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** The range of a figure: given, or without the farthest hundredth. */
function range(figure, values) {
  if (figure.low !== undefined) return [figure.low, figure.high];
  const sorted = [...values].sort((a, b) => a - b);
  const cut = Math.floor(sorted.length / 100);
  const low = Math.min(sorted[cut], 0);
  const high = Math.max(sorted[sorted.length - 1 - cut], 0);
  return high > low ? [low, high] : [low, low + 1];
}

function binned(values, [low, high]) {
  const bins = new Array(BINS).fill(0);
  for (const value of values) {
    const place = Math.floor(((value - low) / (high - low)) * BINS);
    bins[Math.min(Math.max(place, 0), BINS - 1)] += 1;
  }
  return bins;
}

function showHistograms() {
  const place = at('histograms');
  place.replaceChildren();
  for (const figure of FIGURES) {
    const column = masks[figure.field];
    const all = column.filter((value) => value !== null);
    const shown = order.map((i) => column[i]).filter((value) => value !== null);
    place.append(histogram(figure, all, shown));
  }
}

function histogram(figure, all, shown) {
  const box = make('figure', 'histogram');
  const caption = make('figcaption');
  caption.append(make('span', '', figure.title));
  box.append(caption);
  if (!all.length) {
    box.append(make('p', 'nothing', 'not recorded'));
    return box;
  }
  const limits = range(figure, all);
  const bins = [binned(all, limits), binned(shown, limits)];
  const median = shown.length ? figure.text(middle(shown)) : '-';
  caption.append(make('span', '', `median ${median}`));
  const label = `${figure.title} of ${number.format(shown.length)} ${NOUN}s: median ${median}, axis from ${figure.text(limits[0])} to ${figure.text(limits[1])}`;
  const svg = makeSvg('svg', { viewBox: `0 0 ${BINS} 50`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label });
  const most = Math.max(...bins[0]);
  bins.forEach((counts, layer) => counts.forEach((count, bin) => {
    // A single mask among thousands still shows.
    const height = count ? Math.max((50 * count) / most, 1) : 0;
    svg.append(makeSvg('rect', { class: layer ? 'shown' : 'all', x: bin + 0.06, width: 0.88, y: 50 - height, height }));
  }));
  const axis = make('div', 'axis');
  const end = `${figure.text(limits[1])}${figure.open ? ' or more' : ''}`;
  axis.append(make('span', '', figure.text(limits[0])), make('span', '', end));
  box.append(svg, axis);
  return box;
}

/* ---- Filters and order. ---- */

function fillFilter(id, names, indices) {
  const counts = new Array(names.length).fill(0);
  for (const place of indices) counts[place] += 1;
  at(id).append(new Option('all', ''));
  names
    .map((name, place) => ({ name, place }))
    .sort((a, b) => a.name.localeCompare(b.name))
    .forEach(({ name, place }) => {
      at(id).append(new Option(`${name || '(none)'} (${number.format(counts[place])})`, place));
    });
}

const ORDERS = {
  share: (a, b) => masks.share[b] - masks.share[a],
  least_iou: (a, b) => masks.least_iou[a] - masks.least_iou[b],
  labels: (a, b) => masks.labels[b] - masks.labels[a],
  confidence: (a, b) => (masks.confidence[a] ?? 2) - (masks.confidence[b] ?? 2),
  area: (a, b) => masks.area[b] - masks.area[a],
  score: (a, b) => (masks.score[b] ?? -1) - (masks.score[a] ?? -1),
  class: (a, b) => className(a).localeCompare(className(b)),
  file: (a, b) => (masks.key[a] < masks.key[b] ? -1 : 1),
};

function isListed(index, wanted) {
  return (wanted.class === '' || masks.classes[index] === Number(wanted.class))
    && (wanted.verdict === '' || masks.verdicts[index] === Number(wanted.verdict))
    && (wanted.decision === '' || (decisions.get(index) ?? 'none') === wanted.decision)
    && (wanted.image === '' || imageName(index).toLowerCase().includes(wanted.image));
}

/** Fill the list; the place is kept, or the mask if it is still listed. */
function refilter(place = 0, keep = -1) {
  const wanted = {
    class: at('by-class').value,
    verdict: at('by-verdict').value,
    decision: at('by-decision').value,
    image: at('by-image').value.trim().toLowerCase(),
  };
  order = [];
  for (let index = 0; index < total; index += 1) {
    if (isListed(index, wanted)) order.push(index);
  }
  order.sort((a, b) => ORDERS[at('order').value](a, b) || a - b);
  const kept = keep < 0 ? -1 : order.indexOf(keep);
  at('count').textContent = `${number.format(order.length)} of ${number.format(total)} ${NOUN}${total === 1 ? '' : 's'}`;
  at('rows').style.height = `${order.length * ROW}px`;
  at('rows').replaceChildren();
  drawn.clear();
  showHistograms();
  select(Math.min(kept < 0 ? place : kept, order.length - 1));
}

/* ---- The list: only the rows in sight exist. ---- */

const drawn = new Map(); // place -> row

function drawRows() {
  const list = at('list');
  const first = Math.max(Math.floor(list.scrollTop / ROW) - 3, 0);
  const last = Math.min(Math.ceil((list.scrollTop + list.clientHeight) / ROW) + 3, order.length);
  for (const [place, row] of drawn) {
    if (place < first || place >= last) {
      row.remove();
      drawn.delete(place);
    }
  }
  for (let place = first; place < last; place += 1) {
    if (!drawn.has(place)) {
      const row = makeRow(place);
      drawn.set(place, row);
      at('rows').append(row);
    }
  }
}

function makeRow(place) {
  const index = order[place];
  const row = make('div', 'row');
  row.id = `mask-${index}`;
  row.setAttribute('role', 'option');
  row.setAttribute('aria-setsize', order.length);
  row.setAttribute('aria-posinset', place + 1);
  row.setAttribute('aria-selected', place === selected);
  row.style.top = `${place * ROW}px`;
  const lines = make('div', 'lines');
  const first = make('div', 'first');
  first.append(make('strong', '', nameOf(index)), makeMark(index));
  // The masks of a folder have names, those of a file have numbers.
  const isNamed = !LABELS && typeof masks.key[index] === 'string';
  lines.append(
    first,
    make('span', '', isNamed ? masks.label[index] : imageName(index)),
    make('span', '', summary(index)),
  );
  row.append(makeThumb(index), lines);
  row.addEventListener('click', () => select(place));
  return row;
}

function summary(index) {
  const parts = [verdict(index), `${share(masks.share[index])} changed`];
  const confidence = masks.confidence?.[index] ?? null;
  if (confidence !== null) parts.push(`conf. ${plain(confidence)}`);
  return parts.join(', ');
}

function makeThumb(index) {
  const { thumb, side } = data.layout;
  const sheet = Math.floor(masks.place[index] / side ** 2);
  const cell = masks.place[index] % side ** 2;
  // The writer shrinks a crop to the size of a cell, and never enlarges it.
  const longest = Math.max(masks.width[index], masks.height[index]);
  const stored = Math.min(longest, thumb);
  const scale = THUMB_SHOWN / stored;
  const pixels = (length) => Math.max(Math.round((length * stored) / longest), 1) * scale;
  const node = make('span', 'thumb');
  node.style.width = `${pixels(masks.width[index])}px`;
  node.style.height = `${pixels(masks.height[index])}px`;
  node.style.backgroundImage = `url(thumbs/${digits(sheet, 3)}.jpg)`;
  node.style.backgroundSize = `${side * thumb * scale}px`;
  const left = (cell % side) * thumb * scale;
  const top = Math.floor(cell / side) * thumb * scale;
  node.style.backgroundPosition = `${-left}px ${-top}px`;
  return node;
}

function makeMark(index) {
  const decision = decisions.get(index);
  const words = { accept: '\u2713 accepted', reject: '\u2717 rejected' };
  return make('span', `mark ${decision ?? ''}`, words[decision] ?? '');
}

function redrawRow(index) {
  const place = order.indexOf(index);
  const old = drawn.get(place);
  if (!old) return;
  const row = makeRow(place);
  old.replaceWith(row);
  drawn.set(place, row);
}

/* ---- The viewer. ---- */

/** Called by the files in details/. */
function segrefinerDetails(shard, listed) {
  details.set(shard, listed);
  const index = current();
  if (index >= 0) showDetails(index);
}
window.segrefinerDetails = segrefinerDetails;

function showDetails(index) {
  const { shard } = data.layout;
  const place = masks.place[index];
  const file = Math.floor(place / shard);
  const listed = details.get(file);
  if (!listed) loadDetails(file);
  const own = listed?.[place % shard];
  if (LABELS) showChanges(index, own ?? []);
  else showOutlines(own ?? ['', '']);
}

function showOutlines(pair) {
  ['coarse', 'refined'].forEach((name, which) => {
    for (const path of document.querySelectorAll(`.outline.${name} path`)) {
      path.setAttribute('d', pair[which]);
    }
  });
}

/** List the segments of a label map that changed most. */
function showChanges(index, segments) {
  const table = at('changes');
  table.hidden = !segments.length;
  const all = masks.changed[index];
  const most = segments.length < all ? `: these are the ${segments.length} that changed most` : '';
  table.caption.textContent = `${number.format(all)} of ${number.format(masks.labels[index])} segments changed${most}. Areas in pixels.`;
  table.tBodies[0].replaceChildren(...segments.map(([name, colour, before, gained, lost, iou]) => {
    const row = make('tr');
    const head = make('th');
    head.scope = 'row';
    const swatch = make('span', 'swatch');
    swatch.style.background = colour;
    head.append(swatch, name);
    const numbers = [before, before + gained - lost, gained, lost].map((value) => number.format(value));
    row.append(head, ...[...numbers, plain(iou)].map((text) => make('td', '', text)));
    return row;
  }));
}

const asked = new Set();

function loadDetails(shard) {
  if (asked.has(shard)) return;
  asked.add(shard);
  const script = make('script');
  script.src = `details/${digits(shard, 3)}.js`;
  document.head.append(script);
}

function fileOf(index) {
  const place = masks.place[index];
  const folder = Math.floor(place / data.layout.folder);
  return `${digits(folder, 3)}/${digits(place, 5)}`;
}

const cropOf = (index) => `crops/${fileOf(index)}.jpg`;
const layerOf = (index, name) => `layers/${fileOf(index)}-${name}.png`;

function select(place) {
  selected = place;
  const index = current();
  for (const [own, row] of drawn) row.setAttribute('aria-selected', own === place);
  if (index < 0) {
    onView = -1;
    at('name').textContent = `No ${NOUN} fits the filters`;
    at('picture').style.visibility = 'hidden';
    at('numbers').replaceChildren();
    if (LABELS) at('changes').hidden = true;
    at('list').removeAttribute('aria-activedescendant');
    showDecision(-1);
    return;
  }
  intoView(place);
  drawRows();
  at('list').setAttribute('aria-activedescendant', `mask-${index}`);
  if (index !== onView) showMask(index);
  showDecision(index);
}

function intoView(place) {
  const list = at('list');
  const top = place * ROW;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
}

function showMask(index) {
  onView = index;
  const [width, height] = [masks.width[index], masks.height[index]];
  const picture = at('picture');
  picture.style.visibility = '';
  picture.setAttribute('viewBox', `0 0 ${width} ${height}`);
  picture.setAttribute('aria-label', `${nameOf(index)} in ${imageName(index)}: ${summary(index)}. Coarse outline in orange, refined outline in light blue.`);
  for (const image of picture.querySelectorAll('image')) {
    const { layer } = image.dataset;
    image.setAttribute('width', width);
    image.setAttribute('height', height);
    image.setAttribute('href', layer ? layerOf(index, layer) : cropOf(index));
  }
  at('name').textContent = nameOf(index) === masks.label[index] ? nameOf(index) : `${nameOf(index)}, ${masks.label[index]}`;
  showDetails(index);
  slide();
  showNumbers(index);
  say(`${capital(NOUN)} ${selected + 1} of ${order.length}: ${nameOf(index)}, ${summary(index)}`);
  const next = order[selected + 1];
  if (next === undefined) return;
  new Image().src = cropOf(next);
  for (const { dataset } of picture.querySelectorAll('[data-layer]')) new Image().src = layerOf(next, dataset.layer);
}

function showNumbers(index) {
  const known = [
    ['Verdict', verdict(index)],
    ['Image', imageName(index)],
    ...(LABELS ? labelNumbers(index) : maskNumbers(index)),
  ];
  at('numbers').replaceChildren(...known.map(([name, value]) => {
    const box = make('div');
    box.append(make('dt', '', capital(name)), make('dd', '', value));
    return box;
  }));
}

function labelNumbers(index) {
  return [
    ['Changed pixels', `${number.format(masks.pixels[index])} (${share(masks.share[index])})`],
    ['Lowest IoU', plain(masks.least_iou[index])],
  ];
}

function maskNumbers(index) {
  return [
    ['Changed area', share(masks.share[index])],
    ['IoU of both', plain(masks.iou[index])],
    ['Area in pixels', `${number.format(masks.area[index])} \u2192 ${number.format(masks.refined_area[index])}`],
    ...['confidence', 'belief', 'edge_gain', 'score']
      .filter((field) => masks[field][index] !== null)
      .map((field) => [field.replace('_', ' '), plain(masks[field][index])]),
  ];
}

/** Move the divider, and clip the outlines to their sides of it. */
function slide() {
  const index = current();
  if (index < 0) return;
  const [width, height] = [masks.width[index], masks.height[index]];
  const mode = at('show').value;
  const x = (width * at('slider').value) / 100;
  const divided = mode === 'slider';
  at('slider').disabled = !divided;
  const divider = at('divider');
  divider.style.display = divided ? '' : 'none';
  divider.setAttribute('x1', x);
  divider.setAttribute('x2', x);
  divider.setAttribute('y2', height);
  for (const [name, from, to] of [['left', 0, x], ['right', x, width]]) {
    const rect = at(name).querySelector('rect');
    rect.setAttribute('x', from);
    rect.setAttribute('width', Math.max(to - from, 0));
    rect.setAttribute('height', height);
  }
  for (const [name, side] of [['coarse', 'left'], ['refined', 'right']]) {
    const group = document.querySelector(`.outline.${name}`);
    const shown = divided || mode === name || (mode === 'both' && !LABELS);
    group.style.display = shown ? '' : 'none';
    if (divided) group.setAttribute('clip-path', `url(#${side})`);
    else group.removeAttribute('clip-path');
  }
  const both = document.querySelector('.outline.both');
  if (both) both.style.display = mode === 'both' ? '' : 'none';
  at('slider').setAttribute('aria-valuetext', `coarse left of ${at('slider').value} %, refined right of it`);
}

function slideTo(event) {
  const matrix = at('picture').getScreenCTM();
  const index = current();
  if (!matrix || index < 0 || at('show').value !== 'slider') return;
  const x = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse()).x;
  at('slider').value = Math.round((100 * x) / masks.width[index]);
  slide();
}

/* ---- Decisions. ---- */

function showDecision(index) {
  const decision = decisions.get(index);
  for (const name of ['accept', 'reject']) {
    at(name).setAttribute('aria-pressed', decision === name);
    at(name).disabled = index < 0;
  }
  at('undo').disabled = decision === undefined;
  at('previous').disabled = selected <= 0;
  at('next').disabled = selected >= order.length - 1;
  at('export').disabled = decisions.size === 0;
  const count = decisions.size ? ` (${number.format(decisions.size)})` : '';
  at('export').textContent = `Export decisions${count}`;
}

function decide(decision) {
  const index = current();
  if (index < 0) return;
  if (decision) decisions.set(index, decision);
  else decisions.delete(index);
  rememberDecisions();
  const words = { accept: 'accepted', reject: 'rejected' };
  say(`${nameOf(index)} is ${words[decision] ?? 'open again'}`);
  if (at('by-decision').value) {
    refilter(selected);
    return;
  }
  redrawRow(index);
  if (decision && at('go-on').checked && selected < order.length - 1) select(selected + 1);
  else showDecision(index);
}

function exported() {
  const listed = [...decisions].sort((a, b) => a[0] - b[0]);
  return {
    segrefiner_decisions: VERSION,
    refined: data.refined,
    coarse: data.coarse,
    decisions: listed.map(([index, decision]) => ({
      key: masks.key[index],
      mask: masks.label[index],
      decision,
    })),
  };
}

function download() {
  const text = `${JSON.stringify(exported(), null, 1)}\n`;
  const link = make('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = 'decisions.json';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  say(`${decisions.size} decisions were exported to decisions.json`);
}

async function load(event) {
  const [file] = event.target.files;
  event.target.value = '';
  if (!file) return;
  try {
    take(JSON.parse(await file.text()));
  } catch (error) {
    say(`${file.name} cannot be loaded: ${error.message}`, true);
  }
}

function take(content) {
  if (content?.segrefiner_decisions !== VERSION || !Array.isArray(content.decisions)) {
    throw new Error('it holds no decisions of this page');
  }
  for (const part of ['refined', 'coarse']) {
    if (content[part]?.sha256 !== data[part].sha256) {
      throw new Error(`it is about another ${data[part].name}`);
    }
  }
  let missing = 0;
  for (const { key, decision } of content.decisions) {
    if (!['accept', 'reject'].includes(decision)) continue;
    if (indexOf.has(key)) decisions.set(indexOf.get(key), decision);
    else missing += 1;
  }
  if (missing) remark(`${missing} of the loaded decisions are about ${NOUN}s that are not on this page. They will not be exported again.`);
  rememberDecisions();
  refilter(selected, current());
  say(`${decisions.size} decisions are loaded`);
}

function say(text, problem = false) {
  at('status').textContent = text;
  if (problem) remark(text);
}

function remark(text) {
  at('remarks').append(make('p', 'remark', text));
}

/* ---- Keys and events. ---- */

const step = (by) => {
  const place = Math.min(Math.max(selected + by, 0), order.length - 1);
  if (place !== selected && place >= 0) select(place);
};

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  ArrowRight: () => step(1),
  ArrowDown: () => step(1),
  ArrowLeft: () => step(-1),
  ArrowUp: () => step(-1),
  PageDown: () => step(8),
  PageUp: () => step(-8),
  Home: () => step(-order.length),
  End: () => step(order.length),
  a: () => decide('accept'),
  r: () => decide('reject'),
  u: () => decide(null),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const { target } = event;
  const typing = target.matches('select, input:not([type="range"]):not([type="checkbox"])');
  const moves = event.key.length > 1;
  // Named keys belong to the slider, and scroll a page that is long.
  const elsewhere = moves && (target.id === 'slider' || target.tagName === 'SUMMARY');
  const action = KEYS[event.key];
  if (!action || typing || elsewhere) return;
  event.preventDefault();
  action();
}

function listen() {
  let waiting = false;
  at('list').addEventListener('scroll', () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      drawRows();
    });
  }, { passive: true });
  new ResizeObserver(drawRows).observe(at('list'));
  for (const id of ['by-class', 'by-verdict', 'by-decision', 'order']) {
    at(id).addEventListener('change', () => refilter(0));
  }
  let typed;
  at('by-image').addEventListener('input', () => {
    clearTimeout(typed);
    typed = setTimeout(() => refilter(0), 120);
  });
  at('filters').addEventListener('submit', (event) => event.preventDefault());
  at('slider').addEventListener('input', slide);
  at('show').addEventListener('change', slide);
  at('picture').addEventListener('pointerdown', (event) => {
    at('picture').setPointerCapture(event.pointerId);
    slideTo(event);
  });
  at('picture').addEventListener('pointermove', (event) => {
    if (event.buttons) slideTo(event);
  });
  at('previous').addEventListener('click', () => step(-1));
  at('next').addEventListener('click', () => step(1));
  at('accept').addEventListener('click', () => decide('accept'));
  at('reject').addEventListener('click', () => decide('reject'));
  at('undo').addEventListener('click', () => decide(null));
  at('export').addEventListener('click', download);
  at('load').addEventListener('change', load);
  at('theme').addEventListener('change', () => {
    setTheme(at('theme').value);
    remember('segrefiner theme', at('theme').value);
  });
  document.addEventListener('keydown', onKey);
}

function restore() {
  const theme = recall('segrefiner theme');
  setTheme(['light', 'dark'].includes(theme) ? theme : '');
  try {
    for (const [key, decision] of JSON.parse(recall(SAVED) ?? '[]')) {
      if (!['accept', 'reject'].includes(decision)) continue;
      if (indexOf.has(key)) decisions.set(indexOf.get(key), decision);
      else elsewhere.set(key, decision);
    }
  } catch { /* Another page may have written there. */ }
}

function start() {
  document.title = `Review of ${data.refined.name}`;
  at('title').textContent = `Review of ${data.refined.name}`;
  at('subtitle').textContent = `refined from ${data.coarse.name}`;
  data.remarks.forEach(remark);
  for (const node of document.querySelectorAll('[data-kind]')) {
    if (node.dataset.kind !== data.kind) node.remove();
  }
  if (LABELS && data.classes.length < 2) {
    at('by-class').parentElement.hidden = true;
    at('order').querySelector('[value="class"]').remove();
  }
  for (const field of ['confidence', 'score']) {
    const option = at('order').querySelector(`[value="${field}"]`);
    if (option) option.disabled = masks[field].every((value) => value === null);
  }
  fillFilter('by-class', data.classes, masks.classes);
  fillFilter('by-verdict', data.verdicts, masks.verdicts);
  restore();
  at('overview').open = !window.matchMedia('(max-width: 860px)').matches;
  showTotals();
  listen();
  refilter();
  document.documentElement.dataset.ready = 'yes';
}

start();
