// The state of the page: one JSON text a second from the server, handed to each part of the page.
import { commandsAsk, duration } from './text.js';
import { isLocked, session, signIn } from './access.js';
import { showCharts, drawCharts } from './charts.js';
import { showExperiment } from './experiment.js';
import { showFigures } from './figures.js';
import { beginLetters } from './letters.js';
import { orderAs, showOrders } from './operations.js';
import { showTables } from './tables.js';
import { showWay } from './way.js';
import { showTrial } from './trial.js';
import { beginMap } from './map.js';

const KEPT_STATES = 8; // over which rates are told
const KEPT_MILLIS = 30 * 60 * 1000;
const AGAIN_MILLIS = 2000;

const states = [];
let series = { at: [] };
let lostAt = 0; // when figures stopped; 0 while they come

/** How fast a count grows, a second; undefined before there are two of different times. A count that is not taken with each state has a time of its own. */
function rateOf(read) {
  if (states.length < 2) return undefined;
  const [first, last] = [states[0], states[states.length - 1]];
  const at = read.at ?? (state => state.at);
  const grown = read(last) - read(first);
  return Number.isFinite(grown) && at(last) > at(first) ? Math.max(0, grown) * 1000 / (at(last) - at(first)) : undefined;
}

function take(state) {
  states.push(state);
  if (states.length > KEPT_STATES) states.shift();
  commandsAsk(state.bootstrapServers);
  addSample(state);
  showStatus(state);
  showFigures(state, rateOf);
  showTables(state);
  showOrders(state);
  showExperiment(state);
  showCharts(series);
  showWay(state, rateOf);
  showTrial(state);
}

function addSample(state) {
  const length = series.at.length;
  if (length > 0 && state.at <= series.at[length - 1]) return;
  series.at.push(state.at);
  for (const [name, value] of Object.entries(state.figures)) {
    (series[name] ??= new Array(length).fill(null)).push(value);
  }
  while (series.at[0] < state.at - KEPT_MILLIS) Object.values(series).forEach(column => column.shift());
}

function showStatus(state) {
  const { readiness } = state;
  const behind = Object.entries(readiness.topics).filter(([, how]) => how !== 'caught-up').map(([topic]) => topic);
  if (readiness.ready && state.progressFailure) {
    status('warn', `answering, but without figures of the trainer: ${state.progressFailure}`);
  } else if (readiness.ready) {
    status('good', `answering with generation ${readiness.generation}, step ${readiness.step}`);
  } else {
    status('warn', behind.length > 0 ? `reading ${behind.join(', ')}` : 'waiting for a complete generation');
  }
}

function status(tone, text) {
  document.getElementById('dot').className = tone;
  const place = document.getElementById('status-text');
  if (place.textContent !== text) place.textContent = text;
}

/** Listens to the server. A browser connects again by itself after a lost connection, but not after an answer other than 200. */
function listen() {
  const live = new EventSource('/v1/live');
  live.addEventListener('open', async () => {
    states.length = 0; // a gap has no rate
    try {
      const response = await fetch('/v1/series');
      if (response.ok) series = await response.json();
    } catch {
      // the charts begin with the next state
    }
  });
  live.addEventListener('message', event => {
    lostAt = 0;
    take(JSON.parse(event.data));
  });
  live.addEventListener('error', () => {
    lostAt ||= Date.now();
    tellLoss();
    if (live.readyState === EventSource.CLOSED) setTimeout(begin, AGAIN_MILLIS);
  });
}

function tellLoss() {
  if (lostAt > 0) status('bad', `no figures from the server for ${duration(Date.now() - lostAt)}; asking again. A demo that has ended takes its page with it`);
}

async function begin() {
  if (await isLocked()) await signIn();
  orderAs(await session());
  listen();
}

drawCharts();
beginMap();
beginLetters();
begin();
setInterval(tellLoss, 1000);
