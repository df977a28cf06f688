"""Broken credentials and broken `security` sections: the rows of the table that concern keys, tokens and doors."""

from tests.unit.scenario.broken_row import HEAD, Row, pointed

CALLERS = "credentials: {partner: {both: {bearer: t}}, clerk: {both: {}}}\n"
OAUTH2 = "token_url: 'https://h/t', client_id: c, client_secret: s"
ENTRA = "client_id: c, client_secret: s"
COGNITO = "client: c, user: u, password: p"


def cred(name: str, text: str, message: str, hint: str = "", *, schema: bool = False, files: str = "") -> Row:
    """Return a row whose caller has `text` on both sides; § marks the place."""
    return pointed(
        name, HEAD + "credentials:\n  p:\n    both: {" + text + "}\n", message, hint, schema=schema, files=files
    )


def jwt(name: str, text: str, message: str, hint: str = "", *, schema: bool = False, files: str = "") -> Row:
    """Return a row with a `jwt`; claims are {} unless the text has some."""
    claims = "" if "claims" in text else ", claims: {}"
    return cred(f"jwt: {name}", f"jwt: {{{text}{claims}}}", message, hint, schema=schema, files=files)


def cert(name: str, text: str, message: str, hint: str = "", *, schema: bool = False, files: str = "") -> Row:
    """Return a row with a `client_cert`."""
    return cred(f"client_cert: {name}", f"client_cert: {{{text}}}", message, hint, schema=schema, files=files)


def sec(name: str, text: str, message: str, hint: str = "", *, schema: bool = False, files: str = "") -> Row:
    """Return a row with a `security` section and two callers."""
    text = HEAD + CALLERS + "security:\n  " + text + "\n"
    return pointed(f"security: {name}", text, message, hint, schema=schema, files=files)


# fmt: off
CREDENTIALS = [
    cred("oauth2 without a secret", "oauth2: §{token_url: 'https://h/t', client_id: c}", "missing key 'client_secret'", "${env:", schema=True),
    cred("oauth2 without a client", "oauth2: §{token_url: 'https://h/t', client_secret: s}", "missing key 'client_id'", schema=True),
    cred("oauth2 without an endpoint", "oauth2: §{client_id: c, client_secret: s}", "missing key 'token_url'", "token endpoint", schema=True),
    cred("oauth2 over http", "oauth2: {token_url: §'http://login.example.com/t', client_id: c, client_secret: s}", "sent over http, in the clear", "write https"),
    cred("oauth2 of no url", "oauth2: {token_url: §login.example.com, client_id: c, client_secret: s}", "no http or https URL", schema=True),
    cred("oauth2 with a user in the url", "oauth2: {token_url: §'https://u:p@h/t', client_id: c, client_secret: s}", "a user in the URL"),
    cred("oauth2 with a blank in the query", "oauth2: {token_url: §'https://h/t?a=b c', client_id: c, client_secret: s}", "a blank or a character beyond ASCII", "percent-encode"),
    cred("oauth2 with a fragment", "oauth2: {token_url: §'https://h/t#x', client_id: c, client_secret: s}", "a query or fragment"),
    cred("oauth2 secret that is a number", "oauth2: {token_url: 'https://h/t', client_id: c, client_secret: §1234}", "YAML reads … as a number", "quote it", schema=True),
    cred("oauth2 secret that is not set", 'oauth2: {token_url: "https://h/t", client_id: c, client_secret: §"${env:NOPE}"}', "'NOPE' is not set", "export NOPE="),
    cred("oauth2 secret elsewhere", f"oauth2: {{{OAUTH2}, secret_in: §query}}", "expected one of header, body, got 'query'", schema=True),
    cred("oauth2 grant", f"oauth2: {{{OAUTH2}, parameters: {{§grant_type: password}}}}", "always client_credentials", "leave it out"),
    cred("oauth2 parameter with its own key", f"oauth2: {{{OAUTH2}, parameters: {{§scope: x}}}}", "'scope' has a key of its own", "beside `parameters`"),
    cred("oauth2 without its authority", f"oauth2: {{{OAUTH2}, ca_file: §no.pem}}", "no file 'no.pem'", "looked for"),
    cred("oauth2 misspelt", f"oauth2: {{{OAUTH2}, §scopes: x}}", "unknown key 'scopes'", "did you mean 'scope'?", schema=True),
    cred("oauth2 is a text", "oauth2: §'https://h/t'", "expected a mapping with token_url", schema=True),
    cred("entra without a tenant", f"entra: §{{{ENTRA}, scope: x/.default}}", "missing key 'tenant'", schema=True),
    cred("entra without a scope", f"entra: §{{{ENTRA}, tenant: contoso.com}}", "missing key 'scope'", "/.default", schema=True),
    cred("entra with a permission as scope", f"entra: {{{ENTRA}, tenant: contoso.com, scope: §'api://orders/read'}}", "ends with /.default", "api://orders/.default"),
    cred("entra with two scopes", f"entra: {{{ENTRA}, tenant: contoso.com, scope: §'a/.default b/.default'}}", "one scope"),
    cred("entra of all tenants", f"entra: {{{ENTRA}, tenant: §common, scope: x/.default}}", "'common' is no tenant of its own", "directory's id"),
    cred("entra tenant with a path", f"entra: {{{ENTRA}, tenant: §a/b, scope: x/.default}}", "'a/b' is no tenant"),
    cred("entra elsewhere over http", f"entra: {{{ENTRA}, tenant: t, scope: x/.default, authority: §'http://login.example.com'}}", "in the clear"),
    cred("jwt: no key", "jwt: §{claims: {}}", "expected one of key, key_file", "signed with", schema=True),
    cred("jwt: no claims", "jwt: §{key: s, algorithm: HS256}", "missing key 'claims'", schema=True),
    jwt("two keys", "key: s, key_file: §ec.key", "both 'key' and 'key_file'", "keep one", files="ec.key"),
    jwt("no file", "key_file: §no.key", "the file 'no.key' cannot be read", "looked for"),
    jwt("a folder", "key_file: §.", "the file '.' cannot be read"),
    jwt("empty file", "key_file: §empty.pem", "the file 'empty.pem' is empty", "it is ", files="empty.pem"),
    jwt("encrypted key", "key_file: §locked.key", "the key is encrypted", "openssl pkey", files="locked.key"),
    jwt("encrypted key of old", "key_file: §old-locked.key", "the key is encrypted", "openssl pkey", files="old-locked.key"),
    jwt("damaged key", "key_file: §damaged.key", "its PEM is damaged", "openssl pkey", files="damaged.key"),
    jwt("public key", "key_file: §ec.pub", "this is a public key", "private key of a test issuer", files="ec.pub"),
    jwt("certificate", "key_file: §good.pem", "this is a certificate", "swapped", files="good.pem"),
    jwt("key that cannot sign", "key_file: §x.key", "no token can be signed with a key of this kind", "Ed25519", files="x.key"),
    jwt("secret without an algorithm", 'key: §"${env:SET}"', "nothing says that it is a shared secret", "algorithm: HS256"),
    jwt("secret for a signature", 'key: §"${env:SET}", algorithm: RS256', "RS256 signs with a private key in PEM", "BEGIN PRIVATE KEY"),
    jwt("secret in a file without an algorithm", "key_file: §secret.txt", "nothing says that it is a shared secret", files="secret.txt"),
    jwt("private key as a shared secret", "key_file: rsa.key, algorithm: §HS256", "HS256 does not fit this key", "RS256", files="rsa.key"),
    jwt("algorithm of another curve", "key_file: other.key, algorithm: §ES256", "ES256 does not fit this key", "ES384", files="other.key"),
    jwt("algorithm of another kind", "key_file: ed.key, algorithm: §RS256", "RS256 does not fit this key", "EdDSA", files="ed.key"),
    jwt("no algorithm", "key: s, algorithm: §none", "expected one of RS256", schema=True),
    jwt("key in a mark that is a certificate", 'key: §"${file:good.pem}"', "this is a certificate", files="good.pem"),
    jwt("claims in a list", "key: s, algorithm: HS256, claims: §[a]", "expected a mapping (claim: value), got a list", schema=True),
    jwt("expiry as a date", "key: s, algorithm: HS256, claims: {exp: §2030-01-01}", "exp is a number", "`lifetime`"),
    jwt("start as a text", "key: s, algorithm: HS256, claims: {nbf: §'5'}", "nbf is a number", schema=True),
    jwt("issued at true", "key: s, algorithm: HS256, claims: {iat: §true}", "iat is a number", schema=True),
    jwt("ambiguous claim", "key: s, algorithm: HS256, claims: {country: §no}", "true or false in older YAML", 'quote it: "no"'),
    jwt("capture in a claim", 'key: s, algorithm: HS256, claims: {sub: §"${id}"}', "'${id}' cannot be used here", "requests alone"),
    jwt("endless number", "key: s, algorithm: HS256, claims: §{n: 1e999}", "beyond what JSON readers take", "quote it"),
    jwt("alg among the headers", "key: s, algorithm: HS256, headers: {§alg: none}", "'alg' has a key of its own", "algorithm:"),
    jwt("lifetime and exp", "key: s, algorithm: HS256, lifetime: §5m, claims: {exp: 1}", "an 'exp' of their own", "keep one"),
    jwt("lifetime without unit", "key: s, algorithm: HS256, lifetime: §300", "'300' is no duration", "5", schema=True),
    cred("sigv4 without a region", "sigv4: §{}", "missing key 'region'", "eu-west-1", schema=True),
    cred("sigv4 in no region", "sigv4: {region: §westeurope}", "'westeurope' is no AWS region", "such as eu-west-1"),
    cred("sigv4 with half a pair", "sigv4: {region: eu-west-1, access_key: §AKIA}", "'access_key' without 'secret_key'", "in pairs"),
    cred("sigv4 with the other half", 'sigv4: {region: eu-west-1, secret_key: §"${env:SET}"}', "'secret_key' without 'access_key'", "in pairs"),
    cred("sigv4 session alone", 'sigv4: {region: eu-west-1, session_token: §"${env:SET}"}', "'session_token' without 'access_key'", "add access_key:"),
    cred("sigv4 temporary keys", "sigv4: {region: eu-west-1, access_key: §ASIAX, secret_key: s}", "without their session token", "session_token:"),
    cred("sigv4 profile and keys", "sigv4: {region: eu-west-1, profile: §p, access_key: a, secret_key: s}", "both a profile and keys", "keep one"),
    cred("sigv4 external id alone", "sigv4: {region: eu-west-1, external_id: §x}", "'external_id' without 'role'", "assumed"),
    cred("sigv4 sts alone", "sigv4: {region: eu-west-1, sts_url: §'https://sts'}", "'sts_url' without 'role'"),
    cred("sigv4 role by name", "sigv4: {region: eu-west-1, role: §migration}", "'migration' is no role", "arn:aws:iam::"),
    cred("sigv4 sts over http", "sigv4: {region: eu-west-1, role: 'arn:aws:iam::123456789012:role/m', sts_url: §'http://sts.example.com'}", "in the clear"),
    cred("sigv4 of no service", "sigv4: {region: eu-west-1, service: §'Execute API'}", "no service to sign for", "execute-api"),
    cred("cognito without a pool", f"cognito: §{{{COGNITO}}}", "missing key 'pool'", "eu-west-1_", schema=True),
    cred("cognito pool without its region", f"cognito: {{{COGNITO}, pool: §AbCdEf}}", "'AbCdEf' is no user pool", "eu-west-1_AbCdEf123"),
    cred("cognito in another region", f"cognito: {{{COGNITO}, pool: eu-west-1_A1, region: §eu-central-1}}", "is not in eu-central-1", "write eu-west-1"),
    cred("cognito token of another kind", f"cognito: {{{COGNITO}, pool: eu-west-1_A1, token: §refresh}}", "expected one of access, id", schema=True),
    cred("cognito without a password", "cognito: §{pool: eu-west-1_A1, client: c, user: u}", "missing key 'password'", schema=True),
    cred("cognito over http", f"cognito: {{{COGNITO}, pool: eu-west-1_A1, endpoint: §'http://example.com'}}", "in the clear"),
    cred("client_cert: no key", "client_cert: §{cert: good.pem}", "missing key 'key'", schema=True, files="good.pem"),
    cert("no file", "cert: §no.pem, key: ec.key", "the file 'no.pem' cannot be read", "looked for", files="ec.key"),
    cert("no key file", "cert: good.pem, key: §no.key", "the file 'no.key' cannot be read", "looked for", files="good.pem"),
    cert("empty", "cert: §empty.pem, key: ec.key", "the file 'empty.pem' is empty", files="empty.pem ec.key"),
    cert("a text", "cert: §text.pem, key: ec.key", "this is no certificate in PEM", "BEGIN CERTIFICATE", files="text.pem ec.key"),
    cert("swapped", "cert: §ec.key, key: good.pem", "this is a private key, not a certificate", "swapped", files="good.pem ec.key"),
    cert("certificate twice", "cert: good.pem, key: §good.pem", "this is a certificate, not a private key", "swapped", files="good.pem"),
    cert("damaged", "cert: §damaged.pem, key: ec.key", "its PEM is damaged", files="damaged.pem ec.key"),
    cert("key that is no PEM", "cert: good.pem, key: §text.pem", "the key is not PEM", "BEGIN PRIVATE KEY", files="good.pem text.pem"),
    cert("encrypted key", "cert: good.pem, key: §locked.key", "the key is encrypted", files="good.pem locked.key"),
    cert("key of another", "cert: good.pem, key: §other.key", "not the key of the certificate of 'CN=partner'", "made together", files="good.pem other.key"),
    cert("expired", "cert: §expired.pem, key: ec.key", "'CN=partner' expired on 2025-02-03 00:00 UTC", "proves nothing", files="expired.pem ec.key"),
    cert("not yet valid", "cert: §future.pem, key: ec.key", "is not valid before 2100-01-01 00:00 UTC", "valid now", files="future.pem ec.key"),
    cert("expired authority in its chain", "cert: §old-chain.pem, key: ec.key", "the certificate of 'CN=authority' expired on", files="old-chain.pem ec.key"),
    cert("expired, but how", "cert: expired.pem, key: ec.key, expired: §yes", "expected one of allowed, got 'yes'", schema=True, files="expired.pem ec.key"),
    cred("two tokens", "bearer: t, oauth2: §{token_url: 'https://h/t', client_id: c, client_secret: s}", "bearer and oauth2 both set Authorization", "keep one"),
    cred("signature and token", "sigv4: {region: eu-west-1}, bearer: §t", "sigv4 and bearer both set Authorization"),
    cred("header and token", "header: {authorization: Key x}, bearer: §t", "the header authorization and bearer both set Authorization"),
    pointed("token for both and for one", HEAD + "credentials: {p: {both: {bearer: t}, new: §{sigv4: {region: eu-west-1}}}}\n", "'both' and 'new' each give an Authorization", "keep one"),
    pointed("certificate for both and for one", HEAD + "credentials: {p: {both: {client_cert: {cert: good.pem, key: ec.key}}, old: §{client_cert: {cert: good.pem, key: ec.key}}}}\n", "each give a client certificate", files="good.pem ec.key"),
]

SECURITY = [
    sec("a text", "§full", "expected a mapping with operations", schema=True),
    sec("unknown key", "§operation: [GET /a]", "unknown key 'operation'", "did you mean 'operations'?", schema=True),
    sec("operations is a text", "operations: §GET /a", "expected a list", schema=True),
    sec("no operations", "operations: §[]", "expected at least one item", schema=True),
    sec("operation without a method", "operations: [§/orders]", "'/orders' is no operation", "METHOD /path"),
    sec("operation of no case", "operations: [GET /a, §GET /ordrs*]", "no operation of the cases is 'GET /ordrs*'", "known here: GET /a"),
    sec("nearly an operation", "operations: [§GET /A]", "no operation of the cases is 'GET /A'", "did you mean 'GET /a'?"),
    sec("identity of nobody", "identities: {disabled key: §partnr}", "no caller 'partnr' in `credentials`", "did you mean 'partner'?"),
    sec("identities is a list", "identities: §[partner]", "expected a mapping", schema=True),
    sec("column with a colon", 'identities: {§"key: old": partner}', "': ' in the name of a column", "`require`"),
    sec("credential within identities", "identities: {k: §{bearer: t}}", "expected a text, got a mapping", schema=True),
    sec("slip in a group", "require: [§caller]", "nothing in the security suite is called 'caller'", "did you mean 'callers'?"),
    sec("slip in a column", "require: [§expired tokens]", "called 'expired tokens'", "did you mean 'expired token'?"),
    sec("slip in a column of its own", "identities: {disabled key: clerk}\n  require: [§disable key]", "called 'disable key'", "did you mean 'disabled key'?"),
    sec("slip in a cell", 'require: [§"GET /a: expired tokn"]', "called 'GET /a: expired tokn'", "did you mean 'GET /a: expired token'?"),
    sec("slip in the row of a cell", 'require: [§"GET /A: expired token"]', "called 'GET /A: expired token'", "did you mean 'GET /a: expired token'?"),
    sec("require is a word", "require: §callers", "expected a list", schema=True),
    sec("change of nobody", "clients_change: {§prtner: told}", "no caller 'prtner' in `credentials`", "did you mean 'partner'?"),
    sec("change without a reason", 'clients_change: {partner: §""}', "expected a text, got an empty one", schema=True),
    sec("change of nothing", "clients_change: {partner: §}", "got nothing"),
    sec("change since a number", "clients_change: {partner: §2026}", "YAML reads 2026 as a number", "quote it", schema=True),
    sec("hostile yes", "hostile: §yes", "expected run or false, got 'yes'", "write run", schema=True),
    sec("hostile true", "hostile: §true", "expected run or false, got 'true'", "write run", schema=True),
    sec("hostile of nothing", "hostile:§", "expected run or false, got nothing", schema=True),
    sec("cors without origins", "cors: §{methods: [GET]}", "missing key 'origins'", "scheme://host", schema=True),
    sec("no origins", "cors: {origins: §[]}", "expected at least one item", schema=True),
    sec("origin with a path", "cors: {origins: [§'https://app.example.com/shop']}", "it has a path", "write https://app.example.com"),
    sec("origin with a slash", "cors: {origins: [§'https://app.example.com/']}", "it has a path", "write https://app.example.com"),
    sec("origin without scheme", "cors: {origins: [§app.example.com]}", "no http or https URL"),
    sec("origin in capitals", "cors: {origins: [§'https://App.example.com']}", "in small letters", "write https://app.example.com"),
    sec("any origin", "cors: {origins: [§'*']}", "'*' is no origin", "name the pages"),
    sec("null origin", 'cors: {origins: [§"null"]}', "the origin 'null' is always tried", "remove it"),
    sec("foreign and let in", "cors: {origins: ['https://a.example'], foreign: §'https://a.example'}", "both an origin that is let in and the foreign one"),
    sec("method in small letters", "cors: {origins: ['https://a.example'], methods: [§get]}", "written in capitals", "write GET"),
    sec("method with a blank", "cors: {origins: ['https://a.example'], methods: [§GET POST]}", "'GET POST' is no method"),
    sec("header with a colon", "cors: {origins: ['https://a.example'], headers: [§'a:']}", "'a:' is no header name"),
    sec("credentials in words", "cors: {origins: ['https://a.example'], credentials: §include}", "expected true or false", schema=True),
    sec("direct without scheme", "direct: §contoso.azure-api.net", "no http or https URL", schema=True),
    sec("direct with a query", "direct: [§'https://h/?x=1']", "a query or fragment"),
    sec("no direct", "direct: §[]", "expected at least one item", schema=True),
    sec("direct is a mapping", "direct: §{url: x}", "expected a URL, or a list of URLs, got a mapping", schema=True),
    sec("direct is the front door", "direct: §['http://127.0.0.1:3', 'http://127.0.0.1:2/']", "the new side's own url", "nobody but the firewall"),
    sec("backend is the old side", "backend: §'http://127.0.0.1:1'", "the old side's own url"),
    sec("backend is a number", "backend: §8443", "YAML reads 8443 as a number", schema=True),
    sec("closed without a port", "closed: [§10.0.0.5]", "is no host:port", schema=True),
    sec("closed is a url", "closed: [§'https://10.0.0.5:443']", "is no host:port", "leave the scheme"),
    sec("closed with a port too high", "closed: [§'10.0.0.5:70000']", "is no host:port"),
    sec("closed is a text", "closed: §'10.0.0.5:443'", "expected a list", schema=True),
    sec("limits of nobody", "limits: {§partnr: {rate: 10}}", "no caller 'partnr'", "did you mean 'partner'?"),
    sec("limits of nothing", "limits: {partner: §{}}", "expected one of rate, burst, quota", "plan allows", schema=True),
    sec("limits without a caller", "limits: §10/s", "expected a mapping", schema=True),
    sec("rate of 0", "limits: {partner: {rate: §0}}", "a rate of 0"),
    sec("rate per day", "limits: {partner: {rate: §10/day}}", "'10/day' is no rate", "300/m", schema=True),
    sec("burst of 0", "limits: {partner: {burst: §0}}", "a whole number from 1", schema=True),
    sec("burst of 1.5", "limits: {partner: {burst: §1.5}}", "got '1.5'", schema=True),
    sec("quota of 0", "limits: {partner: {quota: §0/day}}", "a quota of 0 lets nobody in", "`identities`"),
    sec("quota without time", "limits: {partner: {quota: §1000}}", "'1000' is no quota", "1000/day", schema=True),
    sec("quota per year", "limits: {partner: {quota: §1000/year}}", "'1000/year' is no quota", "known: s, m, minute"),
    sec("no public key", "public_key: §no.pem", "the file 'no.pem' cannot be read", "looked for"),
    sec("private key as public", "public_key: §ec.key", "this is a private key", "-pubout", files="ec.key"),
    sec("text as public key", "public_key: §text.pem", "no public key in this file", "JWKS", files="text.pem"),
    sec("JWKS without a key", "public_key: §no-keys.json", "no RSA or EC key for signing", files="no-keys.json"),
    sec("JWKS that is no JSON", "public_key: §broken.json", "this JWKS is no JSON", "jwks_uri", files="broken.json"),
    sec("JWKS with half a key", "public_key: §broken-key.json", "cannot be read", "whole", files="broken-key.json"),
    sec("authority without a key", "client_ca: §{cert: ca.pem}", "missing key 'key'", schema=True, files="ca.pem"),
    sec("authority that is none", "client_ca: {cert: §good.pem, key: ec.key}", "no authority's", "CA:TRUE", files="good.pem ec.key"),
    sec("authority that expired", "client_ca: {cert: §expired-ca.pem, key: other.key}", "'CN=authority' expired on", files="expired-ca.pem other.key"),
    sec("authority with another's key", "client_ca: {cert: ca.pem, key: §ec.key}", "not the key of the certificate of 'CN=authority'", files="ca.pem ec.key"),
    sec("plain text over https", "http: {old: §'https://a.example'}", "no plain-text address", "http://", schema=True),
    sec("plain text of neither", "http: {§both: 'http://a.example'}", "unknown key 'both'", schema=True),
    sec("secret in a reason", 'clients_change: {partner: §"${env:SET}"}', "makes a secret", "shown in reports"),
    pointed("security: callers without credentials", HEAD + "security: {limits: {§partner: {rate: 1}}}\n", "no caller 'partner'", "add `credentials:"),
    pointed("security: gate without it", HEAD + "gates: {require: [§security]}\n", "'security' is required, but there is no `security` section", "add `security:`"),
]
# fmt: on
