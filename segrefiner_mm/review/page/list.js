'use strict';

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
    && (wanted.decision === '' || (decisionOf(index) ?? 'none') === wanted.decision)
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
  const decision = decisionOf(index);
  const words = { accept: '\u2713 accepted', reject: '\u2717 rejected', partly: '\u25d0 partly' };
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
