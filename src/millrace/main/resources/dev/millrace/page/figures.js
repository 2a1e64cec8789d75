// The figures of now, each with a sentence.
import { element, command, isNumber, count, percent, plain, significant, duration, millrace } from './text.js';
import { rejected } from './tables.js';

const sum = numbers => numbers.reduce((total, one) => total + one, 0);
const records = (state, ...topics) => (state.lag ? sum(topics.map(topic => state.lag[topic] ?? 0)) : undefined);
const received = (...topics) => state => sum(topics.map(topic => state.books[topic]?.received ?? 0));
const EVENTS = ['exposures', 'clicks', 'users', 'items'];

/** Records that wait, and how long they last at the rate of the last seconds. */
function waiting(state, rateOf, topics) {
  const behind = records(state, ...topics);
  const speed = rateOf(received(...topics));
  return isNumber(behind) ? `${count(behind)}${speed > 0 ? ` · ${duration(1000 * behind / speed)}` : ''}` : '–';
}

const unbalanced = state => Object.entries(state.books).filter(([, account]) => !account.balanced).map(([topic]) => topic);
const active = state => state.alarms.filter(alarm => alarm.active).map(alarm => alarm.kind);

/** What the latest verification found, and when; of which generation, if it is not the one that answers. */
function verified(state, kind) {
  const audit = state.audits?.[kind];
  if (!audit) {
    return state.audits?.failure ? 'unknown: this server cannot read operator-actions' : 'never';
  }
  const other = kind === 'model' && audit.target !== state.readiness.generation ? `${audit.target} ` : '';
  return `${other}${audit.agrees ? 'agrees' : 'differs'}, ${duration(Math.max(0, state.at - audit.at))} ago`;
}

/** Steps and time between what the learner has committed and what this server has. */
function behindLearner({ learner, index, readiness }) {
  if (learner?.generation !== readiness.generation || !isNumber(index.step)) return '–';
  const steps = Math.max(0, learner.step - index.step);
  return `${count(steps)} steps · ${duration(steps > 0 ? Math.max(0, learner.committedAt - index.publishedAt) : 0)}`;
}

/** Recall@10 of the clicks on young items, by the model and by popularity, and how many they are. */
function ofYoung({ exam }, youth) {
  const { scored, model, popularity } = exam.young[youth];
  return scored > 0 ? `${percent(model.recall10)} · ${percent(popularity.recall10)} · ${count(scored)}` : '–';
}

const verdict = (state, kind) => (state.audits?.[kind] ? (state.audits[kind].agrees ? 'good' : 'bad') : undefined);

// each figure: name, sentence, value of a state, and what the value tells: good, warn or bad
const CARDS = [
  {
    title: 'Does it learn?',
    figures: [
      { name: 'Recall@10', lead: true, says: 'Of the last 5,000 clicks those that were examined, and the share of these whose item the model had among its first ten before it learnt the click; ± is one standard error.', value: s => (s.exam.scored > 0 ? `${percent(s.exam.model.recall10)} ± ${percent(s.exam.model.error10)}` : '–') },
      { name: 'popularity alone', says: 'The same for a ranking by recent popularity, on the same clicks. The model should be above it.', value: s => (s.exam.scored > 0 ? `${percent(s.exam.popularity.recall10)} ± ${percent(s.exam.popularity.error10)}` : '–') },
      { name: 'Recall@100', says: 'Share of the same clicks whose item was among the first hundred.', value: s => (s.exam.scored > 0 ? `${percent(s.exam.model.recall100)} ± ${percent(s.exam.model.error100)}` : '–') },
      { name: 'younger than an hour', says: 'Of the same clicks, those on items whose time is less than an hour before: Recall@10 of the model · of popularity · how many they are.', value: s => ofYoung(s, 'hour') },
      { name: 'younger than a day', says: 'The same for items that are less than a day old.', value: s => ofYoung(s, 'day') },
      { name: 'with few clicks', says: 'The same for items of which fewer than ten clicks had been learnt.', value: s => ofYoung(s, 'ten-clicks') },
      { name: 'loss', says: 'Mean loss of the last learnt mini-batch, natural log. It falls as the model tells the clicked item from the others.', value: s => plain(s.learner?.loss) },
      { name: 'learner', says: 'Generation whose learner these figures are of: the one that answers. If no learner reports on it, that of the live learner.', value: s => s.learner?.generation ?? '–' },
      { name: 'gradient norm', says: 'Length of the gradient of the last learnt mini-batch, before clipping.', value: s => significant(s.learner?.gradientNorm) },
      { name: 'publication', says: 'Whether new vectors are published. The quality gate is shut while the model does harm, and servers answer from what they have.', value: s => (s.learner ? s.learner.withheld ?? 'goes on' : '–'), tone: s => (s.learner?.withheld ? 'bad' : 'good') },
      { name: 'alarms', says: 'Measures of the model and of the events that are beyond their limits.', value: s => active(s).join(', ') || 'none', tone: s => (active(s).length > 0 ? 'bad' : 'good') },
    ],
  },
  {
    title: 'Is it fresh?',
    figures: [
      { name: 'click → vector, p50', lead: true, says: 'Half of the clicks of the last minute were in a vector that answers within this time.', value: s => (s.freshness.count > 0 ? duration(s.freshness.p50Millis) : '–') },
      { name: 'click → vector, p99', says: '99 of 100 clicks of the last minute were in a vector that answers within this time.', value: s => (s.freshness.count > 0 ? duration(s.freshness.p99Millis) : '–') },
      { name: 'oldest vector', says: 'Learning steps that the oldest vector of the index is behind its newest, and the bound in force.', value: s => `${count(s.index.oldestSteps)} of ${s.learner?.figures['vector-age.bound-steps'] > 0 ? `at most ${count(s.learner.figures['vector-age.bound-steps'])}` : 'any number of'} steps` },
      { name: 'oldest vector, in time', says: 'Event time that the oldest published vector is behind the newest, at the last publication.', value: s => (isNumber(s.learner?.figures['vector-age.max-seconds']) ? duration(1000 * s.learner.figures['vector-age.max-seconds']) : '–') },
      { name: 'events waiting', says: 'Records of exposures, clicks, users and items that are not counted yet, and how long they last at the present rate.', value: (s, r) => waiting(s, r, EVENTS) },
      { name: 'examples waiting', says: 'Training examples that are not counted yet, and how long they last at the present rate. Those of the open mini-batch are counted, and wait.', value: (s, r) => waiting(s, r, ['training-examples']) },
      { name: 'index behind learner', says: 'Learning steps that the last commit of the learner is ahead of the newest vector of this server, and the time between the two. A dash: no learner reports on the generation that answers.', value: behindLearner },
      { name: 'newest vector', says: 'Time since the newest vector of the index was published.', value: s => (s.index.publishedAt ? `${duration(Math.max(0, s.at - s.index.publishedAt))} ago` : '–') },
    ],
  },
  {
    title: 'Is it safe?',
    figures: [
      { name: 'books', lead: true, says: 'Whether, for each topic, received = the sum of the outcomes + waiting.', value: s => (Object.keys(s.books).length === 0 ? '–' : unbalanced(s).length > 0 ? `wrong: ${unbalanced(s).join(', ')}` : 'balance'), tone: s => (unbalanced(s).length > 0 ? 'bad' : 'good') },
      { name: 'dead letters', says: 'Events that could not be used, since the beginning. The table below has the reasons.', value: s => count(sum(Object.values(rejected(s)))), tone: s => (Object.keys(rejected(s)).length > 0 ? 'warn' : undefined) },
      { name: 'refused steps', says: 'Mini-batches that were not learnt because they would have made the model not finite.', value: s => count(s.learner?.refusedSteps), tone: s => (s.learner?.refusedSteps > 0 ? 'warn' : undefined) },
      { name: 'last commit', says: 'Time since the learner committed. State, output and offsets are in one transaction.', value: s => (s.learner?.committedAt ? `${duration(Math.max(0, s.at - s.learner.committedAt))} ago` : '–') },
      { name: 'digest of the model', says: 'SHA-256 of model, catalogue and popularity at the last commit. Whoever learns the same log comes to the same digest.', value: s => s.learner?.digest.slice(0, 16) || '–', code: true },
      { name: 'model verified', says: 'Whether learning the log again gave the published vectors, bit for bit, when bin/millrace verify --model --record last did so.', value: s => verified(s, 'model'), tone: s => verdict(s, 'model') },
      { name: 'books verified', says: 'Whether the books agreed with the topics when bin/millrace verify --counts --record last compared them.', value: s => verified(s, 'counts'), tone: s => verdict(s, 'counts') },
      { name: 'verify', says: 'Learns the log again, compares every vector and every count, and enters what came of it for the two figures above.', value: () => millrace('verify --model --counts --record'), copy: true },
    ],
  },
  {
    title: 'What does it know?',
    figures: [
      { name: 'items in the index', lead: true, says: 'Items that this server can answer with.', value: s => count(s.index.items ?? 0) },
      { name: 'catalogue', says: 'Items that the learner knows, and how many of them only clicks have named. Items that are announced wait for their time.', value: s => (s.learner ? `${count(s.learner.items)}${s.learner.unannounced > 0 ? `, ${count(s.learner.unannounced)} unannounced` : ''}${s.learner.figures.announced > 0 ? `, ${count(s.learner.figures.announced)} announced` : ''}` : '–') },
      { name: 'clock', says: 'Event time up to which announced items have come, UTC: what more than half of the recent users have reached, or now if the stream is live.', value: s => (s.learner?.figures['clock-seconds'] > 0 ? new Date(1000 * s.learner.figures['clock-seconds']).toISOString().slice(0, 16).replace('T', ' ') : '–') },
      { name: 'embedding rows', says: 'Rows of all embedding tables, and how many have left: expired, or displaced as their table was full.', value: s => (s.learner ? `${count(s.learner.rows)}${s.learner.rowsExpired + s.learner.rowsDisplaced > 0 ? `, ${count(s.learner.rowsExpired + s.learner.rowsDisplaced)} left` : ''}` : '–') },
      { name: 'rows from the cache', says: 'Of the rows that steps learnt from since the trainer started, the share that was on its heap and not only in its state directory.', value: s => (s.learner?.figures['row-cache.learnt'] > 0 ? percent(Math.max(0, 1 - s.learner.figures['row-cache.missed'] / s.learner.figures['row-cache.learnt'])) : '–') },
      { name: 'clicks learnt', says: 'Positive examples that the learner has learnt since the beginning.', value: s => count(s.learner?.positives) },
      { name: 'temperature', says: 'By which the training divides cosines. Smaller is sharper.', value: s => significant(s.learner?.figures.temperature) },
      { name: 'popularity weight', says: 'β of questions that give none: how much recent popularity counts beside taste. By default it is learned, and with it how much an item\'s age counts.', value: s => significant(s.questions?.popularityWeight) },
      { name: 'popularity half-life', says: 'Of the half-lives of recent popularity, the one that ranks best of late. It counts in answers.', value: s => (isNumber(s.learner?.figures['popularity-half-life-seconds']) ? duration(1000 * s.learner.figures['popularity-half-life-seconds']) : '–') },
      { name: 'field weights', says: 'Mean weight of each feature in the last mini-batch, for towers that weigh their features. Share of the five latest places of a history, if they are learned.', value: s => Object.entries(s.learner?.fieldWeights ?? {}).filter(([name]) => !/\[([5-9]|\d\d+)\]$/.test(name)).map(([name, weight]) => `${name} ${significant(weight)}`).join(', ') || 'this tower weighs none' },
      { name: 'learnt up to', says: 'Latest event time of the learnt mini-batches, UTC.', value: s => (s.learner?.eventTime > 0 ? new Date(s.learner.eventTime).toISOString().slice(0, 16).replace('T', ' ') : '–') },
    ],
  },
];

const places = [];

function makeCards() {
  const section = document.getElementById('now');
  for (const card of CARDS) {
    const list = element('dl');
    const meaning = element('dl', { class: 'meaning' });
    for (const figure of card.figures) {
      const place = element('dd', { class: figure.code ? 'code' : undefined, title: figure.says });
      list.append(element('div', { class: figure.lead ? 'lead-figure' : undefined, title: figure.says }, element('dt', {}, figure.name), place));
      meaning.append(element('dt', {}, figure.name), element('dd', {}, figure.says));
      places.push({ figure, place });
    }
    section.append(element('article', { class: 'card' }, element('h2', {}, card.title), list,
      element('details', {}, element('summary', {}, 'What these mean'), meaning)));
  }
}

export function showFigures(state, rateOf) {
  if (places.length === 0) makeCards();
  for (const { figure, place } of places) {
    const text = figure.value(state, rateOf);
    if (place.dataset.text === text) continue;
    place.dataset.text = text;
    place.replaceChildren(figure.copy ? command(text) : text);
    const tone = figure.tone?.(state);
    if (!figure.code) place.className = tone ?? '';
  }
}
