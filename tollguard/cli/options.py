"""Options and arguments that several commands share, checked where they are read."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tollguard.cli.shell import Form, Shell
from tollguard.config_patterns import NAME
from tollguard.errors import InputError
from tollguard.i18n import _

if TYPE_CHECKING:
    from policies.policy import SuspensionKind

Command = TypeVar("Command", bound=Callable[..., Any])

MAX_REASON_CHARS = 500


class Whole(click.IntRange):
    """A whole number within bounds, refused in words that say what is wanted."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> int:
        """Take the number; see click."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            if self.max is None:
                msg = _("{value!r} is no whole number from {least}")
            else:
                msg = _("{value!r} is no whole number from {least} to {most}")
            self.fail(msg.format(value=value, least=self.min, most=self.max), param, ctx)


def _choose(form: Form) -> Callable[[click.Context, click.Parameter, bool], None]:
    def chosen(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001
        if not value:
            return
        shell = ctx.ensure_object(Shell)
        if shell.form not in {Form.TABLE, form}:
            raise click.UsageError(_("give --json or --csv, not both"))
        shell.form = form

    return chosen


def report_options(command: Command) -> Command:
    """Give a report ``--json`` and ``--csv``; the same switches stand before the command too."""
    for form, text in (
        (Form.CSV, _("Print comma-separated values with a head line.")),
        (Form.JSON, _("Print JSON.")),
    ):
        option = click.option(
            f"--{form.value}",
            is_flag=True,
            expose_value=False,
            callback=_choose(form),
            help=text,
        )
        command = option(command)
    return command


def check_country(text: str) -> str:
    """Take a country as ISO alpha-2 in either case.

    Raises:
        InputError: No country with a calling code is called so.
    """
    import phonenumbers

    code = text.strip().upper()
    if code in phonenumbers.SUPPORTED_REGIONS:
        return code
    msg = _("{text!r} is no country: write its two letters of ISO 3166, such as MC for Monaco")
    raise InputError(msg.format(text=text))


def check_countries(text: str) -> frozenset[str] | None:
    """Take a comma-separated list of countries; ``all`` is None, every country.

    Raises:
        InputError: One of them is no country.
    """
    if text.strip().lower() == "all":
        return None
    return frozenset(check_country(part) for part in text.split(","))


def check_endpoint(text: str) -> str:
    """Take an endpoint's name as Asterisk spells it.

    Raises:
        InputError: No endpoint can be called so.
    """
    if re.fullmatch(NAME, text):
        return text
    msg = _(
        "{text!r} is no endpoint's name: up to 79 letters, digits, dots, dashes and underscores"
    )
    raise InputError(msg.format(text=text))


def check_reason(text: str) -> str:
    """Take the operator's words: something, on one line.

    Raises:
        InputError: They are empty, too long or hold control characters.
    """
    words = text.strip()
    if words and len(words) <= MAX_REASON_CHARS and words.isprintable():
        return words
    msg = _("the reason must be one line of 1 to {most} characters")
    raise InputError(msg.format(most=MAX_REASON_CHARS))


def check_target(kind: "SuspensionKind", text: str | None) -> str:
    """Take what a suspension closes; international closes everything abroad.

    Raises:
        InputError: The country or endpoint cannot be.
    """
    if text is None:
        return "*"
    return check_country(text) if kind.value == "country" else check_endpoint(text)
