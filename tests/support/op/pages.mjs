// The provider's few pages: plain forms, no script, no assets, drivable by a browser and by a plain HTTP client.

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text) => String(text).replace(/[&<>"]/g, (character) => escapes[character]);

function page(title, body) {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escape(title)}</title><link rel="icon" href="data:,"></head>
<body><main><h1>${escape(title)}</h1>
${body}
</main></body>
</html>`;
}

export const signInPage = (action, client, hint) => page('Sign in', `
<p>to continue to ${escape(client)}</p>
<form method="post" action="${escape(action)}">
  <input type="hidden" name="prompt" value="login">
  <p><label>Name <input name="login" required autofocus value="${escape(hint ?? '')}"></label></p>
  <p><label>Password <input name="password" type="password"></label></p>
  <p><button name="answer" value="yes">Sign in</button> <button name="answer" value="no" formnovalidate>Cancel</button></p>
</form>`);

export const consentPage = (action, client, scopes) => page('Allow access', `
<p>${escape(client)} asks for: ${escape(scopes.join(', '))}</p>
<form method="post" action="${escape(action)}">
  <input type="hidden" name="prompt" value="consent">
  <p><button name="answer" value="yes">Allow</button> <button name="answer" value="no">Cancel</button></p>
</form>`);

export const signOutPage = (form) => page('Sign out', `
${form}
<p><button form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>
<button form="op.logoutForm">No, stay signed in</button></p>`);

export const signedOutPage = () => page('Signed out', '<p>You are signed out of the provider.</p>');

export const errorPage = (facts) => page('Something went wrong', `<dl>${
  Object.entries(facts).map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`).join('')
}</dl>`);
