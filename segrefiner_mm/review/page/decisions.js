'use strict';

/* ---- Decisions. ---- */

function showDecision(index) {
  const decision = decisionOf(index);
  const count = decided().length;
  for (const name of ['accept', 'reject']) {
    at(name).setAttribute('aria-pressed', decision === name);
    at(name).disabled = index < 0;
  }
  at('undo').disabled = decision === undefined;
  at('previous').disabled = selected <= 0;
  at('next').disabled = selected >= order.length - 1;
  at('export').disabled = count === 0;
  at('export').textContent = `Export decisions${count ? ` (${number.format(count)})` : ''}`;
  showParts(index);
}

function decide(decision) {
  const index = current();
  if (index < 0) return;
  if (decision) decisions.set(index, decision);
  else decisions.delete(index);
  rememberDecisions();
  const but = decisionOf(index) === 'partly' ? ` but for ${counted(parts.get(index).length, 'part')}` : '';
  const words = { accept: `accepted${but}`, reject: 'rejected' };
  const undone = but ? `refined again${but}` : 'open again';
  say(`${nameOf(index)} is ${words[decision] ?? undone}`);
  if (at('by-decision').value) {
    refilter(selected);
    return;
  }
  redrawRow(index);
  if (decision && at('go-on').checked && selected < order.length - 1) select(selected + 1);
  else showDecision(index);
}

/** Take back the newest part, or else the decision. */
function undo() {
  const index = current();
  if (decisionOf(index) === 'partly') removePart(index, parts.get(index).length - 1);
  else decide(null);
}

/** The masks with a decision, in the order of the page. */
function decided() {
  return [...new Set([...decisions.keys(), ...parts.keys()])].sort((a, b) => a - b);
}

function exported() {
  return {
    segrefiner_decisions: VERSION,
    refined: data.refined,
    coarse: data.coarse,
    decisions: decided().map((index) => ({
      key: masks.key[index],
      mask: masks.label[index],
      decision: decisionOf(index),
      ...(decisionOf(index) === 'partly' ? exportedParts(index) : {}),
    })),
  };
}

/** Parts in pixels of the image, x1 and y1 exclusive. */
function exportedParts(index) {
  const [height, width] = masks.image_size[index];
  return { width, height, parts: parts.get(index) };
}

function download() {
  const text = `${JSON.stringify(exported(), null, 1)}\n`;
  const link = make('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = 'decisions.json';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  say(`${counted(decided().length, 'decision')} exported to decisions.json`);
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
  const listed = content.decisions.filter((entry) => ['accept', 'reject', 'partly'].includes(entry?.decision));
  const known = listed.filter(({ key }) => indexOf.has(key));
  known.forEach(checkParts); // before any is taken
  for (const { key, decision, parts: own } of known) {
    const index = indexOf.get(key);
    decisions.delete(index);
    parts.delete(index);
    if (decision === 'partly') parts.set(index, own.map(({ x0, y0, x1, y1 }) => ({ x0, y0, x1, y1 })));
    else decisions.set(index, decision);
  }
  const missing = listed.length - known.length;
  if (missing) remark(`${missing} of the loaded decisions are about ${NOUN}s that are not on this page. They will not be exported again.`);
  rememberDecisions();
  refilter(selected, current());
  say(`${counted(decided().length, 'decision')} loaded`);
}

/** Refuse a decision whose parts are not in the image of its mask. */
function checkParts({ key, decision, width, height, parts: own }) {
  if (decision !== 'partly') return;
  const index = indexOf.get(key);
  const [rows, columns] = masks.image_size[index];
  if (rows !== height || columns !== width || !areParts(index, own)) {
    throw new Error(`the parts of ${masks.label[index]} are not inside its image`);
  }
}

function say(text, problem = false) {
  at('status').textContent = text;
  if (problem) remark(text);
}

function remark(text) {
  at('remarks').append(make('p', 'remark', text));
}
