// SPDX-License-Identifier: Apache-2.0

/** Everything that the doctor can find, with whose it is and what to do about it. */
export type Problem = keyof typeof PROBLEMS;

/** Who can do something: whoever runs the host it was found at (`host`) or the one asked first (`home`). */
export type Owner = 'host' | 'home' | 'dns' | 'network' | 'tls' | 'client' | 'image';

export interface ProblemEntry {
  /** A pull fails of it, or only might some day, or is slow. */
  readonly severity: 'fails' | 'warns';
  readonly owner: Owner;
  readonly says: string;
  readonly advice: string;
}

const ASK_RESOLVER =
  'compare with another resolver (`dig HOST @1.1.1.1`); on a node see /etc/resolv.conf';

export const PROBLEMS = {
  'no-such-host': fails(
    'dns',
    'its name has no address',
    `check the spelling, then ${ASK_RESOLVER}`,
  ),
  'dns-failed': fails('dns', 'its name cannot be looked up', ASK_RESOLVER),
  refused: fails(
    'host',
    'nobody listens at its port',
    'check host and port; the server may be down',
  ),
  'connect-timeout': fails(
    'network',
    'no connection comes about',
    'let the firewall or network policy on the way allow this host and port',
  ),
  'no-route': fails(
    'network',
    'there is no route to it from here',
    'check routes, NAT and address family of this machine (--ipv4, --ipv6)',
  ),
  'connection-lost': fails(
    'network',
    'the connection breaks',
    'something on the way resets it: look for inspecting firewalls, proxies and the MTU',
  ),
  'tls-expired': fails(
    'tls',
    'its certificate has expired',
    'its operator must renew it; check the clock of this machine',
  ),
  'tls-name': fails(
    'tls',
    'its certificate is for another name',
    'something else answers in its place (a proxy, a wrong DNS record), or its operator must get one for this name',
  ),
  'tls-untrusted': fails(
    'tls',
    'its certificate comes from an issuer unknown here',
    'an inspecting proxy shows its own: install its root (here NODE_EXTRA_CA_CERTS); else its operator must send the whole chain',
  ),
  'tls-failed': fails(
    'tls',
    'TLS does not come about',
    'check that the port speaks TLS (--plain-http where it does not) and that no proxy is in between',
  ),
  'private-host': fails(
    'home',
    'a redirect or realm leads to a private address, where nothing was sent',
    'say --allow-private if that is meant; clients outside that network cannot pull',
  ),
  timeout: fails(
    'host',
    'it takes the request and does not answer in time',
    'try again; its operator has to look at its load',
  ),
  'bad-answer': fails(
    'host',
    'its answer is no valid HTTP or breaks off',
    'try again; a proxy on the way may cut answers',
  ),
  'bad-redirect': fails(
    'host',
    'it redirects to where no client may follow',
    'its operator must redirect to a plain https address',
  ),
  'redirect-loop': fails(
    'host',
    'redirects do not end',
    'its operator must look where its redirects lead',
  ),
  blocked: fails(
    'client',
    'a CDN or balancer refuses this address with a page of HTML (Docker: "invalid character \'<\'")',
    'registry and image are well: ask your network or hosting provider, try from another network, or pull through a mirror of your own',
  ),
  intercepted: fails(
    'client',
    'a page of HTML came instead of content',
    'a captive portal or proxy of this network answers in its place: log in there or let this host pass',
  ),
  'bucket-denied': fails(
    'host',
    'the object store refuses to give the object to anybody',
    'its operator must grant public reads, or copy the blob: without the right to list, absence looks like this too',
  ),
  denied: fails(
    'host',
    'it refuses access',
    'log in, or let its operator open the repository to anonymous pulls',
  ),
  'login-needed': fails(
    'image',
    'it gives this image to nobody who is not logged in',
    'check the name (an absent repository looks the same), then log in or have it opened to anonymous pulls',
  ),
  'no-challenge': fails(
    'host',
    'it answers 401 and does not say how to get in',
    'its operator must send WWW-Authenticate',
  ),
  'token-refused': fails(
    'host',
    'it gives out no anonymous token',
    'log in, or check that the repository exists and is public',
  ),
  'token-behind-redirect': fails(
    'home',
    'the front redirects to an upstream that wants a token, which clients get for the front only',
    "open the upstream's repository to requests without a token, or have the front deliver it as a proxy (`deliver: proxy`)",
  ),
  'no-api': fails('image', 'no registry answers there', 'check host and port: `/v2/` is absent'),
  'manifest-absent': fails(
    'image',
    'there is no such image',
    'check repository and tag, and whether it was pushed or deleted',
  ),
  'child-absent': fails(
    'host',
    'it does not hold a manifest that a tag or index promises',
    'its operator must copy the missing manifest there; until then pull from another upstream',
  ),
  'blob-absent': fails(
    'host',
    'it does not hold a blob of the image',
    'its operator must copy the blob there, or take the host out of routing: its copy is incomplete',
  ),
  'no-platform': fails(
    'image',
    'the index does not list this platform',
    'choose one that it lists, or build the image for it',
  ),
  'rate-limited': fails(
    'client',
    'this address has asked for too much',
    'wait, log in, or pull through a mirror of your own',
  ),
  'server-error': fails('host', 'it fails', 'try again; its operator has the cause in its log'),
  'unexpected-status': fails(
    'host',
    'it answers what the protocol does not know here',
    'check that it is a registry, and no proxy',
  ),
  'wrong-digest': fails(
    'host',
    'its bytes are not those of the digest',
    'its copy is damaged or tampered with: its operator must replace it; clients refuse it',
  ),
  'claimed-digest': fails(
    'host',
    'its Docker-Content-Digest is not the digest of its bytes',
    'its operator must correct the header: some clients refuse the image',
  ),
  'wrong-length': fails(
    'host',
    'it has the blob with another length',
    'its copy is cut off: its operator must replace it',
  ),
  malformed: fails('host', 'its document is malformed', 'the image has to be pushed again'),
  'head-refused': warns(
    'host',
    'it serves the blob, but not to HEAD',
    'clients that look before they pull fail: allow HEAD',
  ),
  'family-fails': warns(
    'network',
    'it can be reached by one address family only',
    'clients with only the other fail, others may wait: see --ipv4 and --ipv6, then firewall and DNS records',
  ),
  'tls-expires': warns(
    'tls',
    'its certificate expires soon',
    'its operator should look after its renewal',
  ),
  slow: warns('host', 'it is slow to answer', 'try again; compare from another network'),
} as const satisfies Readonly<Record<string, ProblemEntry>>;

function fails(owner: Owner, says: string, advice: string): ProblemEntry {
  return { severity: 'fails', owner, says, advice };
}

function warns(owner: Owner, says: string, advice: string): ProblemEntry {
  return { severity: 'warns', owner, says, advice };
}
