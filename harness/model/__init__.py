"""Values that every layer speaks in; standard library only.

side        Side                                   old | new
secret      Secret                                 a value that must never reach disk or screen
gateway     Gateway, Limits, PathMap               where a side is and how it may be used
request     Request                                what is sent to one side
response    Response | NoResponse (= Answer)       what came back
            ├─ Body, Timings, Certificate
exchange    Exchange                               a request with its answer
place       Path, JsonPath                         where in a body; patterns over it
rule        CompareRules, BodyRule, Waiver, Expect how to compare
difference  Difference, Kind, Cause                what differs, how, why
outcome     Outcome, Severity, Verdict, ExitCode   what follows from it
event       Event (= Started | Planned | …)        lines of the journal
finding     Finding, Summary …                     what a reader is told
errors      CutoverError                           drawn as a tree there
"""
