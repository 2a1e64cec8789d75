// Elements and numbers as text. Whatever came through a topic is put in as text, never as markup.

/** An element with attributes and children; a child that is no element becomes text. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

/**
 * Fills a table: titles of columns, then rows of cells. A cell is text, {text, class, title}, or {parts, none} of several such texts.
 * What has not changed stays the same element: a sentence that is shown on hover would vanish with it.
 */
export function fillTable(table, titles, rows, empty = 'none yet') {
  const head = table.tHead ?? table.createTHead();
  const body = table.tBodies[0] ?? table.createTBody();
  fillRows(head, [titles], () => ['th', 'col']);
  const withTitle = (one, at) => { // a number has the sentence of its column, unless it has its own
    const cell = typeof one === 'string' ? { text: one } : one;
    return { ...cell, title: cell.title ?? titles[at].title };
  };
  if (rows.length === 0) {
    fillRows(body, [[{ text: empty, class: 'muted' }]], () => ['td']);
    body.rows[0].cells[0].colSpan = titles.length;
  } else {
    fillRows(body, rows.map(row => row.map(withTitle)), at => (at === 0 ? ['th', 'row'] : ['td']));
  }
}

function fillRows(part, rows, kindOf) {
  while (part.rows.length > rows.length) part.deleteRow(-1);
  rows.forEach((cells, number) => {
    const row = part.rows[number] ?? part.insertRow();
    const wanted = cells.map((one, at) => kindOf(at)[0]);
    if (wanted.join() !== [...row.cells].map(cell => cell.localName).join() || row.cells[0].colSpan > 1) {
      row.replaceChildren(...wanted.map((tag, at) => element(tag, { scope: kindOf(at)[1] })));
    }
    cells.forEach((one, at) => fillCell(row.cells[at], typeof one === 'string' ? { text: one } : one));
  });
}

function fillCell(cell, { text, parts, none, class: kind = '', title = '' }) {
  if (cell.className !== kind) cell.className = kind;
  if (cell.title !== title) cell.title = title;
  if (parts === undefined || parts.length === 0) {
    const shown = text ?? none;
    if (cell.textContent !== shown || cell.children.length > 0) cell.textContent = shown;
    return;
  }
  if (cell.children.length !== parts.length) cell.replaceChildren(...parts.map(() => element('span', { class: 'part' })));
  parts.forEach((part, at) => fillCell(cell.children[at], { ...part, class: 'part' }));
}

/** Fills a list of names and the sentences that explain them, if it has changed. */
export function fillMeanings(list, meanings) {
  const key = JSON.stringify(meanings);
  if (list.dataset.meanings === key) return;
  list.dataset.meanings = key;
  list.replaceChildren(...meanings.flatMap(([name, says]) => [element('dt', {}, name), element('dd', {}, says)]));
}

/** A cell of a number. */
export const numeric = (text, title) => ({ text, title, class: 'number' });

const OWN_CLUSTER = 'localhost:9092'; // which millrace asks by itself
let asked = OWN_CLUSTER;

/** Says which cluster the server is of. */
export function commandsAsk(bootstrapServers) {
  asked = bootstrapServers;
}

/** A command line of millrace that asks the server's cluster. */
export const millrace = words => `bin/millrace ${words}${asked === OWN_CLUSTER ? '' : ` --bootstrap-server ${quoted(asked)}`}`;

/** A word for a shell, whatever it holds. */
export const quoted = word => (/^[\w.:,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** A command with a button that copies it. */
export function command(text) {
  const button = element('button', { type: 'button' }, 'Copy');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Select and copy'; // a page without https, and not on this machine, has no clipboard
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
  return element('div', { class: 'command' }, element('code', {}, text), button);
}

const whole = new Intl.NumberFormat('en');

export const isNumber = value => typeof value === 'number' && Number.isFinite(value);
export const count = value => (isNumber(value) ? whole.format(Math.round(value)) : '–');
export const percent = (value, digits = 1) => (isNumber(value) ? `${(100 * value).toFixed(digits)} %` : '–');
export const plain = (value, digits = 3) => (isNumber(value) ? value.toFixed(digits) : '–');
export const significant = value => (isNumber(value) ? String(Number(value.toPrecision(3))) : '–');
export const rate = value => (isNumber(value) ? `${value < 10 ? significant(Number(value.toFixed(1))) : count(value)}/s` : '–');

/** A length of time in the unit that fits it. */
export function duration(millis) {
  if (!isNumber(millis)) return '–';
  if (millis < 1000) return `${Math.round(millis)} ms`;
  const seconds = millis / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = seconds / 60;
  if (minutes < 60) return `${minutes.toFixed(1)} min`;
  return minutes < 48 * 60 ? `${(minutes / 60).toFixed(1)} h` : `${count(minutes / 1440)} days`;
}

/** A path of the API that ends with an id, which may have slashes. */
export const pathOf = (prefix, id) => prefix + id.split('/').map(encodeURIComponent).join('/').replace(/\/$/, '%2F');

/** The value of a feature, short. */
export function shown(value) {
  if (Array.isArray(value)) return value.map(shown).join(', ');
  return isNumber(value) ? significant(value) : String(value);
}

/** The features of an item on one line: its title if it has one, else all. */
export function described(attributes) {
  if (!attributes) return '';
  if (typeof attributes.title === 'string') return attributes.title;
  return Object.entries(attributes).map(([name, value]) => (isNumber(value) ? `${name} ${shown(value)}` : shown(value))).join(' · ');
}
