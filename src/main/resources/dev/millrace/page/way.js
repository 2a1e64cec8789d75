// The way of an event as a picture: topics and stages, with live rates on the arrows.
import { fillTable, numeric, rate, isNumber, count } from './text.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 1120;
const HEIGHT = 330;
const LABEL_AT = 0.4;

// a topic is a pill, a stage a box: name, middle, width
const NODES = {
  exposures: [70, 60, 110], clicks: [70, 130, 110], users: [70, 200, 110], items: [70, 270, 110],
  attribute: [265, 130, 110, 'stage'], 'training-examples': [450, 130, 150], learn: [625, 130, 90, 'stage'],
  'item-embeddings': [815, 40, 150], 'model-updates': [815, 115, 150], 'item-neighbours': [815, 190, 150], 'user-features': [815, 285, 150],
  serve: [1035, 130, 100, 'stage'], 'dead-letters': [265, 40, 120],
};

const received = topic => state => state.books[topic]?.received;
const rejected = state => Object.values(state.books).flatMap(account => Object.entries(account.outcomes))
  .filter(([outcome]) => outcome.startsWith('rejected')).reduce((sum, [, number]) => sum + number, 0);

// an arrow: from, to, the count whose growth is its rate, what it is
const ARROWS = [
  ['exposures', 'attribute', received('exposures'), 'exposures counted'],
  ['clicks', 'attribute', received('clicks'), 'clicks counted'],
  ['users', 'attribute', received('users'), 'profiles counted'],
  ['items', 'attribute', received('items'), 'changes of items counted'],
  ['attribute', 'dead-letters', rejected, 'events rejected'],
  ['attribute', 'training-examples', undefined, ''],
  ['training-examples', 'learn', received('training-examples'), 'examples and changes of items counted by the learner'],
  ['learn', 'item-embeddings', state => state.learner?.figures['published-vectors'], 'vectors published'],
  ['learn', 'model-updates', undefined, ''],
  ['learn', 'item-neighbours', undefined, ''],
  ['item-embeddings', 'serve', state => state.counts.embeddingsRead, 'vectors read by this server'],
  ['model-updates', 'serve', state => state.counts.modelUpdatesRead, 'entries of the query side read by this server'],
  ['item-neighbours', 'serve', state => state.counts.neighboursRead, 'lists of neighbours read by this server'],
  ['attribute', 'user-features', undefined, ''],
  ['user-features', 'serve', state => state.counts.usersRead, 'features of users read by this server'],
];

let labels;
let steps;

function svg(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  if (text !== undefined) made.textContent = text;
  return made;
}

function draw() {
  const picture = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': 'From events to answers; the table below has the rates' });
  const head = svg('marker', { id: 'head', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto-start-reverse' });
  head.append(svg('path', { d: 'M0 0 8 4 0 8z', class: 'head' }));
  const definitions = svg('defs', {});
  definitions.append(head);
  picture.append(definitions);
  labels = ARROWS.map(([from, to, , says]) => arrow(picture, NODES[from], NODES[to], says));
  for (const [name, [x, y, width, kind]] of Object.entries(NODES)) {
    const height = kind === 'stage' ? 56 : 30;
    picture.append(svg('rect', { x: x - width / 2, y: y - height / 2, width, height, rx: kind === 'stage' ? 6 : 15, class: kind ?? 'topic' }),
      svg('text', { x, y: y + (kind === 'stage' && name !== 'attribute' ? -4 : 4), class: kind ?? 'topic' }, name));
  }
  steps = [NODES.learn, NODES.serve].map(([x, y]) => {
    const text = svg('text', { x, y: y + 15, class: 'small' }, '');
    picture.append(text);
    return text;
  });
  document.getElementById('picture').replaceChildren(picture);
}

function arrow(picture, [fromX, fromY, fromWidth], [toX, toY, toWidth, kind], says) {
  const isUpright = fromX === toX;
  const isBelow = toY - fromY > 100 && fromX < 400; // around what lies between
  const x1 = isUpright ? fromX : fromX + fromWidth / 2;
  const y1 = isUpright ? fromY - 28 : fromY;
  const x2 = isUpright ? toX : toX - toWidth / 2;
  const aside = kind === 'stage' ? Math.max(-20, Math.min(20, (fromY - toY) / 5)) : 0;
  const y2 = isUpright ? toY + 16 : toY + aside;
  const middle = (x1 + x2) / 2;
  picture.append(svg('path', {
    d: isUpright ? `M${x1} ${y1}V${y2}` : isBelow ? `M${fromX} ${fromY + 28}C${fromX} ${toY} ${fromX} ${toY} ${x2} ${toY}` : `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`, class: 'arrow', 'marker-end': 'url(#head)',
  }));
  const label = isUpright
    ? svg('text', { x: x1 + 8, y: (y1 + y2) / 2 + 4, class: 'rate beside' }, '')
    : svg('text', { x: along(x1, middle, middle, x2), y: along(y1, y1, y2, y2) - 6, class: 'rate' }, '');
  label.append(svg('title', {}, says));
  const text = svg('tspan', {}, '');
  label.append(text);
  picture.append(label);
  return text;
}

/** A coordinate of a Bezier curve at the place of its label: nearer to its begin, where it is alone. */
function along(begin, first, second, end) {
  const [near, far] = [1 - LABEL_AT, LABEL_AT];
  return near ** 3 * begin + 3 * near ** 2 * far * first + 3 * near * far ** 2 * second + far ** 3 * end;
}

export function showWay(state, rateOf) {
  if (!labels) draw();
  const rows = [];
  ARROWS.forEach(([from, to, read, says], at) => {
    if (!read) return;
    const speed = rateOf(read);
    labels[at].textContent = isNumber(speed) ? rate(speed) : '';
    rows.push([`${from} → ${to}`, says, numeric(count(read(state))), numeric(rate(speed))]);
  });
  steps[0].textContent = state.learner ? `step ${count(state.learner.step)}` : '';
  steps[1].textContent = isNumber(state.index.step) ? `step ${count(state.index.step)}` : '';
  fillTable(document.getElementById('way-table'), ['Arrow', 'What', numeric('Count'), numeric('Rate')], rows);
}
