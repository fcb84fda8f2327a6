'use strict';

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
