// A server that asks for tokens: the page asks for one and exchanges it for a cookie, which server-sent events carry too.
const byId = id => document.getElementById(id);

/** Whether the server refuses this page for the lack of a token. */
export async function isLocked() {
  try {
    return (await fetch('/v1/series', { method: 'HEAD' })).status === 401;
  } catch {
    return false; // there is no answer at all
  }
}

/** Who the visitor is: a role, and a name where there are tokens. */
export async function session() {
  try {
    const response = await fetch('/v1/session');
    return response.ok ? await response.json() : {};
  } catch {
    return {};
  }
}

/** Asks until there is a token that the server knows. */
export function signIn() {
  const dialog = byId('sign-in');
  dialog.showModal();
  return new Promise(done => {
    dialog.oncancel = event => event.preventDefault();
    byId('sign-in-form').onsubmit = async event => {
      event.preventDefault();
      const fault = await exchange(byId('token').value.trim());
      byId('sign-in-fault').textContent = fault;
      if (fault === '') {
        byId('token').value = '';
        dialog.close();
        done();
      }
    };
  });
}

/** Returns what is wrong; nothing if the token was taken. */
async function exchange(token) {
  try {
    const response = await fetch('/v1/session', { method: 'POST', headers: { Authorization: `Bearer ${token}` } });
    return response.ok ? '' : (await response.json()).detail;
  } catch (failed) {
    return failed.message; // no answer, or a token that no header can have
  }
}
