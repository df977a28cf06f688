"""`${var:x}`, `${env:NAME}` and `${file:PATH}` in values; `${name}` (captures) is left to the steps.

`$${` stands for a literal `${`. In the texts of steps it stays as it is, since captures are filled in later
(marks.py), and what is filled in here is escaped likewise, so that a value which holds `${` does not turn into a mark.
"""

import re
from enum import IntEnum

from yaml.nodes import Node, ScalarNode

from harness.scenario.context import Context, Refused, Variable, base_of, guess
from harness.scenario.marks import CAPTURE_NAME

MARK = re.compile(r"\$\$\{|\$\{([^{}]*)(\}?)")
_LARGEST_FILE = 1_000_000


class Fills(IntEnum):
    """What a value may be filled with; each level includes those before it."""

    VARS = 1
    ALL = 2
    STEPS = 3


def fill(text: str, node: Node, ctx: Context, fills: Fills) -> tuple[str, bool]:
    """Return the text filled in, and whether something in it is secret. Raise Refused (noted) if it cannot be."""
    parts: list[str] = []
    end = 0
    secret = False
    for mark in MARK.finditer(text):
        parts.append(text[end : mark.start()])
        end = mark.end()
        if mark[1] is None:
            parts.append("$${" if fills is Fills.STEPS else "${")
            continue
        if not mark[2]:
            raise ctx.refuse(node, f"'{mark[0]}' is not closed", "write ${…}, or $${ for a literal ${")
        kind, colon, name = mark[1].partition(":")
        if not colon:
            parts.append(_capture(kind, node, ctx, fills))
            continue
        value, hidden = _value(kind, name, node, ctx, fills)
        secret = secret or hidden
        parts.append(value.replace("${", "$${") if fills is Fills.STEPS else value)
    parts.append(text[end:])
    return "".join(parts), secret


def _capture(name: str, node: Node, ctx: Context, fills: Fills) -> str:
    if not CAPTURE_NAME.fullmatch(name):
        raise ctx.refuse(node, f"'${{{name}}}' is no mark", "write ${var:x}, ${env:NAME}, ${file:PATH} or ${capture}")
    if fills is not Fills.STEPS:
        hint = f"a var is ${{var:{name}}}" if name in ctx.variables else "captures are filled into requests alone"
        raise ctx.refuse(node, f"'${{{name}}}' cannot be used here", f"{hint}; $${{ stands for a literal ${{")
    return f"${{{name}}}"


def _value(kind: str, name: str, node: Node, ctx: Context, fills: Fills) -> tuple[str, bool]:
    if kind == "var":
        value, secret = variable(name, node, ctx)
        if secret and fills is Fills.VARS:
            raise ctx.refuse(node, f"the var '{name}' holds a secret, which cannot be used here", _PLAINLY)
        return value, secret
    if kind not in {"env", "file"}:
        raise ctx.refuse(node, f"'${{{kind}:…}}' is not known", guess(kind, ("var", "env", "file")))
    if fills is Fills.VARS:
        raise ctx.refuse(node, f"'${{{kind}:{name}}}' makes a secret, which cannot be used here", _PLAINLY)
    value = _environment(name, node, ctx) if kind == "env" else _file(name, node, ctx)
    ctx.hide(value, f"${{{kind}:{name}}}")
    return value, True


_PLAINLY = "this text is shown in reports: write it out or use a plain var"


def variable(name: str, node: Node, ctx: Context) -> tuple[str, bool]:
    """Return the text of a var and whether it is secret; vars may use each other, not themselves."""
    var = ctx.variables.get(name)
    if var is None:
        hint = guess(name, ctx.variables) if ctx.variables else ""
        raise ctx.refuse(node, f"unknown var '{name}'", hint or f"add `vars: {{{name}: …}}` or --set {name}=…")
    if var.broken:
        raise Refused(name)
    if var.filled is None:
        _fill_variable(name, var, node, ctx)
    return var.filled or "", var.secret


def _fill_variable(name: str, var: Variable, node: Node, ctx: Context) -> None:
    if var.busy:
        raise ctx.refuse(node, f"the var '{name}' is made of itself", "break the circle")
    if var.node is None:
        var.filled = var.text
        return
    var.busy = True
    try:
        var.filled, var.secret = fill(var.text, var.node, ctx, Fills.ALL)
    except Refused:
        # The problem is told once, where the var is written.
        var.broken = True
        raise
    finally:
        var.busy = False


def _environment(name: str, node: Node, ctx: Context) -> str:
    value = ctx.environ.get(name, "")
    if not encodable(value):
        raise ctx.refuse(node, f"the environment variable '{name}' is not UTF-8 text", "")
    if not value:
        state = "is empty" if name in ctx.environ else "is not set"
        raise ctx.refuse(node, f"the environment variable '{name}' {state}", f"export {name}=… before the run")
    return value


def _file(name: str, node: Node, ctx: Context) -> str:
    path = base_of(node) / name
    if path not in ctx.file_texts:
        ctx.file_texts[path] = _read(name, node, ctx)
    return ctx.file_texts[path]


def _read(name: str, node: Node, ctx: Context) -> str:
    path = base_of(node) / name
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST_FILE + 1)
        text = data.decode()
    except OSError as error:
        raise ctx.refuse(node, f"the file '{name}' cannot be read: {error.strerror}", f"looked for {path}") from None
    except ValueError:
        raise ctx.refuse(node, f"the file '{name}' is not UTF-8 text", "") from None
    if len(data) > _LARGEST_FILE:
        raise ctx.refuse(node, f"the file '{name}' is larger than {_LARGEST_FILE} bytes", "")
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise ctx.refuse(node, f"the file '{name}' is empty", f"it is {path}")
    return text


def encodable(text: str) -> bool:
    """Tell whether `text` is proper Unicode (bytes of the command line that are no UTF-8 come as lone surrogates)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def uses_secrets(node: Node) -> bool:
    """Tell whether a scalar's own text asks for `${env:}` or `${file:}`; its filled value must not be shown."""
    return isinstance(node, ScalarNode) and ("${env:" in node.value or "${file:" in node.value)
