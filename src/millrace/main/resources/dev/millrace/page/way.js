// The way of an event as a picture: topics and stages, with live rates on the arrows.
import { fillTable, numeric, rate, isNumber, count } from './text.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 1140;
const HEIGHT = 390;

// a topic is a pill, a stage a box: name, middle, width
const NODES = {
  exposures: [70, 70, 110], clicks: [70, 140, 110], users: [70, 210, 110], items: [70, 280, 110],
  attribute: [265, 140, 110, 'stage'], 'training-examples': [450, 140, 150], 'attribution-commits': [450, 215, 160], learn: [640, 140, 90, 'stage'],
  'dead-letters': [450, 45, 120], 'mini-batches': [640, 240, 120],
  'item-embeddings': [845, 45, 150], 'model-updates': [845, 105, 150], 'item-neighbours': [845, 165, 150], generations: [845, 225, 150],
  'training-progress': [845, 290, 150], 'user-features': [845, 350, 150],
  serve: [1060, 165, 100, 'stage'],
};

const received = topic => state => state.books[topic]?.received;
const written = topic => Object.assign(state => state.written?.[topic], { at: state => state.writtenAt });
const refused = state => state.learner?.refusedSteps;
const rejected = state => Object.values(state.books).flatMap(account => Object.entries(account.outcomes))
  .filter(([outcome]) => outcome.startsWith('rejected')).reduce((sum, [, number]) => sum + number, 0);
const ENDS = 'Told every two seconds by the ends of the topic, where the end of a transaction counts too.';
const BOTH = 'Not known apart: attribution and learner both write here, and the topic tells the sum only, on its arrow to serve.';

// an arrow: from, to, the count whose growth is its rate, what it is, and its shape if it does not go from left to right
const ARROWS = [
  ['exposures', 'attribute', received('exposures'), 'exposures counted'],
  ['clicks', 'attribute', received('clicks'), 'clicks counted'],
  ['users', 'attribute', received('users'), 'profiles counted'],
  ['items', 'attribute', received('items'), 'changes of items counted'],
  ['attribute', 'dead-letters', rejected, 'events rejected'],
  ['attribute', 'training-examples', written('training-examples'), `examples and changes of items written. ${ENDS}`],
  ['attribute', 'attribution-commits', undefined, 'what each commit read, in which order'],
  ['attribute', 'user-features', written('user-features'), `features of users written. ${ENDS}`, 'below'],
  ['attribute', 'training-progress', undefined, `progress with the books. ${BOTH}`, 'below'],
  ['training-examples', 'learn', received('training-examples'), 'examples and changes of items counted by the learner'],
  ['learn', 'dead-letters', refused, 'steps refused by the learner', 'above'],
  ['learn', 'mini-batches', state => state.learner?.step, 'mini-batches written, and a step learnt from each', 'down'],
  ['learn', 'item-embeddings', state => state.learner?.figures['published-vectors'], 'vectors published'],
  ['learn', 'model-updates', written('model-updates'), `entries of the query side written. ${ENDS}`],
  ['learn', 'item-neighbours', written('item-neighbours'), `lists of neighbours written. ${ENDS}`],
  ['learn', 'generations', written('generations'), `what became of generations: a few records in the life of each. ${ENDS}`],
  ['learn', 'training-progress', undefined, `progress with figures and books. ${BOTH}`],
  ['item-embeddings', 'serve', state => state.counts.embeddingsRead, 'vectors read by this server'],
  ['model-updates', 'serve', state => state.counts.modelUpdatesRead, 'entries of the query side read by this server'],
  ['item-neighbours', 'serve', state => state.counts.neighboursRead, 'lists of neighbours read by this server'],
  ['generations', 'serve', state => state.counts.generationsRead, 'what became of generations, read by this server'],
  ['training-progress', 'serve', state => state.counts.progressRead, 'progress read by this server, which this page shows'],
  ['user-features', 'serve', state => state.counts.usersRead, 'features of users read by this server'],
];

const STAGE_HALF = 28; // of a box's height
const PILL_HALF = 15;

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
  const lines = ARROWS.map(([from, to, , says, shape]) => arrow(NODES[from], NODES[to], shape, `${from} → ${to}: ${says}`));
  picture.append(...lines.map(({ line }) => line), ...lines.map(({ label }) => label)); // no line crosses a number
  labels = lines.map(({ text }) => text);
  for (const [name, [x, y, width, kind]] of Object.entries(NODES)) {
    const height = 2 * (kind === 'stage' ? STAGE_HALF : PILL_HALF);
    picture.append(svg('rect', { x: x - width / 2, y: y - height / 2, width, height, rx: kind === 'stage' ? 6 : PILL_HALF, class: kind ?? 'topic' }),
      svg('text', { x, y: y + (kind === 'stage' && name !== 'attribute' ? -4 : 4), class: kind ?? 'topic' }, name));
  }
  steps = [['learn', 'The step of the last commit of the learner'], ['serve', 'The step of the newest vector of this server']].map(([name, says]) => {
    const [x, y] = NODES[name];
    const text = svg('text', { x, y: y + 15, class: 'small' });
    const number = svg('tspan', {}, '');
    text.append(svg('title', {}, says), number);
    picture.append(text);
    return number;
  });
  document.getElementById('picture').replaceChildren(picture);
}

/** An arrow with its label, in which the rate is to stand. */
function arrow(from, to, shape, says) {
  const { path, at, beside } = SHAPES[shape ?? (to[3] === 'stage' ? 'in' : 'out')](from, to);
  const line = svg('path', { d: path, class: 'arrow', 'marker-end': 'url(#head)' });
  line.append(svg('title', {}, says));
  const label = svg('text', { x: at[0], y: at[1], class: beside ? 'rate beside' : 'rate' });
  const text = svg('tspan', {}, '');
  label.append(svg('title', {}, says), text);
  return { line, label, text };
}

// the label stands where its arrow is alone: near the topic, as several meet at a stage
const SHAPES = {
  in: (from, to) => across(from, to, 0.35),
  out: (from, to) => across(from, to, 0.6),
  below: ([fromX, fromY], [toX, toY, toWidth]) => {
    const begin = fromX + (toY > 300 ? -14 : 14); // of two such arrows the outer one begins on the left
    return { path: `M${begin} ${fromY + STAGE_HALF}C${begin} ${toY} ${begin} ${toY} ${toX - toWidth / 2} ${toY}`, at: [450, toY - 6] };
  },
  above: ([fromX, fromY], [toX, toY, toWidth]) => (
    { path: `M${fromX} ${fromY - STAGE_HALF}C${fromX} ${toY} ${fromX} ${toY} ${toX + toWidth / 2} ${toY}`, at: [fromX - 70, toY - 1] }),
  down: ([fromX, fromY], [, toY]) => (
    { path: `M${fromX} ${fromY + STAGE_HALF}V${toY - PILL_HALF}`, at: [fromX + 8, (fromY + STAGE_HALF + toY - PILL_HALF) / 2 + 4], beside: true }),
};

/** A curve from the right of one node to the left of another; those that end at a stage end beside each other. */
function across([fromX, fromY, fromWidth], [toX, toY, toWidth, kind], labelAt) {
  const [x1, x2] = [fromX + fromWidth / 2, toX - toWidth / 2];
  const y2 = toY + (kind === 'stage' ? Math.max(-20, Math.min(20, (fromY - toY) / 6)) : 0);
  const middle = (x1 + x2) / 2;
  return {
    path: `M${x1} ${fromY}C${middle} ${fromY} ${middle} ${y2} ${x2} ${y2}`,
    at: [along(labelAt, x1, middle, middle, x2), along(labelAt, fromY, fromY, y2, y2) - 6],
  };
}

/** A coordinate of a Bezier curve. */
function along(at, begin, first, second, end) {
  const rest = 1 - at;
  return rest ** 3 * begin + 3 * rest ** 2 * at * first + 3 * rest * at ** 2 * second + at ** 3 * end;
}

const TABLE = [
  { text: 'Arrow', title: 'From a topic or stage to another' },
  { text: 'What', title: 'What is counted' },
  numeric('Count', 'How many since the beginning; of what this server reads, since it started'),
  numeric('Rate', 'How many a second over the last few seconds'),
];

export function showWay(state, rateOf) {
  if (!labels) draw();
  const rows = ARROWS.map(([from, to, read, says], at) => {
    const speed = read && rateOf(read);
    const shown = isNumber(speed) ? rate(speed) : '';
    if (labels[at].textContent !== shown) labels[at].textContent = shown;
    return [`${from} → ${to}`, says, numeric(read ? count(read(state)) : 'not known', read ? undefined : BOTH), numeric(read ? rate(speed) : 'not known', read ? undefined : BOTH)];
  });
  steps[0].textContent = state.learner ? `step ${count(state.learner.step)}` : '';
  steps[1].textContent = isNumber(state.index.step) ? `step ${count(state.index.step)}` : '';
  fillTable(document.getElementById('way-table'), TABLE, rows);
}
