// A map of the item vectors. New items blink in; the answers of "Try it" have a ring. Arrow keys go from item to item.
import { element, fillTable, numeric, count, described as features, isNumber, shown, significant } from './text.js';

const AGAIN_MILLIS = 3000;
const BLINK_MILLIS = 6000;
const MOST_GROUPS = 9;
const MOST_NAMED = 3;
const REACH = 14; // pixels from the pointer to a point

const byId = id => document.getElementById(id);
const colours = [...Array(MOST_GROUPS).keys()].map(at => `--group-${at + 1}`);
const seen = new Map(); // when an item first came, by item
let map;
let generation;
let ringed = new Set();
let places = [];
let groups = [];
let isVisible = false;
let chosen; // an item, by the keyboard
let itemsBefore = 0;

// what an arrow key looks for: how far a point is ahead, and how far aside, of the way across and down to it
const DIRECTIONS = {
  ArrowRight: (across, down) => [across, down],
  ArrowLeft: (across, down) => [-across, down],
  ArrowDown: (across, down) => [down, across],
  ArrowUp: (across, down) => [-down, across],
};

export function beginMap() {
  new IntersectionObserver(entries => { isVisible = entries.some(entry => entry.isIntersecting); if (isVisible) look(); }).observe(byId('plane'));
  new ResizeObserver(draw).observe(byId('plane'));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  document.addEventListener('answer', event => { ringed = new Set(event.detail); draw(); });
  byId('colour').addEventListener('change', () => { group(); draw(); });
  byId('plane').addEventListener('pointermove', event => point(event.offsetX, event.offsetY));
  byId('plane').addEventListener('pointerleave', nameChosen);
  byId('plane').addEventListener('keydown', press);
  byId('plane').addEventListener('focus', () => { if (map && byId('plane').matches(':focus-visible')) choose(chosenAt() ?? middle()); });
  byId('plane').addEventListener('blur', () => choose());
  setInterval(look, AGAIN_MILLIS);
}

async function look() {
  if (!isVisible || document.hidden) return;
  const response = await fetch('/v1/map').catch(() => undefined);
  if (!response?.ok) {
    byId('map-text').textContent = 'no items yet';
    return;
  }
  map = await response.json();
  takeNew();
  offer();
  group();
  tell();
  draw();
}

/** Notes when items first came. Another generation has no new ones: its items have other places. */
function takeNew() {
  const isWhole = map.items === map.item.length; // if not, an item may come because others are shown
  const isLatest = at => Math.floor((at + 1) * map.items / map.item.length) > itemsBefore; // the index has them in the order in which they came
  const isNew = (item, at) => map.generation === generation && !seen.has(item) && (isWhole || isLatest(at));
  const fresh = map.item.filter(isNew);
  map.item.forEach(item => { if (!seen.has(item)) seen.set(item, fresh.includes(item) ? performance.now() : -BLINK_MILLIS); });
  generation = map.generation;
  itemsBefore = map.items;
  if (fresh.length > 0 && chosen === undefined) nameItem(`new: ${fresh.slice(0, MOST_NAMED).join(', ')}${fresh.length > MOST_NAMED ? ` and ${count(fresh.length - MOST_NAMED)} more` : ''}`);
}

/** The features to colour by: the published attributes, that with the fewest values first, then popularity. */
function offer() {
  const variety = name => new Set(map.attributes.map(of => shown(of[name]))).size;
  const names = [...map.names.sort((one, other) => variety(one) - variety(other)), 'popularity'];
  const select = byId('colour');
  if (select.options.length !== names.length) {
    select.replaceChildren(...names.map(name => element('option', { value: name }, name)));
  }
}

const valueOf = (name, at) => (name === 'popularity' ? map.popularity[at] : map.attributes[at][name]);

/** Puts each point into a group: of a value that many items have, or of a stretch of numbers. */
function group() {
  const name = byId('colour').value;
  const values = map.item.map((item, at) => valueOf(name, at));
  const numbers = values.filter(isNumber).sort((one, other) => one - other);
  if (numbers.length > values.length / 2) {
    const bounds = [0.2, 0.4, 0.6, 0.8].map(share => numbers[Math.floor(share * numbers.length)]);
    const of = value => (isNumber(value) ? bounds.filter(bound => value >= bound).length : 5);
    groups = [...bounds.map((bound, at) => (at === 0 ? `below ${significant(bound)}` : `${significant(bounds[at - 1])} to ${significant(bound)}`)), `from ${significant(bounds[3])}`, 'none']
      .map((text, at) => ({ text, colour: at < 5 ? `--ramp-${at + 1}` : '--muted', count: 0 }));
    places = values.map(of);
  } else {
    const counts = new Map();
    values.forEach(value => { if (value !== undefined) counts.set(shown(value), (counts.get(shown(value)) ?? 0) + 1); });
    const most = [...counts].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1)).slice(0, MOST_GROUPS).map(([value]) => value);
    groups = [...most.map((text, at) => ({ text, colour: colours[at], count: 0 })), { text: 'others', colour: '--muted', count: 0 }];
    places = values.map(value => { const at = most.indexOf(shown(value)); return at < 0 ? most.length : at; });
  }
  places.forEach(at => { groups[at].count += 1; });
  groups.forEach((one, at) => { one.at = at; });
  const present = groups.filter(one => one.count > 0);
  byId('legend').replaceChildren(...present.map(one => {
    const swatch = element('span', { class: 'swatch' });
    swatch.style.background = `var(${one.colour})`;
    return element('li', { title: `Items of the map whose ${name} is in this group` }, swatch, one.text, ' ', element('span', { class: 'muted' }, count(one.count)));
  }));
  const middleOf = axis => `Mean place of these items along the ${axis} axis. Vectors have length 1 and the middle of all is 0, so the unit is that of cosines.`;
  fillTable(byId('map-table'), [{ text: name, title: 'The group, as in the legend' }, numeric('Items', 'Items of the map that are in this group'),
    numeric('Middle, x', middleOf('horizontal')), numeric('Middle, y', middleOf('vertical'))], present.map(one => {
    const members = places.flatMap((group, at) => (group === one.at ? [at] : []));
    const mean = column => members.reduce((sum, at) => sum + column[at], 0) / members.length;
    return [one.text, numeric(count(one.count)), numeric(mean(map.x).toFixed(2)), numeric(mean(map.y).toFixed(2))];
  }));
}

function tell() {
  if (map) byId('map-text').textContent = `${count(map.item.length)} of ${count(map.items)} items`;
}

function scale() {
  const { clientWidth: width, clientHeight: height } = byId('plane');
  const [left, right] = [Math.min(...map.x), Math.max(...map.x)];
  const [bottom, top] = [Math.min(...map.y), Math.max(...map.y)];
  const across = (right - left) || 1;
  const up = (top - bottom) || 1;
  return at => [12 + (map.x[at] - left) / across * (width - 24), height - 12 - (map.y[at] - bottom) / up * (height - 24)];
}

function draw() {
  const canvas = byId('plane');
  const ratio = devicePixelRatio || 1;
  canvas.width = canvas.clientWidth * ratio;
  canvas.height = canvas.clientHeight * ratio;
  if (!map || canvas.width === 0) return;
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  const styles = getComputedStyle(document.documentElement);
  const colour = name => styles.getPropertyValue(name).trim();
  const place = scale();
  const now = performance.now();
  let isBlinking = false;
  const shades = groups.map(one => colour(one.colour));
  const ink = colour('--text');
  map.item.forEach((item, at) => {
    const [x, y] = place(at);
    const age = now - seen.get(item);
    pen.globalAlpha = 0.8;
    pen.fillStyle = shades[places[at]];
    pen.beginPath();
    pen.arc(x, y, 3, 0, 7);
    pen.fill();
    if (ringed.has(item)) ring(pen, x, y, 6, 1.5, ink);
    if (age < BLINK_MILLIS) ring(pen, x, y, isStill() ? 8 : 4 + 8 * (age % 1500) / 1500, 2, colour('--good'));
    isBlinking ||= age < BLINK_MILLIS && !isStill();
  });
  if (chosenAt() !== undefined) ring(pen, ...place(chosenAt()), 9, 3, colour('--accent'));
  if (isBlinking && isVisible) requestAnimationFrame(draw);
}

function ring(pen, x, y, radius, width, colour) {
  pen.globalAlpha = 1;
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.stroke();
}

const isStill = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Names the item under the pointer. */
function point(x, y) {
  if (!map) return;
  const place = scale();
  let nearest;
  let least = REACH;
  map.item.forEach((item, at) => {
    const [px, py] = place(at);
    const away = Math.hypot(px - x, py - y);
    if (away < least) [nearest, least] = [at, away];
  });
  if (nearest === undefined) nameChosen();
  else nameItem(described(nearest));
}

/** The place of the item that the keyboard has chosen; undefined if there is none, or it has left the map. */
function chosenAt() {
  const at = chosen === undefined ? -1 : map.item.indexOf(chosen);
  return at < 0 ? undefined : at;
}

function press(event) {
  if (!map || event.ctrlKey || event.altKey || event.metaKey) return;
  const from = chosenAt();
  if (Object.hasOwn(DIRECTIONS, event.key)) choose(from === undefined ? middle() : next(from, DIRECTIONS[event.key]) ?? from);
  else if (event.key === 'Home') choose(middle());
  else if (event.key === 'Escape') choose();
  else return;
  event.preventDefault(); // the window stays where it is
}

/** The nearest item in a direction: within 45 degrees of it if there is one, else of those that are ahead at all. */
function next(from, direction) {
  const place = scale();
  const [x, y] = place(from);
  let best;
  let least = Infinity;
  map.item.forEach((item, at) => {
    const [px, py] = place(at);
    const [ahead, aside] = direction(px - x, py - y);
    if (ahead <= 0) return;
    const away = Math.hypot(ahead, aside) * (Math.abs(aside) <= ahead ? 1 : 1000);
    if (away < least) [best, least] = [at, away];
  });
  return best;
}

/** The item nearest to the middle of the picture. */
function middle() {
  const place = scale();
  const { clientWidth: width, clientHeight: height } = byId('plane');
  const away = at => { const [x, y] = place(at); return Math.hypot(x - width / 2, y - height / 2); };
  return map.item.reduce((best, item, at) => (away(at) < away(best) ? at : best), 0);
}

function choose(at) {
  chosen = at === undefined ? undefined : map.item[at];
  nameChosen();
  draw();
}

function nameChosen() {
  const at = map && chosenAt();
  nameItem(at === undefined ? '' : described(at));
}

/** What a reader of the map is told, aloud too. */
function nameItem(text) {
  if (byId('map-item').textContent !== text) byId('map-item').textContent = text;
}

const described = at => `${map.item[at]} ${features(map.attributes[at])}`;
