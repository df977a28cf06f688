"""Broken `load` and `control` sections: the rows of the table that concern load and monitoring."""

from tests.unit.scenario.broken_row import HEAD, TOP, Row, pointed

CALLERS = "credentials: {partner: {both: {bearer: t}}}\n"
CASES = """\
cases:
  - {name: list, request: GET /orders}
  - {name: one, request: GET /orders/1, operation: "GET /orders/{id}"}
  - {name: make, request: POST /orders, unsafe: run, json: {}}
  - {name: drop, request: DELETE /orders/1}
  - {name: agreed, request: PUT /orders/1, unsafe: skip, because: x}
  - {name: life, steps: [{request: GET /a, capture: {id: $.id}}, {request: "GET /a/${id}"}]}
  - {name: taken, steps: [{request: GET /a, capture: {id: $.id}}]}
  - {name: half, steps: [{request: GET /a, side: new}]}
"""
PROFILE = "profile: {rate: 50, for: 2m}"
API = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
RESOURCE = "/subscriptions/0-1/resourceGroups/rg/providers/Microsoft.ApiManagement/service/contoso"


def load(name: str, text: str, message: str, hint: str = "", *, schema: bool = False) -> Row:
    """Return a row with a `load` section, two callers and cases of all kinds; § marks the place."""
    if "profile:" not in text:
        text = f"{PROFILE}\n  {text}"
    whole = TOP + CASES + CALLERS + "load:\n  " + text + "\n"
    return pointed(f"load: {name}", whole, message, hint, schema=schema)


def profile(name: str, text: str, message: str, hint: str = "", *, schema: bool = False) -> Row:
    """Return a row with a load profile."""
    return load(f"profile: {name}", "profile: " + text, message, hint, schema=schema)


def threshold(name: str, text: str, message: str, hint: str = "", *, schema: bool = False) -> Row:
    """Return a row with a good threshold and the bad one of `text`."""
    whole = f"thresholds:\n    - p95 <= old * 1.2\n    - §{text}"
    return load(f"threshold: {name}", whole, message, hint, schema=schema)


def old(name: str, text: str, message: str, hint: str = "", *, schema: bool = False) -> Row:
    """Return a row whose old side is of this text."""
    whole = HEAD.replace('{kind: generic, url: "http://127.0.0.1:1"}', "{" + text + "}")
    return pointed(f"control: {name}", whole, message, hint, schema=schema)


def aws(name: str, text: str, message: str, hint: str = "", *, schema: bool = False, kind: str = "aws-rest") -> Row:
    """Return a row whose old side has an execute-api address and this control plane."""
    return old(name, f"kind: {kind}, url: '{API}/prod', control: {text}", message, hint, schema=schema)


def azure(name: str, text: str, message: str, hint: str = "", *, schema: bool = False) -> Row:
    """Return a row whose old side is of Azure, with this control plane."""
    whole = f"kind: azure-apim, url: 'https://api.example.com', control: {text}"
    return old(f"azure {name}", whole, message, hint, schema=schema)


# fmt: off
LOAD = [
    pointed("load: nothing", HEAD + "load:§\n", "missing key 'profile'", "profile: {rate: 50, for: 2m}", schema=True),
    pointed("load: empty", HEAD + "load: §{}\n", "missing key 'profile'", "profile: {rate: 50, for: 2m}", schema=True),
    pointed("load: a text", HEAD + "load: §50/s for 2m\n", "expected a mapping with profile", schema=True),
    pointed("load: no profile", HEAD + "load: §{workers: 2}\n", "missing key 'profile'", schema=True),
    load("unknown key", "§treshold: [p95 <= old]", "unknown key 'treshold'", "did you mean 'thresholds'?", schema=True),
    load("limits of the wrong section", "§rate: 5", "unknown key 'rate'", schema=True),
    profile("a text", "§50/s for 2m", "expected a mapping with rate", schema=True),
    profile("neither", "§{for: 2m}", "expected one of rate, steps, replay", "{rate: 50, for: 2m}", schema=True),
    profile("rate of 0", "{rate: §0, for: 2m}", "a rate of 0 sends nothing", "more than 0"),
    profile("rate in words", "{rate: §fast, for: 2m}", "'fast' is no rate", "300/m", schema=True),
    profile("rate is a list", "{rate: §[10, 20], for: 2m}", "expected a rate such as 50", schema=True),
    profile("no time", "§{rate: 50}", "missing key 'for'", "{rate: 50, for: 2m}"),
    profile("time without unit", "{rate: 50, for: §120}", "'120' is no duration", "2m", schema=True),
    profile("time of 0", "{rate: 50, for: §0s}", "a duration of 0"),
    profile("of months", "{rate: §1/h, for: 2000h}", "a load of more than 168h", "in parts"),
    profile("ramp without an end", "{rate: §{from: 10}, for: 2m}", "missing key 'to'", schema=True),
    profile("ramp from 0 to 0", "{rate: {from: 0, to: §0}, for: 2m}", "a ramp from 0 to 0 sends nothing"),
    profile("two kinds", "{rate: 50, for: 2m, steps: §[{rate: 1, for: 1m}]}", "both 'rate' and 'steps'", "keep one"),
    profile("no steps", "{steps: §[]}", "no steps: nothing would be sent", schema=True),
    profile("steps of 0", "{steps: §[{rate: 0, for: 1m}, {rate: 0, for: 2m}]}", "every step has a rate of 0"),
    profile("step without time", "{steps: [§{rate: 5}]}", "missing key 'for'", "how long", schema=True),
    profile("time beside steps", "{steps: [{rate: 5, for: 1m}], for: §1m}", "'for' does not go with 'steps'", "each step"),
    profile("spike beside steps", "{steps: [{rate: 5, for: 1m}], spike: §{rate: 9, at: 1s, for: 1s}}", "'spike' does not go with 'steps'", "as a step"),
    profile("spike too late", "{rate: 20, for: 2m, spike: §{rate: 200, at: 2m, for: 10s}}", "the spike ends after 130s, the profile after 2m", "earlier"),
    profile("spike that is none", "{rate: 20, for: 2m, spike: §{rate: 10, at: 1m, for: 10s}}", "10/s does not rise above 20/s", "`steps`"),
    profile("spike on a ramp", "{rate: {from: 1, to: 9}, for: 2m, spike: §{rate: 20, at: 1m, for: 10s}}", "a spike on a ramp", "`steps`"),
    profile("spike without time", "{rate: 20, for: 2m, spike: §{rate: 200, for: 10s}}", "missing key 'at'", schema=True),
    profile("replay of nothing", "{replay: §no.log}", "no file 'no.log'", "looked for"),
    profile("speed of 0", "{replay: no.log, speed: §0}", "'0' is no speed", "half as fast"),
    profile("speed beside a rate", "{rate: 5, for: 1m, speed: §2}", "'speed' does not go with 'rate'", "goes with replay"),
    profile("arrivals in words", "{rate: 5, for: 1m, arrivals: §random}", "expected one of even, poisson", schema=True),
    profile("too many", "§{rate: 500, for: 1h}", "1,800,000 requests a side, and no more than 100,000 may be sent", "max_requests: 1800000"),
    load("too many with the warm-up", "profile: §{rate: 50, for: 2m}\n  warm_up: 1s\n  max_requests: 6000", "6,050 requests a side with the warm-up, and no more than 6,000", "max_requests: 6050"),
    load("too fast", "profile: §{rate: {from: 10, to: 99.5}, for: 2m}\n  max_rate: 50/s", "a peak of 99.5/s a side, and no more than 50/s", "max_rate: 99.5"),
    load("warm-up without unit", "warm_up: §10", "'10' is no duration", schema=True),
    load("warm-up of a ramp from 0", "profile: {rate: {from: 0, to: 10}, for: 2m}\n  warm_up: §10s", "a warm-up at a rate of 0", "begin above 0"),
    load("mix of nothing", "mix: §{}", "a mix of nothing", "name cases", schema=True),
    load("mix is a list", "mix: §[list, one]", "case: weight, or from: recording", schema=True),
    load("mix of no case", "mix: {list: 1, §lst: 2}", "no case is called 'lst'", "did you mean 'list'?"),
    load("weight of 0", "mix: {list: §0}", "a weight of 0", "leave the case out", schema=True),
    load("weight in percent", "mix: {list: §30%}", "'30%' is no weight", "three times as often", schema=True),
    load("weight below 0", "mix: {list: §-1}", "'-1' is no weight", schema=True),
    load("mix of steps", "mix: {§life: 1}", "'life' cannot be part of a load: it has 2 steps"),
    load("mix with a capture", "mix: {§taken: 1}", "'taken' cannot be part of a load: it captures"),
    load("mix of one side", "mix: {§half: 1}", "'half' cannot be part of a load: it asks new alone"),
    load("mix that changes something", "mix: {§drop: 1}", "DELETE may change something", "change the case"),
    load("mix of what is skipped", "mix: {§agreed: 1}", "it says `unsafe: skip`"),
    load("mix of a recording and a case", "mix: {list: 1, §from: access.log}", "stands alone", "rename it"),
    load("mix of a case called from", "mix: {§from: 3}", "stands alone", "a case of that name"),
    load("mix of no recording", "mix: {from: §no.log}", "no file 'no.log'", "looked for"),
    pointed("load: nothing to send", TOP + "cases: [{name: a, request: POST /a, unsafe: run}]\nload: §{" + PROFILE + "}\n", "nothing to send", "a case of one GET"),
    load("as of nobody", "as: §partnr", "no caller 'partnr' in `credentials`", "did you mean 'partner'?"),
    load("as of nobody in a list", "as: [partner, §clerk]", "no caller 'clerk'"),
    load("as of none", "as: §[]", "expected at least one item", schema=True),
    load("order", "order: §interleave", "expected one of interleaved", "did you mean 'interleaved'?", schema=True),
    load("no workers", "workers: §0", "a whole number from 1 to 64", schema=True),
    load("too many workers", "workers: §65", "a whole number from 1 to 64", schema=True),
    load("max_rate of 0", "max_rate: §0", "a rate of 0"),
    load("max_requests with a unit", "max_requests: §10k", "a whole number from 1", schema=True),
    load("abort at a number", "abort_at: §0.5", "'0.5' is no share", "50%", schema=True),
    load("abort at 0", "abort_at: §0%", "a share of 0%", "more than 0%"),
    load("abort beyond all", "abort_at: §150%", "a share of 150%", "at most 100%"),
    load("lateness without unit", "max_lateness: §50", "'50' is no duration", schema=True),
    load("backend time of no header", "backend_time: §x backend", "is no header name"),
    load("backend time without a name", "backend_time: §'server-timing:'", "names no metric", "server-timing:app"),
    load("backend time of nobody", "backend_time: §{}", "expected one of old, new", schema=True),
    load("history without unit", "history: {last: §7}", "'7' is no stretch of time", "7d", schema=True),
    load("history of years", "history: {last: §100w}", "not within 1m to 455d"),
    load("history of what", "history: §7d", "expected a mapping with last", schema=True),
    load("history without a control plane", "history: §{last: 7d}", "needs the old side's control plane", "`old`"),
    load("allow is a text", "allow: §api.example.com", "expected a list", schema=True),
    load("allow a url", "allow: [§'https://api.example.com']", "is no host", "no scheme"),
    load("allow a port", "allow: [§'api.example.com:443']", "is no host", "api.example.com"),
    load("allow all", "allow: [§'*']", "'*' is no host", "no wildcard"),
    load("allow a host of nobody", "allow: [§api.example.com]", "'api.example.com' is a host of neither side", "127.0.0.1"),
    pointed("load: host that is not allowed", HEAD.replace("127.0.0.1:2", "api.example.com") + "load: §{" + PROFILE + "}\n", "api.example.com of `new` is outside this machine", "add `allow: [api.example.com]`"),
    pointed("load: other host allowed", HEAD.replace('127.0.0.1:2"', 'api.example.com", connect_to: "gw.example.net:443"') + "load: {" + PROFILE + ", allow: §[api.example.com]}\n", "gw.example.net of `new` is outside this machine", "add `allow: [gw.example.net]`"),
    pointed("load: proxy that is not allowed", HEAD.replace("generic,", 'generic, proxy: "http://proxy.example:3128",', 1) + "load: §{" + PROFILE + "}\n", "proxy.example of `old` is outside this machine"),
    pointed("load: host from a secret", HEAD.replace("http://127.0.0.1:2", "https://${env:SET}") + "load: §{" + PROFILE + "}\n", "the host of `new` is outside this machine", "its name"),
    load("no thresholds", "thresholds: §[]", "an empty gate proves nothing", schema=True),
    load("thresholds is a text", "thresholds: §p95 <= old", "expected a list", schema=True),
    threshold("a mapping", "p95: old * 1.2", "expected a threshold such as p95 <= old * 1.2", schema=True),
    threshold("no operator", "p95", "'p95' is no threshold", "such as", schema=True),
    threshold("no metric", "'<= 5%'", "'<= 5%' is no threshold", schema=True),
    threshold("no value", "p95 <=", "'p95 <=' is no threshold", schema=True),
    threshold("unknown metric", "error <= 1%", "'error' is nothing that is measured", "did you mean 'errors'?", schema=True),
    threshold("average", "mean <= 800ms", "'mean' is nothing that is measured", "an average hides", schema=True),
    threshold("p100", "p100 <= 1s", "'p100' is nothing", "write max", schema=True),
    threshold("p999", "p999 <= 1s", "'p999' is nothing", "did you mean 'p99.9'?", schema=True),
    threshold("p0", "p0 <= 1s", "'p0' is nothing", "p1 to p99.999"),
    threshold("capital letter", "P95 <= 1s", "'P95' is nothing", "did you mean 'p95'?", schema=True),
    threshold("operator turned", "p95 =< old", "'=<' is not known", "write <=", schema=True),
    threshold("operator of print", "p95 ≤ old", "'≤' is not known", "write <=", schema=True),
    threshold("equality", "errors == 0%", "'==' is not known", schema=True),
    threshold("latency without unit", "p95 <= 800", "'800' has no unit", "800ms, 800s"),
    threshold("latency in minutes", "p95 <= 2m", "'2m' does not fit p95", "120s"),
    threshold("latency as a share", "p95 <= 5%", "'5%' does not fit p95", "ms or s"),
    threshold("latency plus a share", "p95 <= old + 20%", "'20%' does not fit p95", "write old * 1.2"),
    threshold("latency as a share of old", "p95 <= 120% of old", "goes with throughput alone", "write old * 1.2"),
    threshold("latency of the plan", "p95 <= planned", "p95 cannot be held against 'planned'", "throughput"),
    threshold("latency of 0", "p95 <= 0ms", "'0ms' is no bound", "more than 0"),
    threshold("comma", "p95 <= 1,5s", "'1,5s' is no amount", "1.5s"),
    threshold("errors without unit", "errors <= 5", "'5' has no unit", "5%"),
    threshold("errors as a fraction", "errors <= 0.005", "'0.005' has no unit", "0.005%, or 0.5%"),
    threshold("errors in points", "errors <= 0.1pp", "'0.1pp' does not fit errors", "0.1%"),
    threshold("errors plus a share", "errors <= old + 0.1%", "'0.1%' does not fit errors", "old + 0.1pp"),
    threshold("errors plus time", "errors <= old + 50ms", "'50ms' does not fit errors", "old + 0.1pp"),
    threshold("errors of the plan", "errors <= 5% of planned", "cannot be held against 'planned'", "errors <= 0.5%"),
    threshold("errors of all", "errors <= 100%", "'100%' is no bound", "give less"),
    threshold("errors below 0", "errors < 0%", "'0%' is no bound", "more than 0"),
    threshold("throughput without unit", "throughput >= 450", "'450' has no unit", "450/s"),
    threshold("throughput of what", "throughput >= 95%", "'95%' does not fit throughput", "95% of planned"),
    threshold("throughput beyond the plan", "throughput >= 120% of planned", "more than what is sent", "95% of planned"),
    threshold("unknown base", "p95 <= olds * 1.2", "'olds * 1.2' is no value for p95", "did you mean 'old'?", schema=False),
    threshold("two factors", "p95 <= 2 * old * 3", "two factors", "old * 6"),
    threshold("factor in percent", "p95 <= old * 120%", "'old * 120%' is no value", "old * 1.2"),
    threshold("factor of 0", "p95 <= old * 0", "0 times old", "more than 0"),
    threshold("history of errors", "errors <= history", "cannot be held against 'history'", "latencies alone"),
    threshold("history without a control plane", "p95 <= history * 1.5", "needs the old side's control plane", "`control:"),
    threshold("history of an operation", "p95 <= history * 1.5 of GET /orders", "of a whole stage", "remove 'of GET /orders'"),
    threshold("slowest of history", "max <= history", "no measure", "p99"),
    threshold("capacity of a generic gateway", "capacity <= 60%", "only a service of Azure API Management", "`control:"),
    threshold("capacity of old", "capacity <= old", "cannot be held against 'old'", "capacity <= 60%"),
    threshold("capacity of an operation", "capacity <= 60% of GET /orders", "of the whole service"),
    threshold("wrong way round", "errors > 5%", "the wrong way round", "errors < 5%"),
    threshold("throughput the wrong way round", "throughput <= 95% of planned", "the wrong way round", "throughput >= 95% of planned"),
    threshold("for a time", "errors < 5% for 2m", "a load is judged as a whole", "remove it"),
    threshold("for ever", "errors < 5% for ever", "'ever' is no duration"),
    threshold("of no operation", "p95 <= 1s of orders", "'orders' is no operation", "METHOD /path"),
    threshold("of an operation that is not sent", "p95 <= old of GET /ordrs", "the load sends no 'GET /ordrs'", "did you mean 'GET /orders'?"),
    threshold("of an operation that is not in the mix", "p95 <= old of POST /orders", "the load sends no 'POST /orders'", "GET /orders"),
    threshold("twice", "p95<=1.20 * old", "'p95 <= 1.20 * old' is there twice", "remove one"),
    threshold("secret", '"p95 <= ${env:SET}"', "makes a secret", "plain var"),
    threshold("number", "5", "'5' is no threshold", schema=True),
]

CONTROL = [
    old("of a generic gateway", 'kind: generic, url: "http://127.0.0.1:1", control: §{region: eu-west-1}', "a generic gateway has no control plane", "remove it"),
    aws("a text", "§migration", "expected a mapping, got 'migration'", "depend on `kind`", schema=True),
    aws("misspelt", "{§regon: eu-west-1}", "unknown key 'regon'", "did you mean 'region'?", schema=True),
    aws("of the other product", "{§resource: x}", "unknown key 'resource'"),
    aws("region", "{region: §westeurope}", "'westeurope' is no AWS region"),
    aws("another region", "{region: §eu-central-1}", "not the region of `url`", "leave region out"),
    aws("another API", "{api: §zzzzzzzzzz}", "not the api of `url`", "leave api out"),
    aws("another stage", "{stage: §test}", "not the stage of `url`", "leave stage out"),
    aws("API by its name", "{api: §Orders API}", "'Orders API' is no API's id", "a1b2c3d4e5"),
    aws("stage with a slash", "{stage: §prod/x}", "'prod/x' is no stage"),
    aws("half a pair", "{access_key: §AKIA}", "'access_key' without 'secret_key'", "in pairs"),
    aws("profile and keys", "{profile: §p, access_key: a, secret_key: s}", "both a profile and keys", "keep one"),
    aws("role by name", "{role: §migration}", "'migration' is no role", "arn:aws:iam::"),
    aws("external id alone", "{external_id: §x}", "'external_id' without 'role'"),
    aws("endpoint over http", "{endpoint: §'http://aws.example'}", "in the clear"),
    aws("secret that is not set", '{access_key: a, secret_key: §"${env:NOPE}"}', "'NOPE' is not set"),
    old("region that nothing tells", "kind: aws-rest, url: 'https://api.example.com', control: §{api: a1, stage: prod}", "missing key 'region'", "the url does not tell it"),
    old("stage that nothing tells", f"kind: aws-rest, url: '{API}', control: §{{profile: p}}", "missing key 'stage'", "such as prod"),
    azure("without a resource", "§{token: t}", "missing key 'resource'", "/subscriptions/", schema=True),
    azure("resource by its name", "{resource: §contoso}", "'contoso' is no service of API Management", "/subscriptions/"),
    azure("resource of another kind", "{resource: §/subscriptions/0/resourceGroups/rg/providers/Microsoft.Web/sites/contoso}", "is no service of API Management"),
    azure("two ways", f"{{resource: {RESOURCE}, token: §t, tenant: contoso.com, client_id: c, client_secret: s}}", "both 'token' and 'tenant'", "keep one"),
    azure("half a client", f"{{resource: {RESOURCE}, tenant: §contoso.com, client_id: c}}", "'tenant' without 'client_secret'", "go together"),
    azure("of all tenants", f"{{resource: {RESOURCE}, tenant: §common, client_id: c, client_secret: s}}", "'common' is no tenant"),
    azure("token that is a number", f"{{resource: {RESOURCE}, token: §12345}}", "YAML reads … as a number", "quote it", schema=True),
    azure("of the other product", f"{{resource: {RESOURCE}, §region: eu-west-1}}", "unknown key 'region'"),
]
# fmt: on
