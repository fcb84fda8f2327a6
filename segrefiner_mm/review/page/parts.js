'use strict';

/* ---- Parts: rectangles in which the coarse mask is kept. ---- */

const MOST_PARTS = 1000; // of a mask, as in parts.py
const LEAST_DRAG = 4; // pixels of the screen; less is a click
const NUMBER_SIZE = 13; // the same, of the number of a part
const HOW_TO_MARK = 'Drag a rectangle, or use the arrow keys (with Shift: its size) and Enter. Esc cancels.';

// While a part is marked: its rectangle, the drag, and what had the focus.
let marking = null;

const decisionOf = (index) => (
  parts.has(index) && decisions.get(index) !== 'reject' ? 'partly' : decisions.get(index));
const counted = (count, noun) => `${number.format(count)} ${noun}${count === 1 ? '' : 's'}`;

/** Whether a value, which may come from a file, lists parts of a mask. */
function areParts(index, listed) {
  const [height, width] = masks.image_size[index];
  return Array.isArray(listed) && listed.length > 0 && listed.length <= MOST_PARTS
    && listed.every((part) => part && [part.x0, part.y0, part.x1, part.y1].every(Number.isInteger)
      && part.x0 >= 0 && part.x0 < part.x1 && part.x1 <= width
      && part.y0 >= 0 && part.y0 < part.y1 && part.y1 <= height);
}

/** Pixels of the image in a pixel of the crop, across and down. */
function scaleOf(index) {
  const [x0, y0, x1, y1] = masks.box[index];
  return [(x1 - x0) / masks.width[index], (y1 - y0) / masks.height[index]];
}

/** The part of whole pixels of the image that two points of the crop span. */
function partBetween(index, first, second) {
  const [left, top] = masks.box[index];
  const [across, down] = scaleOf(index);
  // A border that is whole but for the rounding of floats stays there.
  const whole = (value, round) => round(Number(value.toFixed(6)));
  const x = [first.x * across, second.x * across].sort((a, b) => a - b);
  const y = [first.y * down, second.y * down].sort((a, b) => a - b);
  return {
    x0: left + whole(x[0], Math.floor),
    y0: top + whole(y[0], Math.floor),
    x1: left + whole(x[1], Math.ceil),
    y1: top + whole(y[1], Math.ceil),
  };
}

/** Draw a part on the picture, with its number, or without as a draft. */
function drawPart(index, part, text) {
  const [left, top] = masks.box[index];
  const [across, down] = scaleOf(index);
  const x = (part.x0 - left) / across;
  const y = (part.y0 - top) / down;
  const sides = { x, y, width: (part.x1 - part.x0) / across, height: (part.y1 - part.y0) / down };
  const group = makeSvg('g', { class: text ? 'part' : 'part draft' });
  for (const name of ['halo', 'line']) group.append(makeSvg('rect', { class: name, ...sides }));
  const pixel = 1 / (at('picture').getScreenCTM()?.a || 1); // of the screen, in the crop
  const size = NUMBER_SIZE * pixel;
  const label = makeSvg('text', { x: x + 4 * pixel, y: y + size, 'font-size': size, 'stroke-width': 3 * pixel });
  label.textContent = text;
  group.append(label);
  return group;
}

/** Draw the parts of the mask in the viewer, and the one that is marked. */
function drawParts() {
  const index = current();
  const own = parts.get(index) ?? [];
  at('marks').replaceChildren(...own.map((part, place) => drawPart(index, part, String(place + 1))));
  const isMoot = own.length > 0 && decisions.get(index) === 'reject';
  at('marks').classList.toggle('moot', isMoot);
  showHint(isMoot);
  if (marking?.part) at('marks').append(drawPart(index, marking.part, ''));
}

/** List the parts of the mask in the viewer. */
function showParts(index) {
  const own = parts.get(index) ?? [];
  at('parts').hidden = !own.length;
  at('parts').replaceChildren(...own.map((part, place) => partItem(index, part, place)));
  at('mark').disabled = index < 0;
  drawParts();
}

function showHint(isMoot) {
  let text = isMoot ? `The whole ${NOUN} is rejected: parts do not count.` : '';
  if (marking) text = marking.from ? '' : HOW_TO_MARK; // out of the way of a drag
  at('hint').textContent = text;
}

function partItem(index, part, place) {
  const item = make('li');
  const remove = make('button', '', '\u00d7');
  remove.type = 'button';
  remove.setAttribute('aria-label', `Remove part ${place + 1}`);
  remove.title = `Remove part ${place + 1}`;
  remove.addEventListener('click', () => {
    removePart(index, place);
    const left = at('parts').querySelectorAll('button');
    (left[Math.min(place, left.length - 1)] ?? at('mark')).focus();
  });
  const light = (on) => () => at('marks').children[place]?.classList.toggle('on', on);
  for (const [name, on] of [['mouseenter', true], ['mouseleave', false], ['focusin', true], ['focusout', false]]) {
    item.addEventListener(name, light(on));
  }
  item.title = describe(part);
  item.append(make('strong', '', String(place + 1)), make('span', 'unseen', describe(part)), remove);
  return item;
}

const describe = (part) => `${part.x1 - part.x0} \u00d7 ${part.y1 - part.y0} at ${part.x0}, ${part.y0}`;

function changeParts(index, own, text) {
  if (own.length) parts.set(index, own);
  else parts.delete(index);
  rememberDecisions();
  redrawRow(index);
  showDecision(index);
  say(text);
}

function addPart(index, part) {
  const own = [...parts.get(index) ?? [], part];
  if (decisions.get(index) === 'reject') decisions.delete(index);
  changeParts(index, own, `Part ${own.length} of ${nameOf(index)}, ${describe(part)}: the coarse ${NOUN} is kept there`);
  at('parts').scrollLeft = at('parts').scrollWidth; // to the new one
}

function removePart(index, place) {
  const own = parts.get(index).filter((_, other) => other !== place);
  changeParts(index, own, `Part ${place + 1} is removed, ${counted(own.length, 'part')} left`);
}

/* ---- Marking a part: by dragging, or with the keys. ---- */

function startMarking() {
  const index = current();
  if (index < 0) return;
  if ((parts.get(index)?.length ?? 0) >= MOST_PARTS) {
    say(`A ${NOUN} has ${MOST_PARTS} parts at most`, true);
    return;
  }
  marking = { part: null, from: null, pointer: null, back: document.activeElement };
  at('picture').focus();
  showMarking(index);
  say(HOW_TO_MARK);
}

function stopMarking() {
  if (!marking) return;
  const { back } = marking;
  marking = null;
  if (document.activeElement === at('picture')) {
    at('picture').blur();
    back.focus({ preventScroll: true });
  }
  showMarking(current());
}

function showMarking(index) {
  at('picture').classList.toggle('marking', Boolean(marking));
  at('mark').setAttribute('aria-pressed', Boolean(marking));
  slide();
  showParts(index);
}

function toggleMarking() {
  if (marking) stopMarking();
  else startMarking();
}

/** Where a pointer is in the crop; beyond its borders, on them. */
function pointAt(event) {
  const index = current();
  const matrix = at('picture').getScreenCTM().inverse();
  const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
  const within = (value, most) => Math.min(Math.max(value, 0), most);
  return { x: within(x, masks.width[index]), y: within(y, masks.height[index]) };
}

function beginDrag(event) {
  if (!marking || marking.from || event.button !== 0) return;
  event.preventDefault();
  at('picture').setPointerCapture(event.pointerId);
  marking.from = pointAt(event);
  marking.pointer = event.pointerId;
  marking.part = null;
  drawParts();
}

function drag(event) {
  if (!marking?.from || event.pointerId !== marking.pointer) return;
  const to = pointAt(event);
  const screen = at('picture').getScreenCTM().a;
  const sides = [to.x - marking.from.x, to.y - marking.from.y];
  const large = sides.every((side) => Math.abs(side) * screen >= LEAST_DRAG);
  marking.part = large ? partBetween(current(), marking.from, to) : null;
  drawParts();
}

function endDrag(event) {
  if (!marking?.from || event.pointerId !== marking.pointer) return;
  drag(event);
  if (marking.part) finishMarking();
  else cancelDrag(event); // a click
}

function cancelDrag(event) {
  if (!marking?.from || event.pointerId !== marking.pointer) return;
  Object.assign(marking, { part: null, from: null, pointer: null });
  drawParts();
}

function finishMarking() {
  const { part } = marking;
  stopMarking();
  addPart(current(), part);
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Use a key while a part is marked; return whether it has a meaning. */
function markByKey(event) {
  if (!marking) return false;
  if (event.key === 'Escape') {
    stopMarking();
    say('No part is marked');
    return true;
  }
  const onPicture = event.target === at('picture') || event.target === document.body;
  if (!onPicture || marking.from) return false;
  if (event.key === 'Enter' && marking.part) finishMarking();
  else if (ARROWS[event.key]) moveDraft(ARROWS[event.key], event.shiftKey);
  else return false;
  return true;
}

/** Move the rectangle, or its right and bottom sides, inside the crop. */
function moveDraft([across, down], sized) {
  const [left, top, right, bottom] = masks.box[current()];
  const [width, height] = [right - left, bottom - top];
  const step = Math.max(Math.round(Math.max(width, height) / 50), 1);
  const within = (value, low, high) => Math.min(Math.max(value, low), high);
  const middle = {
    x0: left + Math.floor(width / 3),
    y0: top + Math.floor(height / 3),
    x1: right - Math.floor(width / 3),
    y1: bottom - Math.floor(height / 3),
  };
  const part = marking.part ?? middle;
  const [dx, dy] = marking.part ? [step * across, step * down] : [0, 0];
  const [w, h] = [part.x1 - part.x0, part.y1 - part.y0];
  const x0 = sized ? part.x0 : within(part.x0 + dx, left, right - w);
  const y0 = sized ? part.y0 : within(part.y0 + dy, top, bottom - h);
  const x1 = sized ? within(part.x1 + dx, x0 + 1, right) : x0 + w;
  const y1 = sized ? within(part.y1 + dy, y0 + 1, bottom) : y0 + h;
  marking.part = { x0, y0, x1, y1 };
  drawParts();
  say(describe(marking.part));
}

function listenToParts() {
  const picture = at('picture');
  picture.addEventListener('pointerdown', beginDrag);
  picture.addEventListener('pointermove', drag);
  picture.addEventListener('pointerup', endDrag);
  picture.addEventListener('pointercancel', cancelDrag);
  at('mark').addEventListener('click', toggleMarking);
  new ResizeObserver(drawParts).observe(at('stage')); // numbers keep their size
}
