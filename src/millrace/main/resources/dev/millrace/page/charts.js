// Charts of the last half hour, each with a table behind it.
import uPlot from './uPlot.esm.js';
import { element, fillTable, numeric, isNumber, percent, plain, significant, duration, count } from './text.js';

const HEIGHT = 190;
const LABEL = 56; // width of a time below a chart, in pixels
const TABLE_ROWS = 20;

const CHARTS = [
  {
    title: 'Recall@10',
    says: 'Of the last 5,000 clicks those that were examined, and the share of these whose item was among the first ten before the model learnt it. Exams of a large catalogue, or of a learner that is behind, are of some clicks only. The band is one standard error to each side. Popularity is ranked on the same clicks.',
    shows: value => percent(value),
    lines: [
      { name: 'model', of: 'recall', colour: '--one', error: 'recallError' },
      { name: 'popularity', of: 'popularityRecall', colour: '--two', dashed: true },
    ],
  },
  {
    title: 'Click to vector',
    says: 'Time from sending a click until a vector that has learnt from it answers, over the last minute: half of the clicks are faster than p50, 99 of 100 are faster than p99.',
    shows: duration,
    lines: [{ name: 'p50', of: 'freshP50', colour: '--one' }, { name: 'p99', of: 'freshP99', colour: '--two' }],
  },
  {
    title: 'Loss',
    says: 'Mean loss of the last learnt mini-batch (softmax cross-entropy, natural log). It jumps from batch to batch; its trend counts.',
    shows: value => plain(value, 2),
    lines: [{ name: 'loss', of: 'loss', colour: '--one' }],
    range: 'near',
  },
  {
    title: 'Age of the oldest vector',
    says: 'Learning steps that the oldest vector of the index is behind its newest, and the bound that the trainer keeps.',
    shows: value => `${count(value)} steps`,
    lines: [{ name: 'oldest', of: 'oldestSteps', colour: '--one' }, { name: 'bound', of: 'boundSteps', colour: '--bad', dashed: true }],
  },
  {
    title: 'Records that wait',
    says: 'Records in the input topics that the trainer has not counted yet: events that are not joined yet, examples that are not learnt. Ends of transactions count too, so it need not come to 0.',
    shows: value => count(value),
    lines: [{ name: 'events', of: 'attributeLag', colour: '--one' }, { name: 'examples', of: 'learnLag', colour: '--two' }],
  },
  {
    title: 'Gradient norm',
    says: 'Length of the gradient of the last learnt mini-batch, before clipping. A sudden rise tells of a bad batch or a learning rate that is too high.',
    shows: significant,
    lines: [{ name: 'norm', of: 'gradientNorm', colour: '--one' }],
  },
];

// of an experiment: they are in its section
const TRIED = [
  {
    title: 'Uplift of the treatment',
    says: 'How much more of the goal the treatment has than the control, relative to the control, over all stages. The band holds at all looks together: where it leaves 0, the experiment is decided.',
    shows: value => percent(value),
    lines: [{ name: 'uplift', of: 'uplift', colour: '--one', error: 'upliftError' }],
    range: 'signed',
  },
  {
    title: 'Rate of the goal',
    says: 'The goal by exposure (or by user, if the log has no exposures) of each arm alone, in the present stage. The bands hold at all looks, each for its arm; the experiment is decided by the uplift.',
    shows: value => percent(value),
    lines: [
      { name: 'control', of: 'control', colour: '--one', error: 'controlError' },
      { name: 'treatment', of: 'treatment', colour: '--two', error: 'treatmentError', band: '--band-two' },
    ],
    range: 'near',
  },
];

let drawn = [];

/** Makes the charts, and makes them anew when light turns dark. */
export function drawCharts() {
  for (const [grid, chart] of [
    ...CHARTS.map(chart => [document.getElementById('chart-grid'), chart]),
    ...TRIED.map(chart => [document.getElementById('experiment-grid'), chart]),
  ]) {
    const place = element('div', { class: 'plot', role: 'img', 'aria-label': `Chart: ${chart.title}. The table below has its figures.` });
    const table = element('table');
    const details = element('details', {}, element('summary', {}, 'Table'),
      element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `Table: ${chart.title}` }, table));
    grid.append(element('figure', {}, element('figcaption', { title: chart.says }, chart.title), place, element('p', { class: 'note' }, chart.says), details));
    const one = { chart, place, table, details };
    details.addEventListener('toggle', () => fill(one));
    new ResizeObserver(() => {
      one.plot?.setSize({ width: place.clientWidth, height: HEIGHT });
      name(one);
    }).observe(place);
    drawn.push(one);
  }
  drawn.forEach(plot);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    drawn.forEach(one => { one.plot.destroy(); plot(one); });
    if (latest) showCharts(latest);
  });
}

let latest;

export function showCharts(series) {
  latest = series;
  for (const one of drawn) {
    one.plot.setData(columns(one.chart, series));
    name(one);
    fill(one);
  }
}

/** Lets the legend tell the newest figures while nobody points at others. */
function name({ plot }) {
  if (plot && latest?.at.length > 0 && plot.cursor.idx == null) plot.setLegend({ idx: latest.at.length - 1 });
}

const values = column => (column ?? []).map(value => (isNumber(value) ? value : null));

function columns(chart, series) {
  const all = [series.at.map(at => at / 1000)];
  for (const line of chart.lines) {
    const means = values(series[line.of]);
    all.push(means);
    if (line.error) {
      const errors = values(series[line.error]);
      all.push(means.map((mean, at) => (mean === null ? null : mean + errors[at])));
      all.push(means.map((mean, at) => (mean === null ? null : chart.range === 'signed' ? mean - errors[at] : Math.max(0, mean - errors[at]))));
    }
  }
  return all;
}

function plot(one) {
  const styles = getComputedStyle(document.documentElement);
  const colour = name => styles.getPropertyValue(name).trim();
  const { chart, place } = one;
  const lines = [{}];
  const bands = [];
  for (const line of chart.lines) {
    lines.push({
      label: line.name, stroke: colour(line.colour), width: 1.75, dash: line.dashed ? [5, 4] : undefined,
      points: { show: false }, value: (plot, value) => (value === null ? '–' : chart.shows(value)),
    });
    if (line.error) {
      bands.push({ series: [lines.length, lines.length + 1], fill: colour(line.band ?? '--band') });
      lines.push({ class: 'unnamed', width: 0, points: { show: false } }, { class: 'unnamed', width: 0, points: { show: false } });
    }
  }
  const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif' };
  one.plot = new uPlot({
    width: place.clientWidth, height: HEIGHT, series: lines, bands,
    padding: [null, LABEL / 2, null, null], // or the last time is cut in two
    cursor: { y: false, points: { size: 6 } },
    scales: { y: { range: (plot, min, max) => range(chart, min, max) } },
    axes: [
      { ...axis, values: (plot, ticks) => ticks.map(clock), space: 80, size: 30 },
      { ...axis, size: 62, values: (plot, ticks) => ticks.map(chart.shows) },
    ],
  }, columns(chart, { at: [] }), place);
  place.querySelector('.u-legend').title = chart.says;
}

/** From 0, but for figures that never come near it; around 0 for those of both signs. */
function range(chart, min, max) {
  if (min === null) return [0, 1];
  if (chart.range === 'signed') {
    const most = 1.1 * Math.max(Math.abs(min), Math.abs(max), 1e-3);
    return [-most, most];
  }
  const room = Math.max((max - min) * 0.1, Math.abs(max) * 0.05, 1e-9);
  return [chart.range === 'near' ? Math.max(0, min - room) : 0, max + room];
}

const clock = seconds => new Date(seconds * 1000).toLocaleTimeString('en-GB');

/** The newest samples, some time apart, while the table is open. */
function fill({ chart, table, details }) {
  if (!details.open || !latest) return;
  const rows = [];
  const every = Math.max(1, Math.floor(latest.at.length / TABLE_ROWS));
  for (let at = latest.at.length - 1; at >= 0 && rows.length < TABLE_ROWS; at -= every) {
    rows.push([clock(latest.at[at] / 1000), ...chart.lines.map(line => {
      const error = line.error && isNumber(latest[line.error]?.[at]) ? ` ± ${percent(latest[line.error][at])}` : '';
      return numeric(chart.shows(latest[line.of]?.[at]) + error);
    })]);
  }
  fillTable(table, [{ text: 'Time', title: 'When the sample was taken, by the clock of this browser' }, ...chart.lines.map(line => numeric(line.name, chart.says))], rows);
}
