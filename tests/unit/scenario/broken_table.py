"""Broken scenarios, and what must be said about each: the table that several tests go through."""

from tests.unit.scenario.broken_dns import DNS
from tests.unit.scenario.broken_load import CONTROL, LOAD
from tests.unit.scenario.broken_row import HEAD, NEW, OLD, TOP, Row
from tests.unit.scenario.broken_security import CREDENTIALS, SECURITY


def case(text: str) -> str:
    """Return a scenario whose case has `text` (from line 6, column 5 on)."""
    return TOP + "cases:\n" + "  - " + text.replace("\n", "\n    ")


def step(text: str) -> str:
    """Return a scenario whose case has steps; the second one is `text` (line 9, column 9)."""
    first = "      - {request: POST /o, json: {}, capture: {id: $.id}}\n"
    return TOP + "cases:\n  - name: a\n    steps:\n" + first + "      - " + text + "\n    unsafe: run\n"


# fmt: off
SYNTAX = [
    Row("empty file", "", 1, 1, "the file is empty", "version: 1"),
    Row("only a comment", "# nothing\n", 1, 1, "the file is empty"),
    Row("a list", "- a\n- b\n", 1, 1, "expected a mapping of sections, got a list", schema=True),
    Row("a single text", "hello\n", 1, 1, "got a single text", schema=True),
    Row("two documents", HEAD + "---\nversion: 1\n", 7, 1, "a second document in one file", "remove `---`"),
    Row("tab as indentation", "version: 1\nold:\n\tkind: generic\n", 3, 1, "not YAML", "not with tabs"),
    Row("unclosed brace", HEAD + "limits: {rate: 5\n", 7, 9, "not YAML", "close every {"),
    Row("unclosed quote", HEAD + 'environment: "x\n', 7, 14, "not YAML"),
    Row("percent sign", HEAD + "environment: %5\n", 7, 14, "not YAML", 'quote it: "%5"'),
    Row("greater-than sign", HEAD + "environment: > 5% for 2m\n", 7, 14, "not YAML", 'quote it: "> 5% for 2m"'),
    Row("at sign", HEAD + "environment: @home\n", 7, 14, "not YAML", 'quote it: "@home"'),
    Row("backtick", HEAD + "environment: `x`\n", 7, 14, "not YAML", 'quote it: "`x`"'),
    Row("mark in a flow mapping", case("{name: a, request: GET /o/${id}}\n"), 6, 32, "not YAML", "quote a text that holds ${"),
    Row("colon in a text", HEAD + "environment: a: b\n", 7, 15, "not YAML", "quote the value if it holds `: `"),
    Row("bad escape", HEAD + 'environment: "\\q"\n', 7, 15, "not YAML", "single quotes"),
    Row("undefined alias", HEAD + "environment: *\n".replace("*", "*nowhere"), 7, 14, "undefined alias", "quoted"),
    Row("control character", HEAD + "environment: a\x07b\n", 7, 15, "control character U+0007", "remove it"),
    Row("tag", HEAD + "environment: !secret x\n", 7, 14, "tags ('!secret')", "remove it"),
    Row("tag on a mapping", HEAD + "limits: !x {rate: 5}\n", 7, 9, "tags ('!x')"),
    Row("list as key", HEAD + "? [a, b]\n: 1\n", 7, 3, "expected a text as key, got a list"),
    Row("anchor that holds itself", HEAD + "limits: &x {rate: *x}\n", 7, 9, "this anchor holds itself", "remove the alias"),
    Row("double key", HEAD + "name: again\n", 7, 1, "'name' is there twice; first on line 2", "keep one of them"),
    Row("double key below", HEAD + "limits:\n  rate: 1\n  rate: 2\n", 9, 3, "'rate' is there twice; first on line 8"),
    Row("merge key without a mapping", HEAD + "limits: {<<: 5}\n", 7, 14, "<< takes mappings, got '5'", "&name", schema=True),
]

TOP_LEVEL = [
    Row("no version", HEAD.removeprefix("version: 1\n"), 1, 1, "missing key 'version'", schema=True),
    Row("other version", HEAD.replace("version: 1", "version: 2"), 1, 10, "version 1, got '2'", "write version: 1", schema=True),
    Row("no name", HEAD.replace("name: t\n", ""), 1, 1, "missing key 'name'", schema=True),
    Row("no old", HEAD.replace(OLD, ""), 1, 1, "missing key 'old'", "serves today", schema=True),
    Row("no new", HEAD.replace(NEW, ""), 1, 1, "missing key 'new'", "take over", schema=True),
    Row("no cases", TOP, 1, 1, "missing key 'cases'", schema=True),
    Row("unknown section", HEAD + "limit: {rate: 5}\n", 7, 1, "unknown key 'limit'", "did you mean 'limits'?", schema=True),
    Row("unknown key, nothing near", HEAD + "zzz: 5\n", 7, 1, "unknown key 'zzz'", "known here: ", schema=True),
    Row("old is a text", HEAD.replace(OLD, "old: http://x\n"), 3, 6, "expected a mapping with kind, url", schema=True),
    Row("old is nothing", HEAD.replace(OLD, "old:\n"), 3, 5, "got nothing", schema=True),
    Row("cases is a mapping", TOP + "cases: {a: 1}\n", 5, 8, "expected a list, got a mapping", schema=True),
    Row("cases is empty", TOP + "cases: []\n", 5, 8, "an empty suite proves nothing", schema=True),
    Row("environment is a number", HEAD + "environment: 007\n", 7, 14, "YAML reads 007 as a number", 'quote it: "007"', schema=True),
    Row("environment is sexagesimal", HEAD + "environment: 12:30:45\n", 7, 14, "as a number", 'quote it: "12:30:45"'),
    Row("environment is a word", HEAD + "environment: off\n", 7, 14, "true or false in older YAML", 'quote it: "off"'),
    Row("name is null", HEAD.replace("name: t", "name: ~"), 2, 7, "got nothing", "remove the key", schema=True),
    *(
        Row(f"section {name}", HEAD + f"{name}: {{}}\n", 7, len(name) + 3, f"'{name}' is not yet supported", "remove it", schema=True)
        for name in ("scope", "replay", "rollback")
    ),
]

GATEWAYS = [
    Row("no kind", HEAD.replace('{kind: generic, url: "http://127.0.0.1:1"}', '{url: "http://x"}'), 3, 6, "missing key 'kind'", schema=True),
    Row("unknown kind", HEAD.replace("kind: generic", "kind: azure-apin", 1), 3, 13, "'azure-apin' is no kind", "did you mean 'azure-apim'?", schema=True),
    Row("kind for later", HEAD.replace("kind: generic", "kind: wso2", 1), 3, 13, "'wso2' are not yet supported", "known now"),
    Row("websocket for later", HEAD.replace("kind: generic", "kind: aws-websocket", 1), 3, 13, "'aws-websocket' are not yet supported"),
    Row("url without scheme", HEAD.replace("http://127.0.0.1:1", "example.com/x"), 3, 27, "no http or https URL", "such as https://", schema=True),
    Row("url of another scheme", HEAD.replace("http://127.0.0.1:1", "file:///etc/passwd"), 3, 27, "no http or https URL", schema=True),
    Row("url with query", HEAD.replace("127.0.0.1:1", "x/y?a=1"), 3, 27, "a query or fragment in the URL", "a case's own path"),
    Row("url with user", HEAD.replace("127.0.0.1:1", "u:p@x"), 3, 27, "a user in the URL", "credentials"),
    Row("url with bad port", HEAD.replace("127.0.0.1:1", "x:99999"), 3, 27, "is no URL"),
    Row("url with a blank", HEAD.replace("127.0.0.1:1", "x/a b"), 3, 27, "holds a blank", "percent-encode"),
    Row("connect_to is a url", HEAD.replace("generic,", "generic, connect_to: https://h:1,", 1), 3, 34, "no host:port", "leave the scheme"),
    Row("connect_to without port", HEAD.replace("generic,", "generic, connect_to: h,", 1), 3, 34, "no host:port", "such as"),
    Row("no ca_file", HEAD.replace("generic,", "generic, ca_file: no.pem,", 1), 3, 31, "no file 'no.pem'", "looked for"),
    Row("http 3", HEAD.replace("generic,", "generic, http: 3,", 1), 3, 28, "'3' is no HTTP version", "1.1 or 2", schema=True),
    Row("proxy without scheme", HEAD.replace("generic,", "generic, proxy: h,", 1), 3, 29, "a proxy is a URL", "socks5h://"),
    Row("path without slash", HEAD + "paths:\n  - {match: orders, new: /x}\n", 8, 13, "'orders' is no path", "begins with /"),
    Row("path wildcards", HEAD + "paths:\n  - {match: /a/**, new: /x}\n", 8, 25, "'new' has 0 wildcards, 'match' has 1"),
]

BOUNDS = [
    Row("rate of 0", HEAD + "limits: {rate: 0}\n", 7, 16, "a rate of 0 sends nothing"),
    Row("rate in words", HEAD + "limits: {rate: fast}\n", 7, 16, "'fast' is no rate", "20/s", schema=True),
    Row("timeout without unit", HEAD + "limits: {timeout: 35}\n", 7, 19, "'35' is no duration", "35s", schema=True),
    Row("body in words", HEAD + "limits: {body: 10 MegaByte}\n", 7, 16, "is no size", "10MB", schema=True),
    Row("concurrency of 0", HEAD + "limits: {concurrency: 0}\n", 7, 23, "a whole number from 1", schema=True),
    Row("octal", HEAD + "limits: {concurrency: 010}\n", 7, 23, "got '010'", "octal"),
    Row("bodies kept", HEAD + "evidence: {bodies: differring}\n", 7, 20, "got 'differring'", "did you mean 'differing'?", schema=True),
    Row("redact no path", HEAD + "evidence: {redact: [ssn]}\n", 7, 21, "begins with $", "write '$.ssn'", schema=True),
    Row("redact with a filter", HEAD + 'evidence: {redact: ["$[?@.a]"]}\n', 7, 21, "filters are not supported", "by place"),
    Row("redact from the end", HEAD + 'evidence: {redact: ["$[-1]"]}\n', 7, 21, "negative index", "count from the start"),
]

CALLERS = [
    Row("env not set", HEAD + 'credentials: {p: {both: {bearer: "${env:NOPE}"}}}\n', 7, 34, "'NOPE' is not set", "export NOPE="),
    Row("env empty", HEAD + 'credentials: {p: {both: {bearer: "${env:EMPTY}"}}}\n', 7, 34, "'EMPTY' is empty"),
    Row("no file for a secret", HEAD + 'credentials: {p: {both: {bearer: "${file:no.txt}"}}}\n', 7, 34, "'no.txt' cannot be read"),
    Row("unknown kind of credential", HEAD + "credentials: {p: {both: {headers: {a: b}}}}\n", 7, 26, "unknown key 'headers'", "'header'", schema=True),
    Row("one side alone", HEAD + "credentials: {p: {old: {bearer: x}}}\n", 7, 18, "how 'new' recognises", "`new: {}`"),
    Row("basic without password", HEAD + "credentials: {p: {both: {basic: {user: u}}}}\n", 7, 33, "missing key 'password'", schema=True),
    Row("key that is a number", HEAD + "credentials: {p: {both: {header: {x-api-key: 12345}}}}\n", 7, 46, "YAML reads … as a number", "quote it", schema=True),
    Row("two kinds of Authorization", HEAD + "credentials: {p: {both: {bearer: t, basic: {user: u, password: p}}}}\n", 7, 44, "bearer and basic both set Authorization"),
    Row("unknown caller", case("{name: a, request: GET /a, as: prtner}\ncredentials: {partner: {both: {}}}\n").replace( "    credentials", "credentials" ), 6, 36, "no caller 'prtner'", "did you mean 'partner'?"),
    Row("caller without credentials", case("{name: a, request: GET /a, as: partner}\n"), 6, 36, "no caller 'partner'", "add `credentials:"),
]

COMPARE = [
    Row("rule with two kinds", HEAD + "compare: {body: [{at: $.a, format: uuid, tolerance: 1}]}\n", 7, 53, "both 'format' and 'tolerance'", "two rules"),
    Row("rule with no kind", HEAD + "compare: {body: [{at: $.a}]}\n", 7, 18, "expected one of unordered", schema=True),
    Row("ignore without a reason", HEAD + "compare: {body: [{at: $.a, ignore: true}]}\n", 7, 36, "ignore needs a reason", "because"),
    Row("ignore false", HEAD + "compare: {body: [{at: $.a, ignore: false}]}\n", 7, 36, "ignore can only be true", schema=True),
    Row("unknown format", HEAD + "compare: {body: [{at: $.a, format: datetime}]}\n", 7, 36, "got 'datetime'", "did you mean 'date-time'?", schema=True),
    Row("tolerance in words", HEAD + "compare: {body: [{at: $.a, tolerance: 5%}]}\n", 7, 39, "'5%' is no tolerance"),
    Row("strict yes", HEAD + "compare: {strict: yes}\n", 7, 19, "expected true or false, got 'yes'", "write true or false"),
    Row("ignored header", HEAD + "compare: {headers: {ignore: ['x y']}}\n", 7, 30, "'x y' is no header name"),
    Row("waiver of no case", HEAD + "waivers:\n  - {case: b, at: status, owner: o, until: 2030-01-01, because: x}\n", 8, 12, "no case is called 'b'", "known here: a"),
    Row("waiver without end", HEAD + "waivers:\n  - {at: status, owner: o, because: x}\n", 8, 5, "missing key 'until'", schema=True),
    Row("waiver with a wrong date", HEAD + "waivers:\n  - {at: status, owner: o, until: 2030-02-30, because: x}\n", 8, 35, "'2030-02-30' is no date", "YYYY-MM-DD"),
    Row("waiver at no place", HEAD + "waivers:\n  - {at: headers:etag, owner: o, until: 2030-01-01, because: x}\n", 8, 10, "'headers:etag' is no place", "did you mean 'header:'?"),
    Row("waiver of no operation", HEAD + "waivers:\n  - {operation: GET /b, at: status, owner: o, until: 2030-01-01, because: x}\n", 8, 17, "no case has the operation 'GET /b'", "did you mean 'GET /a'?"),
    Row("gate without a section", HEAD + "gates: {require: [parity, load]}\n", 7, 27, "'load' is required, but there is no `load` section"),
    Row("unknown suite", HEAD + "gates: {require: [paritty]}\n", 7, 19, "got 'paritty'", "did you mean 'parity'?", schema=True),
    Row("nothing required", HEAD + "gates: {require: []}\n", 7, 18, "an empty gate proves nothing", schema=True),
    Row("coverage", HEAD + "gates: {coverage: {}}\n", 7, 19, "'gates.coverage' is not yet supported", schema=True),
    Row("manual gate done true", HEAD + "gates: {manual: [{what: w, owner: o, done: true}]}\n", 7, 44, "not true", "YYYY-MM-DD", schema=True),
]

CASES = [
    Row("case without a name", case("{request: GET /a}\n"), 6, 5, "missing key 'name'", schema=True),
    Row("case without a request", case("{name: a}\n"), 6, 5, "expected one of request, steps", schema=True),
    Row("name that is a number", case("{name: 404, request: GET /a}\n"), 6, 12, "YAML reads 404 as a number", "quote it", schema=True),
    Row("double name", HEAD + "  - {name: a, request: GET /b}\n", 7, 12, "two cases are called 'a'", ":6; rename"),
    Row("secret in a name", case('{name: "a ${env:SET}", request: GET /a}\n'), 6, 12, "makes a secret", "shown in reports"),
    Row("request without a method", case("{name: a, request: /a}\n"), 6, 24, "'/a' is no request", "METHOD /path", schema=True),
    Row("request in small letters", case("{name: a, request: get /a}\n"), 6, 24, "methods are written in capitals", "write GET"),
    Row("request with a host", case("{name: a, request: 'GET http://h/a'}\n"), 6, 24, "a target is a path", "leave scheme and host out", schema=True),
    Row("request with a blank", case("{name: a, request: GET /a b}\n"), 6, 24, "a space in the target", "%20", schema=True),
    Row("request with two blanks", case("{name: a, request: GET  /a}\n"), 6, 24, "is no target", "one space", schema=True),
    Row("request beyond ASCII", case("{name: a, request: GET /é}\n"), 6, 24, "U+00E9 in the target", "%C3%A9", schema=True),
    Row("request with a line break", case('{name: a, request: "GET /a\\nX: y"}\n'), 6, 24, "LF in the target", "%0A"),
    Row("request of a tunnel", case("{name: a, request: CONNECT /a}\n"), 6, 24, "asks a proxy for a tunnel"),
    Row("request with a fragment", case("{name: a, request: GET /a#b}\n"), 6, 24, "'#' in the target", "%23", schema=True),
    Row("secret spoils the request", case('{name: a, request: "GET /${env:SPACED}"}\n'), 6, 24, "got another text from GET /${env:SPACED}"),
    Row("comma in a flow mapping", case("{name: a, request: GET /o?x=1, y=2}\n"), 6, 36, "unknown key 'y=2'", "quote that text"),
    Row("unknown key of a case", case("{name: a, request: GET /a, expects: {status: 200}}\n"), 6, 32, "unknown key 'expects'", "did you mean 'expect'?", schema=True),
    Row("header that is a number", case("{name: a, request: GET /a, headers: {X-Id: 5}}\n"), 6, 48, "YAML reads … as a number", "quote it", schema=True),
    Row("header name with a blank", case("{name: a, request: GET /a, headers: {X Id: a}}\n"), 6, 42, "'X Id' is no header name"),
    Row("header with a line break", case('{name: a, request: GET /a, headers: {X: "a\\r\\nb: c"}}\n'), 6, 45, "CR in a header's value", "one line"),
    Row("header twice", case("{name: a, request: GET /a, headers: {X: a, x: b}}\n"), 6, 41, "the header 'x' is there twice", "x: [one, two]"),
    Row("two bodies", case("{name: a, request: POST /a, unsafe: run, json: {}, body: x}\n"), 6, 62, "both 'json' and 'body'", "keep one"),
    Row("body is a mapping", case("{name: a, request: POST /a, unsafe: run, body: {a: 1}}\n"), 6, 52, "expected a text, got a mapping", "`json:`", schema=True),
    Row("no body file", case("{name: a, request: POST /a, unsafe: run, body_file: no.bin}\n"), 6, 57, "'no.bin' cannot be read", "looked for"),
    Row("json with an ambiguous word", case("{name: a, request: POST /a, unsafe: run, json: {country: no}}\n"), 6, 62, "no is true or false in older YAML", 'quote it: "no"'),
    Row("json with an octal", case("{name: a, request: POST /a, unsafe: run, json: [010]}\n"), 6, 53, "010 is a number to some", "quote it"),
    Row("status of 600", case("{name: a, request: GET /a, expect: {status: 600}}\n"), 6, 49, "'600' is no status", "2xx", schema=True),
    Row("status in a list", case("{name: a, request: GET /a, expect: {status: [200, ok]}}\n"), 6, 55, "'ok' is no status", schema=True),
    Row("max_time without unit", case("{name: a, request: GET /a, expect: {max_time: 2}}\n"), 6, 51, "'2' is no duration", "500ms", schema=True),
    Row("side without a reason", case("{name: a, request: GET /a, expect: {new: {status: 401}}}\n"), 6, 46, "needs a reason", "because"),
    Row("empty expectation", case("{name: a, request: GET /a, expect: {}}\n"), 6, 40, "expected one of status", schema=True),
    Row("repeat 0", case("{name: a, request: GET /a, repeat: 0}\n"), 6, 40, "a whole number from 1", schema=True),
    Row("repeat 1.5", case("{name: a, request: GET /a, repeat: 1.5}\n"), 6, 40, "got '1.5'", schema=True),
    Row("retries of an unsafe method", case("{name: a, request: POST /a, unsafe: run, retries: 2}\n"), 6, 55, "unsafe method POST", "twice"),
    Row("unsafe on a safe case", case("{name: a, request: GET /a, unsafe: run}\n"), 6, 40, "methods are all safe", "remove it"),
    Row("skip without a reason", case("{name: a, request: POST /a, unsafe: skip}\n"), 6, 41, "needs a reason", "because"),
    Row("reason of nothing", case("{name: a, request: GET /a, because: x}\n"), 6, 41, "'because' gives the reason", "within `expect:`"),
    Row("steps and request", case("name: a\nrequest: GET /a\nsteps: [{request: GET /b}]\n"), 7, 14, "both 'request' and 'steps'"),
    Row("no steps", case("{name: a, steps: []}\n"), 6, 22, "without steps proves nothing", schema=True),
    Row("body beside steps", case("name: a\nbody: x\nsteps: [{request: GET /b}]\n"), 7, 11, "'body' stands beside 'steps'"),
    Row("capture outside steps", case("{name: a, request: GET /a, capture: {id: $.id}}\n"), 6, 41, "'capture' belongs to a step", "`steps:`", schema=True),
    Row("capture without steps", case('{name: a, request: "GET /a/${id}"}\n'), 6, 24, "no step captures '${id}'", "capture: {id"),
    Row("unknown capture", step('{request: "GET /o/${ID}"}'), 9, 19, "no step captures '${ID}'", "did you mean 'id'?"),
    Row("capture of later", step('{request: "GET /o/${x}", capture: {x: $.x}}'), 9, 19, "captured later than it is used"),
    Row("capture of the other side", step('{request: GET /o, side: old, capture: {x: $.x}}\n      - {request: "GET /${x}"}'), 10, 19, "captured on old alone", "captured_from: old"),
    Row("capture of many", step("{request: GET /o, capture: {x: '$.a[*]'}}"), 9, 40, "may select more than one value"),
    Row("capture of nothing", step("{request: GET /o, capture: {x: {secret: true}}}"), 9, 40, "expected one of at, header", schema=True),
    Row("side of neither", step("{request: GET /o, side: left}"), 9, 33, "got 'left'", "old", schema=True),
]

MARKS = [
    Row("unknown var", HEAD + 'vars: {stage: x}\nenvironment: "${var:stge}"\n', 8, 14, "unknown var 'stge'", "did you mean 'stage'?"),
    Row("no vars", HEAD + 'environment: "${var:x}"\n', 7, 14, "unknown var 'x'", "--set x="),
    Row("unknown kind of mark", HEAD + 'environment: "${vars:x}"\n', 7, 14, "'${vars:…}' is not known", "did you mean 'var'?"),
    Row("mark not closed", HEAD + 'environment: "${var:x"\n', 7, 14, "is not closed", "$${"),
    Row("capture where none can be", HEAD + 'environment: "${id}"\n', 7, 14, "'${id}' cannot be used here", "requests alone"),
    Row("var of itself", HEAD + 'vars: {a: "${var:b}", b: "${var:a}"}\nenvironment: "${var:a}"\n', 7, 26, "made of itself"),
    Row("var that is a list", HEAD + "vars: {a: [1]}\n", 7, 11, "expected a text or a number, got a list", schema=True),
    Row("secret var in a name", 'vars: {s: "${env:SET}"}\n' + HEAD.replace("name: t", 'name: "${var:s}"'), 3, 7, "the var 's' holds a secret"),
    Row("include of nothing", HEAD + "include:\n  - a.yaml\n", 8, 5, "the file 'a.yaml' cannot be read", "looked for"),
    Row("include is a text", HEAD + "include: a.yaml\n", 7, 10, "expected a list", schema=True),
]

# fmt: on
ROWS = (
    SYNTAX
    + TOP_LEVEL
    + GATEWAYS
    + BOUNDS
    + CALLERS
    + CREDENTIALS
    + SECURITY
    + LOAD
    + CONTROL
    + DNS
    + COMPARE
    + CASES
    + MARKS
)
