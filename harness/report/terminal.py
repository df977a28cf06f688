"""rich's console, as every view of ours uses it: plain words, and no exit code of its own."""

from typing import TextIO

from rich.console import Console


class Terminal(Console):
    """Reads no markup. Raises BrokenPipeError where its reader has gone (`| head`): rich would leave with 1, NO-GO."""

    def __init__(self, file: TextIO, width: int | None = None, *, color: bool | None = None) -> None:
        super().__init__(
            file=file,
            width=width,
            force_terminal=True if color else None,
            no_color=True if color is False else None,
            markup=False,
            emoji=False,
            highlight=False,
        )

    def on_broken_pipe(self) -> None:
        """Leave it to whoever knows the exit codes."""
        raise BrokenPipeError
