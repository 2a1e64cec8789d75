// A visitor's questions: a user, weights and filters, and clicks whose effect is timed.
import { element, command, described, duration, isNumber, pathOf, plain, shown, significant } from './text.js';

const ANSWERS = 10;
const AGAIN_MILLIS = 3000;
const LOOK_MILLIS = 40;
const PATIENCE_MILLIS = 60_000;
const MOST_VALUES = 12;

const byId = id => document.getElementById(id);
const known = new Map(); // attributes by item
const weights = new Map(); // a weight of the question, by parameter, once it was moved
const filters = new Map(); // values by attribute
let user = '';
let asked = 0;
let isTiming = false;
let actions = []; // a visitor's: to click, to hide, to bring back
let choices = '';

async function json(path, options) {
  const response = await fetch(path, options);
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail ?? response.statusText);
  return body;
}

function question() {
  const parameters = new URLSearchParams({ user, k: ANSWERS, explain: true });
  weights.forEach((value, name) => parameters.set(`w.${name}`, value));
  filters.forEach((value, name) => parameters.set(`filter.${name}`, value));
  const arranged = byId('arranged').value.trim();
  return `/v1/recall?${parameters}${arranged && `&${arranged.replace(/^[?&]+/, '')}`}`;
}

/** Asks anew. An answer that comes after the question has changed is dropped. */
async function ask() {
  if (user === '') return;
  const number = ++asked;
  try {
    const [answer, about] = await Promise.all([json(question()), json(pathOf('/v1/users/', user))]);
    await Promise.all(answer.items.map(({ item }) => learnAbout(item)));
    if (number === asked) show(answer, about);
  } catch (failed) {
    if (number === asked) say(failed.message, 'bad');
  }
}

async function learnAbout(item) {
  if (known.has(item)) return;
  try {
    known.set(item, (await json(pathOf('/v1/items/', item))).attributes);
  } catch {
    known.set(item, {}); // it has left the index
  }
}

function say(text, tone = '') {
  byId('took').textContent = text;
  byId('took').className = tone;
}

function show(answer, about) {
  const buttons = () => [...byId('answers').querySelectorAll('button')];
  const nameOf = button => button?.getAttribute('aria-label');
  const focused = nameOf(document.activeElement);
  const place = buttons().findIndex(button => nameOf(button) === focused);
  const best = Math.max(...answer.items.map(({ score }) => score), 1e-9);
  byId('answers').replaceChildren(...answer.items.map((found, at) => row(found, at, best)));
  if (place >= 0) { // the focus stays on its item, or on its place if the item has left
    (buttons().find(button => nameOf(button) === focused) ?? buttons()[place])?.focus();
  }
  if (answer.items.length === 0) {
    byId('answers').append(element('tr', {}, element('td', { colspan: 5, class: 'muted' }, 'no item passes')));
  }
  about.history.forEach(({ item, attributes }) => { if (attributes) known.set(item, attributes); });
  byId('history').replaceChildren(...(about.history.length > 0
    ? about.history.slice(0, 12).map(({ item }) => element('li', {}, element('b', {}, item), ' ', element('span', { class: 'muted' }, described(known.get(item)))))
    : [element('li', { class: 'muted' }, about.known ? 'no click yet' : 'this user is unknown: the answer is a cold start')]));
  const hidden = answer.hidden ?? [];
  byId('unwanted').hidden = hidden.length === 0;
  byId('hides').replaceChildren(...hidden.slice(0, 12).map(item => {
    const back = element('button', { type: 'button', class: 'chip', 'aria-label': `Bring ${item} back`, disabled: actions.length < 3 }, `${item} ↺`);
    back.addEventListener('click', () => unhide(item));
    return back;
  }));
  const curl = `curl '${location.origin}${question().replaceAll("'", '%27')}'`;
  if (byId('command').dataset.text !== curl) {
    byId('command').dataset.text = curl;
    byId('command').replaceChildren(command(curl));
  }
  document.dispatchEvent(new CustomEvent('answer', { detail: answer.items.map(({ item }) => item) }));
}

function row({ item, score, propensity, parts, placed, nearest }, at, best) {
  const bar = element('meter', { min: 0, max: best, value: Math.max(0, score), 'aria-hidden': 'true' });
  const button = element('button', { type: 'button', 'data-item': item, 'aria-label': `Click ${item}` }, 'Click');
  button.addEventListener('click', () => click(item));
  const hide = element('button', { type: 'button', 'data-item': item, 'aria-label': `Hide ${item}` }, 'Not this');
  hide.addEventListener('click', () => hideItem(item));
  const made = element('tr', {},
    element('td', { class: 'number muted' }, String(at + 1)),
    element('th', { scope: 'row' }, element('b', {}, item), element('div', { class: 'muted' }, described(known.get(item)))),
    element('td', { class: 'score' }, plain(score), bar),
    element('td', {}, summed(parts), placement(placed), propensity ? element('div', { class: 'muted' }, `drawn with probability ${plain(propensity, 4)}`) : '', element('div', { class: 'muted' }, nearest?.length ? `near ${nearest.map(near => `${near.item} ${plain(near.score, 2)}`).join(', ')}` : '–')),
    element('td', {}, actions.length > 0 ? button : '', ' ', actions.length > 1 ? hide : ''));
  const titles = byId('answers').parentElement.tHead.rows[0].cells;
  [...made.cells].forEach((cell, column) => { cell.title = titles[column].title; });
  return made;
}

const PARTS = { cosine: 'taste', popularity: 'popularity', age: 'age', neighbours: 'clicked beside', boost: 'boost' };

/** What a score is the sum of, in words. */
function summed(parts) {
  return Object.entries(parts ?? {}).filter(([, part]) => Math.abs(part) >= 0.005).map(([name, part]) => `${PARTS[name]} ${plain(part, 2)}`).join(' · ');
}

/** What beside the score put an item in its place, in words. */
function placement(placed) {
  if (!placed) return '';
  const quotas = Object.entries(placed.quota).map(([name, number]) => `number ${number} of its ${name}`);
  return element('div', { class: 'muted' }, [
    ...(placed.pin > 0 ? [`pinned to ${placed.pin}`] : []), ...quotas, ...(placed.diversity !== 0 ? [`cosine ${plain(placed.diversity, 2)} to one before`] : []),
  ].join(' · '));
}

/** What a visitor may do to see its effect. One at a time; ends if another question is asked meanwhile. */
async function tried(trial) {
  if (isTiming) return;
  isTiming = true;
  const path = question();
  const undrawn = `${path.replace(/&explore(\.slots)?=[^&]*/g, '')}&explore=0`; // a drawn answer is always another one
  try {
    const before = idsOf(await json(undrawn));
    const start = performance.now();
    await trial(user, before, holds => until(start, path, holds), async () => idsOf(await json(undrawn)));
  } catch (failed) {
    say(failed.message, 'bad');
  } finally {
    isTiming = false;
    ask();
  }
}

const idsOf = answer => answer.items.map(({ item }) => item);

const send = (about, item, action) => json('/v1/clicks', {
  method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ user: about, item, action }),
});

/**
 * Sends a click, and looks until the answer is another one, and until the item's vector has learnt events up to the click's time. Answers
 * change with every step too, so the click must be in the user's history.
 */
function click(item) {
  return tried(async (clicker, before, when, now) => {
    const sent = await send(clicker, item, actions[0]);
    say(`${clicker} clicked ${item} …`);
    const isKnown = async () => (await json(pathOf('/v1/users/', clicker))).history.some(clicked => clicked.item === item);
    const changed = await when(async () => await isKnown() && String(await now()) !== String(before));
    await ask();
    say(`${clicker} clicked ${item}: another answer after ${duration(changed)} …`, 'good');
    const learnt = await when(async () => (await json(pathOf('/v1/items/', item))).eventTime >= sent.time);
    say(`${clicker} clicked ${item}: another answer after ${duration(changed)}, a vector of ${item} that has learnt up to it after ${duration(learnt)}.`, 'good');
  });
}

/** Hides an item, and looks until the answer is without it. */
function hideItem(item) {
  return tried(async (who, before, when, now) => {
    await send(who, item, actions[1]);
    const gone = await when(async () => !(await now()).includes(item));
    say(`${who} does not want ${item}: gone from the answer after ${duration(gone)}.`, 'good');
  });
}

/** Brings a hidden item back, and looks until it is hidden no more. */
function unhide(item) {
  return tried(async (who, before, when) => {
    await send(who, item, actions[2]);
    const back = await when(async () => !((await json(question())).hidden ?? []).includes(item));
    say(`${who} may have ${item} again after ${duration(back)}.`, 'good');
  });
}

/** Milliseconds from the start until it holds, while the question is that of the path. */
async function until(start, path, holds) {
  while (!(await holds())) {
    if (question() !== path) throw new Error('the time was not taken, as another question was asked meanwhile');
    if (performance.now() - start > PATIENCE_MILLIS) throw new Error(`nothing has changed within ${duration(PATIENCE_MILLIS)}`);
    await new Promise(resolve => setTimeout(resolve, LOOK_MILLIS));
  }
  return performance.now() - start;
}

function choose(next) {
  user = next.trim();
  byId('user').value = user;
  say('');
  ask();
}

let waiting;

function askSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(ask, 150);
}

function slider(name, title, says, value) {
  const input = element('input', { type: 'range', id: `w-${name}`, min: 0 });
  const output = element('output', { for: `w-${name}` });
  input.addEventListener('input', () => {
    weights.set(name, Number(input.value));
    output.textContent = significant(Number(input.value));
    askSoon();
  });
  move(input, output, value);
  return element('div', { class: 'field', title: says }, element('label', { for: `w-${name}` }, title), input, output);
}

/** Moves a slider, and gives it room for twice its value. */
function move(input, output, value) {
  input.max = Math.max(2, 2 * value);
  input.step = input.max / 100;
  input.value = value;
  output.textContent = significant(value);
}

/** Sliders and filters of the generation that answers; the map tells the values that an attribute has. A learned weight moves its slider. */
async function offer(questions) {
  const channels = Object.keys(questions.weights);
  const names = JSON.stringify([channels, questions.attributes]);
  if (names === choices) {
    [['popularity', questions.popularityWeight], ['neighbours', questions.neighboursWeight]].forEach(([name, learned]) => {
      const input = byId(`w-${name}`);
      if (input && !weights.has(name)) move(input, input.nextElementSibling, learned);
    });
    return;
  }
  choices = names;
  const { attributes } = await json('/v1/map');
  if (names !== choices) return;
  keepOnly(weights, ['popularity', 'neighbours', ...channels]);
  keepOnly(filters, questions.attributes);
  byId('sliders').replaceChildren(
    slider('popularity', 'Popularity', 'How much recent popularity counts beside taste: beta of w.popularity', weights.get('popularity') ?? questions.popularityWeight),
    slider('neighbours', 'Clicked beside', 'How much counts what users click beside the latest clicks of this one: nu of w.neighbours', weights.get('neighbours') ?? questions.neighboursWeight),
    ...channels.map(channel => slider(channel, channel, `Weight of the channel ${channel}`, weights.get(channel) ?? questions.weights[channel])));
  byId('filters').replaceChildren(...questions.attributes.flatMap(name => {
    const counts = new Map();
    attributes.flatMap(of => of[name] ?? []).filter(value => typeof value === 'string').forEach(value => counts.set(value, (counts.get(value) ?? 0) + 1));
    const most = [...counts].sort((one, other) => other[1] - one[1]).slice(0, MOST_VALUES).map(([value]) => value);
    const values = [...new Set(filters.has(name) ? [...most, filters.get(name)] : most)].sort();
    return values.length > 0 ? [filter(name, values)] : [];
  }));
  askSoon();
}

function keepOnly(chosen, names) {
  [...chosen.keys()].filter(name => !names.includes(name)).forEach(name => chosen.delete(name));
}

function filter(name, values) {
  const select = element('select', { id: `f-${name}` }, element('option', { value: '' }, 'any'), ...values.map(value => element('option', { value }, value)));
  select.value = filters.get(name) ?? '';
  select.addEventListener('change', () => {
    if (select.value === '') filters.delete(name);
    else filters.set(name, select.value);
    ask();
  });
  return element('div', { class: 'field', title: `Only items whose ${name} is this` }, element('label', { for: `f-${name}` }, name), select);
}

let begun = false;
let lately = [];

export function showTrial(state) {
  if (!begun) begin();
  actions = state.actions;
  byId('hint').textContent = actions.length > 0
    ? 'A click is sent as the shop would send it: to the topics exposures and clicks. The time is from sending it.'
    : 'This server has no producer. Send a click to the topic clicks (docs/topics.md) and ask again:';
  if (state.questions) offer(state.questions).catch(() => { choices = ''; });
  if (JSON.stringify(lately) !== JSON.stringify(state.users) && !byId('lately').contains(document.activeElement)) {
    lately = state.users;
    byId('lately').replaceChildren(...lately.slice(0, 6).map(name => {
      const button = element('button', { type: 'button', class: 'chip' }, name);
      button.addEventListener('click', () => choose(name));
      return button;
    }));
    byId('recent-users').replaceChildren(...lately.map(name => element('option', { value: name })));
  }
  if (user === '' && state.users.length > 0 && state.readiness.ready && document.activeElement !== byId('user')) choose(state.users[0]);
}

function begin() {
  begun = true;
  byId('user').addEventListener('change', () => choose(byId('user').value));
  byId('arranged').addEventListener('change', ask);
  byId('question').addEventListener('submit', event => {
    event.preventDefault();
    choose(byId('user').value);
  });
  setInterval(() => { if (!isTiming && !document.hidden) ask(); }, AGAIN_MILLIS);
}
