"""The help of a command as a man page: the same words, in the marks of roff."""

from __future__ import annotations

from collections.abc import Iterable

import click

from tsforecast._version import __version__


def man_page(ctx: click.Context) -> str:
    """The page of section 1 about the command of a context, such as `tsforecast-fit`."""
    ctx.formatter_class = _Roff
    name, short = ctx.command_path.replace(" ", "-"), ctx.command.get_short_help_str(200)
    head = f'.TH "{name.upper()}" "1" "" "tsforecast {__version__}" "tsforecast"\n.SH NAME\n'
    return f"{head}{_escaped(name)} \\- {_escaped(short)}\n{ctx.get_help()}\n"


class _Roff(click.HelpFormatter):
    """Writes what help is made of: headings, texts and lists of terms."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        self.write(f".SH SYNOPSIS\n.B {_escaped(prog)}\n{_escaped(args)}\n.SH DESCRIPTION\n")

    def write_heading(self, heading: str) -> None:
        self.write(f".SH {_escaped(heading.upper())}\n")

    def write_paragraph(self) -> None:
        self.write(".PP\n")

    def write_text(self, text: str) -> None:
        """Paragraphs; those that begin with a mark of Click keep their lines."""
        for block in text.strip().split("\n\n"):
            if block.startswith("\b"):
                self.write(f".PP\n.nf\n{_lines(block.removeprefix(chr(8)).strip(chr(10)))}\n.fi\n")
            else:
                self.write(f".PP\n{_lines(block)}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        for term, text in rows:
            self.write(f".TP\n.B {_escaped(term)}\n{_lines(text)}\n")


def _lines(text: str) -> str:
    return "\n".join(_escaped(line) for line in text.splitlines())


def _escaped(line: str) -> str:
    """A line without what roff takes for a request or for a hyphen that may be another letter."""
    line = line.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{line}" if line.lstrip().startswith((".", "'")) else line
