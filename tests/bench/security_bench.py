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
    """Return a scenario of the lab's public operations by 20 callers, one of which every case uses."""
    callers = {f"caller {n}": f"another-key-{n:04d}" for n in range(IDENTITIES - 1)}
    lines = [
        "version: 1",
        "name: matrix",
        f"old: {{kind: aws-rest, url: 'http://127.0.0.1:{ports.old}/prod'}}",
        f"new: {{kind: azure-apim, url: 'http://127.0.0.1:{ports.new}'}}",
        f"limits: {{rate: {RATE}}}",
        "compare: {noise: {repeats: 0}}",
        "credentials:",
        (
            "  partner: {old: {header: {x-api-key: old-partner-key-41c7}}, "
            "new: {header: {Ocp-Apim-Subscription-Key: new-partner-key-c20d}}}"
        ),
    ]
    lines += [
        f"  {name}: {{old: {{header: {{x-api-key: {key}}}}}, new: {{header: {{Ocp-Apim-Subscription-Key: {key}}}}}}}"
        for name, key in callers.items()
    ]
    lines.append("cases:")
    lines += [f"  - {{name: echo {n}, request: GET /echo/{n}, as: partner}}" for n in range(operations)]
    lines.append("security: {clients_change: {partner: they know}}")
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
    cells = sum(group["cells"] for group in asked.values())
    requests = sum(group["old"] for group in asked.values())
    words = f"{arguments.operations} operations x {IDENTITIES} identities"
    return [
        Row(name="cells", value=cells, unit="", note=words),
        Row(name="requests planned, each side", value=requests, unit="", note=f"{requests / RATE:.0f} s at {RATE}/s"),
        Row(name="cutover plan", value=planned.seconds, unit="s", most=3, note=words),
        Row(name="rehearse --suite security", value=ran.seconds, unit="s", most=60, note=told["verdict"]),
        Row(name="memory", value=ran.memory, unit="MB", most=400, note=words),
        Row(name="report.html", value=report.stat().st_size / 1_000_000 if report.exists() else 0.0, unit="MB"),
    ]


if __name__ == "__main__":
    main("security_bench", measure, ("operations", 200, "operations"))
