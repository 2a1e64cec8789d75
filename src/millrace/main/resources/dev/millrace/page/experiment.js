// The latest experiment: what each arm's users did, stage by stage, and how it ended.
import { button, isAdmin } from './operations.js';
import { command, count, element, fillMeanings, fillTable, millrace, numeric, pathOf, percent, plain, quoted } from './text.js';

const byId = id => document.getElementById(id);

const ARMS = [
  { text: 'Stage', title: 'Each stage gives the treatment more of the users.' },
  { text: 'Arm', title: 'Control: the generation that answered before. Treatment: the one that is tried. A user\'s arm is a hash of the user.' },
  { text: 'Generation', title: 'The generation that answers the users of the arm.' },
  numeric('Users', 'Users of the arm of whom something was counted in the stage.'),
  numeric('Exposures', 'Exposures of these users in the stage; at most 40 of each.'),
  numeric('As assigned', 'Of the users of whom an exposure says which generation was shown, those whose first one says the arm\'s own. Below 80 % the treatment is not promoted, and gets no more users.'),
  numeric('Goals', 'Actions on these exposures that are the goal of the experiment. Without exposures: actions, at most 40 of each user.'),
  numeric('Rate', 'Goals, over exposures. Without exposures: over the arm\'s share of the users who acted in either.'),
];

const GUARDS = [
  { text: 'Guard', title: 'What servers tell of their answers to the users of each arm in the newest window. Unknown until each arm has 1,000.' },
  numeric('Control', 'Of the answers to users of the control.'),
  numeric('Treatment', 'Of the answers to users of the treatment.'),
  numeric('Bound', 'Of the catalogue the least, of the others the most; with x, relative to the control in the same window.'),
  numeric('Broken', 'In how many of the last windows the treatment was beyond the bound. Two of three roll it back; the age of vectors needs one.'),
];

const share = value => percent(value, 2);
const MEASURES = {
  empty: ['Share of the answers without an item.', share],
  cold: ['Share of the answers to users of whom nothing is known.', share],
  p99: ['Time from question to items that 99 of 100 answers did not exceed.', value => `${plain(value, 1)} ms`],
  catalogue: ['Share of the generation\'s items that were recalled.', share],
  'vector-age': ['Time since the newest vector that is answered from was published.', value => `${plain(value, 1)} s`],
};

let shownFor;

export function showExperiment(state) {
  const { experiment } = state;
  byId('experiment-body').hidden = experiment === undefined;
  begin(state);
  if (experiment === undefined) return;
  tell(experiment);
  fillTable(byId('experiment-table'), ARMS, experiment.counts.map(one => [
    `${one.stage}: ${one.arm === 'treatment' ? one.percent : 100 - one.percent} %`, one.arm, one.generation,
    numeric(count(one.users)), numeric(count(one.exposures)),
    numeric(percent(one.asAssigned)), numeric(count(one.goals)),
    numeric(one.users > 0 ? percent(one.rate, 2) : '–'),
  ]));
  fillTable(byId('guard-table'), GUARDS, experiment.guards.map(one => {
    const [title, text] = MEASURES[one.guard];
    const shown = value => numeric(value === undefined ? '–' : text(Number(value)));
    return [{ text: one.guard, title }, shown(one.control), shown(one.treatment),
      one.bound?.endsWith('x') ? numeric(one.bound) : shown(one.bound), numeric(one.broken ?? '–')];
  }));
  fillMeanings(byId('experiment-meanings'), [
    ...[...ARMS, ...GUARDS].map(({ text, title }) => [text, title]),
    ...Object.entries(MEASURES).map(([name, [title]]) => [name, title]),
  ]);
}

function tell({ name, goal, runs, stage, stages, percent: share, result, why, uplift, lower, upper, blocked, uncounted }) {
  const verdict = uplift === undefined
    ? 'It has too few users or goals to tell the arms apart'
    : `The treatment has ${percent(uplift, 1)} more ${goal}, between ${percent(lower, 1)} and ${percent(upper, 1)}`;
  const text = runs
    ? `${name} runs: stage ${stage} of ${stages}, ${share} % of the users get the treatment. ${verdict}${blocked === undefined ? '' : `; it can only be rolled back: ${blocked}`}${uncounted === undefined ? '' : `; not all is counted: ${uncounted}`}.`
    : `${name} has ended: ${result}, ${why}. The goal was ${goal}.`;
  if (byId('experiment-lead').textContent !== text) byId('experiment-lead').textContent = text;
}

/** The command that starts one, or what ends the one that runs; shown anew only if it has changed. */
function begin({ experiment, readiness, generations }) {
  const runs = experiment?.runs === true;
  const other = generations.find(one => one.complete && !one.promoted)?.generation;
  const key = JSON.stringify([runs, experiment?.name, other, readiness.promoted, isAdmin()]);
  if (key === shownFor) return;
  shownFor = key;
  const start = millrace(`experiment start NAME --arms ${quoted(readiness.promoted ?? 'CONTROL')},${quoted(other ?? 'TREATMENT')} --ramp 1,10,50`);
  byId('experiment-begin').replaceChildren(...(runs ? [] : [command(start)]));
  byId('experiment-orders').replaceChildren(...(runs ? [stop(experiment.name)] : []));
}

function stop(name) {
  return isAdmin()
    ? element('div', { class: 'choices' }, button({
      path: `${pathOf('/v1/experiments/', name)}/stop`,
      does: `Stop ${name}`,
      says: `The control is to answer all users again. The experiment ${name} cannot go on afterwards.`,
      done: `${name} is stopped.`,
    }))
    : element('div', {}, command(millrace('experiment decide')), command(millrace(`experiment stop ${name}`)));
}
