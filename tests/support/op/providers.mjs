// Two providers: a standard one with everything on, and one shaped like OneLogin.
import { Provider } from 'oidc-provider';

import { interactions } from './interactions.mjs';
import { errorPage, signedOutPage, signOutPage } from './pages.mjs';

const HOUR = 3600;
const html = (render) => async (ctx, ...rest) => {
  ctx.type = 'html';
  ctx.body = render(...rest);
};

const claims = {
  openid: ['sub'],
  profile: ['name', 'preferred_username'],
  email: ['email', 'email_verified'],
  groups: ['groups'],
};

function base({ prefix, store, accounts, keys, settings, cookies }) {
  return {
    adapter: store.adapter,
    jwks: { keys },
    findAccount: accounts.find,
    clientBasedCORS: () => false,
    // The library refuses to call loopback addresses; here the relying party always lives on one. It is called
    // over a connection of its own: one kept alive would hold a thread of a test's server beyond the test.
    fetch: (url, { dispatcher, ...options }) => (
      globalThis.fetch(url, { ...options, headers: { ...options.headers, connection: 'close' } })
    ),
    cookies: {
      keys: settings.cookieKeys,
      names: { session: `${cookies}_session`, interaction: `${cookies}_interaction`, resume: `${cookies}_resume` },
    },
    claims,
    conformIdTokenClaims: settings.conformIdTokenClaims,
    interactions: { url: (ctx, interaction) => `${prefix}/interaction/${interaction.uid}` },
    renderError: html(errorPage),
    rotateRefreshToken: true,
    ttl: {
      AccessToken: HOUR,
      AuthorizationCode: 60,
      Grant: 24 * HOUR,
      IdToken: settings.idTokenLifetime,
      Interaction: HOUR,
      RefreshToken: 24 * HOUR,
      Session: 24 * HOUR,
    },
  };
}

const logout = {
  rpInitiatedLogout: {
    enabled: true,
    logoutSource: html(signOutPage),
    postLogoutSuccessSource: html(signedOutPage),
  },
  backchannelLogout: { enabled: true },
};

function finish(provider, accounts) {
  provider.use(interactions(provider, accounts));
  provider.on('server_error', (ctx, error) => console.error('server_error', error));
  for (const event of ['authorization.error', 'grant.error', 'userinfo.error', 'end_session.error', 'backchannel.error']) {
    provider.on(event, (ctx, error) => console.error(event, error.message, error.error_description ?? '', error.error_detail ?? ''));
  }
  return provider;
}

/** RFC 9207, PAR, signed userinfo, introspection, revocation, every signature algorithm. */
export function standardProvider(issuer, state) {
  return finish(new Provider(issuer, {
    ...base({ ...state, prefix: '', cookies: '_op' }),
    scopes: ['openid', 'offline_access', 'profile', 'email', 'groups'],
    responseTypes: ['code', 'id_token', 'id_token token', 'code id_token', 'code id_token token'],
    enabledJWA: {
      idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519', 'HS256'],
      userinfoSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519', 'HS256'],
    },
    features: {
      ...logout,
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      jwtUserinfo: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      revocation: { enabled: true },
    },
  }), state.accounts);
}

// The library always speaks RFC 9207. OneLogin does not, so `iss` is taken out of what leaves.
async function withoutIssParameter(ctx, next) {
  await next();
  const location = ctx.response.get('location');
  if (location) ctx.response.set('location', location.replace(/([?&#])iss=[^&#]*&?/, '$1').replace(/[?&#]$/, ''));
  if (typeof ctx.body === 'string') {
    ctx.body = ctx.body.replace(/<input type="hidden" name="iss" value="[^"]*"\/>/, '');
  } else if (ctx.path === '/.well-known/openid-configuration') {
    delete ctx.body.authorization_response_iss_parameter_supported;
  }
}

/** `https://<subdomain>.onelogin.com/oidc/2`: RS256 only, no RFC 9207, its own endpoint names. */
export function oneLoginProvider(issuer, state) {
  const provider = new Provider(issuer, {
    ...base({ ...state, prefix: new URL(issuer).pathname, cookies: '_ol' }),
    claims: { ...claims, name: ['name'] },
    scopes: ['openid', 'offline_access', 'name', 'profile', 'groups', 'email', 'phone'],
    responseTypes: ['code', 'id_token', 'id_token token'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    routes: { authorization: '/auth', token: '/token', userinfo: '/me', jwks: '/certs', end_session: '/logout' },
    features: {
      ...logout,
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      introspection: { enabled: true },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      revocation: { enabled: true },
    },
  });
  provider.use(withoutIssParameter);
  return finish(provider, state.accounts);
}
