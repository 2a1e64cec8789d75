// What may be ordered of the generations: buttons for an admin, commands for everybody else. An order is asked for once more before it is sent.
import { element, command, millrace, pathOf, quoted } from './text.js';

const byId = id => document.getElementById(id);
const ADMIN = 'admin';
const YES = 'yes';

let visitor = {};
let shownFor;

/** The visitor as the server knows them: a role, and a name where there are tokens. */
export function orderAs(session) {
  visitor = session;
  shownFor = undefined;
}

/** Shown anew only if something of it has changed, and not beside the dialog, which gives the focus back: a button that is replaced loses it. */
export function showOrders(state) {
  const answering = state.readiness.promoted;
  const before = state.answeredBefore;
  const others = state.generations.filter(one => one.complete && !one.promoted).map(({ generation, caution }) => ({ generation, caution }));
  const trial = state.experiment?.runs ? state.experiment.name : undefined;
  const key = JSON.stringify([visitor, others, answering, before, trial]);
  if (key === shownFor || byId('order').open) return;
  shownFor = key;
  byId('orders').replaceChildren(...(trial !== undefined
    ? [element('p', { class: 'note' }, `The experiment ${trial} runs: until it ends, nothing else is promoted.`)]
    : visitor.role === ADMIN ? buttons(others, answering, before) : commands(others)));
}

function commands(others) {
  return [
    element('p', { class: 'note' }, others.length > 0
      ? 'You may look on here. These commands promote a generation, and go back:'
      : 'No other complete generation is here. Train one beside this with another model.generation, then promote it; a roll-back goes back to the one before:'),
    ...(others.length > 0 ? others.map(one => command(millrace(`model promote ${quoted(one.generation)}`))) : [command(millrace('model list'))]),
    command(millrace('model rollback')),
  ];
}

function buttons(others, answering, before) {
  const orders = others.filter(one => one.generation !== before).map(one => promotion(one, answering));
  if (before !== undefined) orders.push(rollBack(before, answering));
  return [
    element('p', { class: 'note' }, orders.length > 0
      ? `You are ${visitor.name}, and may change which generation answers. Each order stands in the audit log (bin/millrace actions).`
      : 'No other complete generation is here. Train one beside this with another model.generation, then promote it.'),
    element('div', { class: 'choices' }, ...orders.map(button)),
  ];
}

const promotion = ({ generation: name, caution }, answering) => ({
  path: `${pathOf('/v1/generations/', name)}/promote`,
  does: `Promote ${name}`,
  says: `${name} is to answer on all servers${answering ? `, in place of ${answering}` : ''}. Each server changes, index and query encoder at once, when it has all of it.${caution ? ` It ${caution}.` : ''} A roll-back undoes this.`,
});

const rollBack = (before, answering) => ({
  path: '/v1/generations/rollback',
  does: `Roll back to ${before}`,
  says: `${before} is to answer again on all servers, in place of ${answering}. If its learner does not run any more, its vectors are as old as it left them.`,
});

export const isAdmin = () => visitor.role === ADMIN;

/** A button that asks once more, and then sends the order. */
export function button(order) {
  const made = element('button', { type: 'button' }, order.does);
  made.addEventListener('click', () => carryOut(order));
  return made;
}

async function carryOut(order) {
  if (!(await isConfirmed(order))) return;
  say(`${order.does} …`);
  try { // a page from elsewhere may not send this type
    const response = await fetch(order.path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' });
    const body = await response.json();
    if (!response.ok) throw new Error(body.detail ?? response.statusText);
    say(order.done ?? `${body.promoted} is to answer${body.answered ? `, in place of ${body.answered}` : ''}.`, 'good');
  } catch (failed) {
    say(failed.message, 'bad');
  }
  byId('order-result').focus(); // the button may be gone
}

/** Asks in a dialog. Escape says no. */
function isConfirmed(order) {
  const dialog = byId('order');
  byId('order-title').textContent = `${order.does}?`;
  byId('order-says').textContent = order.says;
  byId('order-go').textContent = order.does;
  dialog.returnValue = '';
  byId('order-go').onclick = () => dialog.close(YES);
  byId('order-cancel').onclick = () => dialog.close('');
  dialog.showModal();
  return new Promise(done => { dialog.onclose = () => done(dialog.returnValue === YES); });
}

function say(text, tone = '') {
  byId('order-result').textContent = text;
  byId('order-result').className = tone;
}
