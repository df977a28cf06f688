"""The matrix at size: 200 operations x 20 identities on the lab, at 200 requests/s."""

import argparse
import json
import tempfile
from pathlib import Path

from harness.lab.serve import Lab, LabPorts
from tests.bench.machine import CUTOVER, run
from tests.bench.result import Row, main

IDENTITIES = 20
RATE = 200


def scenario(ports: LabPorts, operations: int) -> str:
    """Return a scenario with one guarded path of the lab as so many operations, and 20 callers, one of them let in."""
    callers = {f"caller {n}": f"another-key-{n:04d}" for n in range(IDENTITIES - 1)}
    authority = f"ca_file: '{ports.files}/ca.pem'"
    lines = [
        "version: 1",
        "name: matrix",
        f"old: {{kind: aws-rest, url: 'https://127.0.0.1:{ports.old_tls}/prod', {authority}}}",
        f"new: {{kind: azure-apim, url: 'https://127.0.0.1:{ports.new_tls}', {authority}}}",
        f"limits: {{rate: {RATE}}}",
        "compare: {noise: {repeats: 0}}",
        "credentials:",
        "  partner: {both: {header: {x-api-key: lab-partner-key-7d21}}}",
    ]
    lines += [f"  {name}: {{both: {{header: {{x-api-key: {key}}}}}}}" for name, key in callers.items()]
    lines.append("cases:")
    lines += [
        f"  - {{name: report {n}, request: 'GET /partners/report?n={n}', operation: GET /partners/report/{n}, as: partner}}"
        for n in range(operations)
    ]
    lines.append("security: {}")
    return "\n".join(lines)


def measure(arguments: argparse.Namespace) -> list[Row]:
    """Plan and rehearse the security suite alone."""
    with tempfile.TemporaryDirectory() as name, Lab() as ports:
        folder = Path(name)
        (folder / "matrix.yaml").write_text(scenario(ports, arguments.operations))
        planned = run([*CUTOVER, "plan", "matrix.yaml", "--json"], folder)
        asked = json.loads(planned.output)["security"]
        ran = run([*CUTOVER, "rehearse", "matrix.yaml", "--suite", "security"], folder)
        (report,) = (folder / "cutover-runs").glob("*/report.html")
        told = json.loads(report.with_name("report.json").read_text())
        size = report.stat().st_size / 1_000_000
    cells = sum(group["cells"] for group in asked.values())
    requests = sum(group["old"] for group in asked.values())
    words = f"{arguments.operations} operations x {IDENTITIES} identities"
    return [
        Row(name="cells", value=cells, unit="", note=words),
        Row(name="requests planned, each side", value=requests, unit="", note=f"{requests / RATE:.0f} s at {RATE}/s"),
        Row(name="cutover plan", value=planned.seconds, unit="s", most=3, note=words),
        Row(name="rehearse --suite security", value=ran.seconds, unit="s", most=60, note=told["verdict"]),
        Row(name="memory", value=ran.memory, unit="MB", most=400, note=words),
        Row(name="report.html", value=size, unit="MB", most=15, note=words),
    ]


if __name__ == "__main__":
    main("security_bench", measure, ("operations", 200, "operations"))
