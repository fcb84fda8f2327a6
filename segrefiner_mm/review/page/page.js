'use strict';

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
  u: undo,
  p: toggleMarking,
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (markByKey(event)) {
    event.preventDefault();
    return;
  }
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
    if (marking) return;
    at('picture').setPointerCapture(event.pointerId);
    slideTo(event);
  });
  at('picture').addEventListener('pointermove', (event) => {
    if (event.buttons && !marking) slideTo(event);
  });
  listenToParts();
  at('previous').addEventListener('click', () => step(-1));
  at('next').addEventListener('click', () => step(1));
  at('accept').addEventListener('click', () => decide('accept'));
  at('reject').addEventListener('click', () => decide('reject'));
  at('undo').addEventListener('click', undo);
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
    for (const saved of JSON.parse(recall(SAVED) ?? '[]')) {
      const [key, decision, own] = saved;
      const index = indexOf.get(key);
      if (index === undefined) elsewhere.set(key, saved);
      else {
        if (['accept', 'reject'].includes(decision)) decisions.set(index, decision);
        if (areParts(index, own)) parts.set(index, own);
      }
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
