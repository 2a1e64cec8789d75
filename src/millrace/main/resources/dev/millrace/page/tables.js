// Tables of the books, the dead letters by reason, the alarms and the generations.
import { count, fillMeanings, fillTable, numeric, percent, plain } from './text.js';
import { measure, outcomeSays, reasonSays, topicSays } from './meanings.js';

const byId = id => document.getElementById(id);

/** How many events were rejected, by reason. */
export function rejected(state) {
  const reasons = {};
  for (const account of Object.values(state.books)) {
    for (const [outcome, number] of Object.entries(account.outcomes)) {
      if (outcome.startsWith('rejected')) {
        const reason = outcome.slice('rejected: '.length) || 'unknown';
        reasons[reason] = (reasons[reason] ?? 0) + number;
      }
    }
  }
  return reasons;
}

export function showTables(state) {
  showBooks(state);
  showLetters(state);
  showAlarms(state);
  showGenerations(state);
}

/** A column's title with the sentence that explains it. */
const column = (text, title) => ({ text, title });

const BOOKS = [
  column('Topic', 'The topic by its logical name. Its name in the cluster may be another one.'),
  numeric('Received', 'Events received since the beginning, each counted once.'),
  numeric('Waiting', 'Events whose outcome is still open.'),
  column('Outcomes', 'Events by what became of them. Each event has exactly one outcome.'),
  column('Balances', 'Whether received = the sum of the outcomes + waiting.'),
];

function showBooks(state) {
  const rows = Object.entries(state.books).map(([topic, account]) => [
    column(topic, topicSays(topic)), numeric(count(account.received)), numeric(count(account.waiting)),
    { parts: Object.entries(account.outcomes).map(([outcome, number]) => column(`${outcome} ${count(number)}`, outcomeSays(outcome))), none: 'none' },
    { text: account.balanced ? 'yes' : 'no', class: account.balanced ? 'good' : 'bad' },
  ]);
  fillTable(byId('books-table'), BOOKS, rows, 'the trainer has not committed yet');
  const outcomes = [...new Set(Object.values(state.books).flatMap(account => Object.keys(account.outcomes)))].sort();
  fillMeanings(byId('books-meanings'), [...BOOKS.map(of), ...outcomes.map(outcome => [outcome, outcomeSays(outcome)])]);
}

const of = ({ text, title }) => [text, title];

const LETTERS = [
  column('Reason', 'Why the event could not be used.'),
  numeric('Events', 'Events with this reason since the beginning.'),
];

function showLetters(state) {
  const letters = Object.entries(rejected(state)).sort((one, other) => other[1] - one[1]);
  fillTable(byId('letters-table'), LETTERS,
    letters.map(([reason, number]) => [column(reason, reasonSays(reason)), numeric(count(number))]), 'no event was rejected');
}

const ALARMS = [
  column('Measure', 'What is measured.'),
  numeric('Value', 'The latest value, in the unit of its measure. A dash: not measured yet.'),
  numeric('Limit', 'What the value is compared with, in the same unit.'),
  column('State', 'Whether the value is beyond the limit.'),
];

function showAlarms(state) {
  fillTable(byId('alarms-table'), ALARMS, state.alarms.map(alarm => {
    const { shows, says } = measure(alarm.kind);
    return [column(named(alarm), says), numeric(shows(alarm.value), says), numeric(shows(alarm.limit), says),
      { text: alarm.active ? 'alarm' : 'quiet', class: alarm.active ? 'bad' : 'good' }];
  }), 'the trainer has not measured yet');
  fillMeanings(byId('alarms-meanings'), [...ALARMS.map(of), ...state.alarms.map(alarm => [named(alarm), measure(alarm.kind).says])]);
}

const named = alarm => alarm.kind.replaceAll('-', ' ');

const GENERATIONS = [
  column('Generation', 'A lineage of weights: model.generation and a hash of the model\'s settings.'),
  column('State', 'Whether it answers, could answer, or has not all items yet.'),
  numeric('Items', 'Items whose vectors of this generation are on this server.'),
  numeric('Step', 'Learning steps that its learner has committed since it began. A dash: no learner reports on it.'),
  numeric('Loss', 'Mean loss of its last learnt mini-batch, natural log. Losses of generations with other settings need not compare.'),
  numeric('Recall@10', 'Share of the clicks that were examined since it began whose item it had among its first ten, before it learnt the click. ± is one standard error.'),
  numeric('Popularity', 'The same share for a ranking by recent popularity, on the same clicks.'),
];

function showGenerations(state) {
  const tried = state.experiment?.runs ? state.experiment.treatment : undefined;
  const rows = state.generations.map(one => [
    one.generation,
    { text: one.answers ? 'answers' : one.promoted ? 'promoted, not complete yet' : one.generation === tried ? 'answers some of the users' : one.complete ? 'complete' : 'being built', class: one.answers ? 'good' : '' },
    numeric(count(one.items)), numeric(count(one.step)), numeric(plain(one.loss)),
    numeric(one.exam?.scored > 0 ? `${percent(one.exam.model.recall10)} ± ${percent(one.exam.model.error10)}` : '–'),
    numeric(one.exam?.scored > 0 ? percent(one.exam.popularity.recall10) : '–'),
  ]);
  fillTable(byId('generations-table'), GENERATIONS, rows);
  fillMeanings(byId('generations-meanings'), GENERATIONS.map(of));
}
