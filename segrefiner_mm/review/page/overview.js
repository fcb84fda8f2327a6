'use strict';

/* ---- The overview. ---- */

function showTotals() {
  const known = ['refined', 'kept', 'rolled back', 'unchanged'];
  const others = Object.keys(data.counts).filter((name) => !known.includes(name));
  const all = Object.values(data.counts).reduce((sum, n) => sum + n, 0);
  const unasked = LABELS ? ['kept'] : ['kept', 'rolled back'];
  for (const name of [...known, ...others]) {
    const count = data.counts[name] ?? 0;
    const recorded = data.counts.unchanged === undefined;
    if (!count && !(name === 'refined' || (recorded && unasked.includes(name)))) continue;
    addTotal(name, count, all ? share(count / all) : '');
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
