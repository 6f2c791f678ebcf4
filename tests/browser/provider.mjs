// A provider of identities on this machine: panva's certified oidc-provider with its own sign-in pages.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

/** A key of its own at each start, so that a new start is a provider that changed its keys. */
function key() {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: randomUUID() };
}

/** A running provider: `issuer`, `stop()`. Whoever signs in is whom they say they are, by any password. */
export async function startProvider({ port, back, secret }) {
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: "shirube", client_secret: secret, redirect_uris: [back], id_token_signed_response_alg: "ES256" }],
    jwks: { keys: [key()] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    // A client that does without is refused.
    pkce: { required: () => true },
    cookies: { keys: ["only for this test"] },
  });
  const server = createServer(provider.callback()).listen(port, "127.0.0.1");
  await new Promise((done, failed) => server.once("listening", done).once("error", failed));
  const stop = () =>
    new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
    });
  return { issuer, stop };
}
