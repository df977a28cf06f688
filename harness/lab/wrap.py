"""What stands between two parts of the lab and changes what passes."""

from collections.abc import Callable

from harness.lab.message import Addresses, Handler

Wrap = Callable[[Handler, Addresses], Handler]
