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
const parts = new Map(); // index of a mask -> where its coarse mask is kept
const elsewhere = new Map(); // what is saved, by key, of masks that another page shows
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
  const shown = decided().map((index) => {
    const saved = [masks.key[index], decisions.get(index) ?? null];
    return parts.has(index) ? [...saved, parts.get(index)] : saved;
  });
  remember(SAVED, JSON.stringify([...elsewhere.values(), ...shown]));
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
