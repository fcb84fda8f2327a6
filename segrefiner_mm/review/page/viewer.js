'use strict';

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
    stopMarking();
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
  stopMarking();
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
  at('marks').style.display = mode === 'none' && !marking ? 'none' : '';
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
