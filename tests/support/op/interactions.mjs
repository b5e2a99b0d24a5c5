// The login and consent forms behind the authorization endpoint.
import { consentPage, signInPage } from './pages.mjs';

async function formOf(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

async function consentTo(provider, { grantId, session, params, prompt }) {
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (prompt.details.missingOIDCScope) grant.addOIDCScope(prompt.details.missingOIDCScope.join(' '));
  if (prompt.details.missingOIDCClaims) grant.addOIDCClaims(prompt.details.missingOIDCClaims);
  return { consent: { grantId: await grant.save() } };
}

/** Show the form on GET, take its answer on POST. */
export function interactions(provider, accounts) {
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) {
      await next();
      return;
    }
    ctx.set('cache-control', 'no-store');
    const details = await provider.interactionDetails(ctx.req, ctx.res);
    const { prompt, params } = details;
    if (ctx.method === 'GET') {
      const action = ctx.req.originalUrl;
      ctx.type = 'html';
      ctx.body = prompt.name === 'login'
        ? signInPage(action, params.client_id, params.login_hint)
        : consentPage(action, params.client_id, params.scope.split(' '));
      return;
    }
    const form = await formOf(ctx.req);
    let result;
    if (form.get('answer') !== 'yes') {
      result = { error: 'access_denied', error_description: 'the person said no' };
    } else if (prompt.name === 'login') {
      result = { login: { accountId: accounts.subjectOf(form.get('login')) } };
    } else {
      result = await consentTo(provider, details);
    }
    const location = await provider.interactionResult(ctx.req, ctx.res, result, {
      mergeWithLastSubmission: prompt.name !== 'login',
    });
    ctx.status = 303;
    ctx.redirect(location);
  };
}
