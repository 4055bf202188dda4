"""`tollguard explain`: what would be decided about a number, by the very code of the gate.

It works with no daemon and no store: then it judges by the configuration and a fresh policy.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tollguard.cli.lazy import examples
from tollguard.cli.options import check_endpoint, report_options
from tollguard.cli.output import (
    Column,
    Report,
    Value,
    print_fields,
    print_json,
    print_report,
    printable,
)
from tollguard.cli.shell import Form, Shell, pass_shell
from tollguard.cli.spans import parse_time
from tollguard.errors import ConfigError
from tollguard.i18n import _
from tollguard.reach import found

if TYPE_CHECKING:
    from policies.decision import Decision, DialAttempt
    from policies.policy import Policy
    from tollguard.config import Config

# What is assumed where there is no configuration yet, so that a newcomer sees more than that.
ASSUMED_TRUNK = "trunk"
MOST_NUMBERS = 100_000


@click.command(
    help=_(
        "Explain what would be decided about NUMBER, with every step; - reads numbers from"
        " standard input, one a line. Needs no daemon and no store; running calls do not count."
    ),
    epilog=examples(
        "tollguard explain 01037793123456 --endpoint 6001",
        'tollguard explain 0312345678 --at "2026-12-31 23:00" --json',
        "tollguard explain - --csv < numbers.txt",
    ),
)
@click.argument("number", metavar="NUMBER|-")
@click.option("--endpoint", metavar="ENDPOINT", help=_("Who dials; else nobody."))
@click.option("--trunk", metavar="TRUNK", help=_("The trunk; else the first one declared."))
@click.option("--at", "at_text", metavar="TIME", help=_("When; else now."))
@report_options
@pass_shell
def explain(
    shell: Shell, number: str, endpoint: str | None, trunk: str | None, at_text: str | None
) -> None:
    """Judge the numbers and print what comes of it."""
    config = _config(shell)
    now_s = time.time()
    at_s = now_s if at_text is None else parse_time(at_text, config.site.time_zone, now_s, "--at")
    policy, source = _policy(shell, config)
    who = None if endpoint is None else check_endpoint(endpoint)
    results = [
        {**result, "policy_source": source, "policy_revision": policy.revision}
        for result in _judge_all(config, policy, number, (who, trunk), at_s)
    ]
    _print(shell, results, single=number != "-")


def _config(shell: Shell) -> "Config":
    """Take the configuration, or a default one when there is none and none was asked for."""
    from tollguard.config import Config, TrunkSection

    if _is_unconfigured(shell):
        return Config(trunk=(TrunkSection(endpoint=ASSUMED_TRUNK),))
    return shell.config


def _is_unconfigured(shell: Shell) -> bool:
    from tollguard.config import DEFAULT_PATH

    return shell.config_path == DEFAULT_PATH and _is_missing(DEFAULT_PATH)


def _is_missing(path: Path) -> bool:
    """Tell whether nothing is there; what cannot be told is said by who opens it."""
    try:
        return found(path) is None
    except OSError:
        return False


def _policy(shell: Shell, config: "Config") -> "tuple[Policy, str]":
    """Take the policy that judges, and where it comes from."""
    from policies.policy import Policy
    from tollguard.cli.judging import DEFAULT, policy_in_force
    from tollguard.store.schema import store_path

    if _is_unconfigured(shell) or (
        _is_missing(store_path(config.store.url)) and _is_missing(config.snapshot.path)
    ):
        return Policy(site=config.to_site()), DEFAULT
    return policy_in_force(shell)


def _numbers(number: str) -> Iterator[str]:
    if number != "-":
        yield number
        return
    for count, line in enumerate(sys.stdin):
        if count >= MOST_NUMBERS:
            return
        if text := line.rstrip("\n"):
            yield text


def _judge_all(
    config: "Config",
    policy: "Policy",
    number: str,
    caller: tuple[str | None, str | None],
    at_s: float,
) -> Iterator[dict[str, object]]:
    from policies.judges import decide
    from policies.numbering.plans import plan_for
    from policies.principal import NOBODY, direct
    from policies.situation import Situation

    try:
        plan = plan_for(policy.site)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    endpoint, trunk = caller
    # no name is a declared trunk's, so the gate's own judge refuses where none is declared
    trunk = trunk or (policy.site.trunks[0].endpoint if policy.site.trunks else "")
    who = direct(endpoint) if endpoint else NOBODY
    for dialled in _numbers(number):
        attempt = _attempt(dialled, trunk, endpoint)
        decision = decide(attempt, policy, plan, Situation(), at_s, who)
        yield _values(attempt, decision, policy, config.site.time_zone)


def _attempt(dialled: str, trunk: str, endpoint: str | None) -> "DialAttempt":
    from policies.decision import DialAttempt

    channel = f"PJSIP/{endpoint}-00000000" if endpoint else ""
    return DialAttempt(dialled, trunk, channel, "explain", "explain", None, 0.0)


def _values(
    attempt: "DialAttempt", decision: "Decision", policy: "Policy", zone: str
) -> dict[str, object]:
    from tollguard.cli.steps import from_step

    number = decision.number
    return {
        "verdict": decision.verdict.value,
        "reason": str(decision.reason),
        "class": number.number_class.value,
        "e164": number.e164,
        "country": number.country,
        "removed": list(number.removed),
        "canonical": number.canonical,
        "chargeable": decision.chargeable,
        "limit_ms": decision.limit_ms,
        "steps": [from_step(step, zone).as_json() for step in decision.steps],
        "would": decision.would.value,
        "would_reason": str(decision.would_reason),
        "endpoint": decision.principal.actor,
        "trunk": attempt.trunk,
        "dialled": attempt.dialled,
        "mode": policy.mode.value,
    }


def _print(shell: Shell, results: list[dict[str, object]], *, single: bool) -> None:
    if shell.form is Form.JSON:
        print_json(results[0] if single else results)
    elif single and shell.form is Form.TABLE:
        _print_one(results[0])
    else:
        print_report(shell, _report(results))


def _verdict_text(result: dict[str, object]) -> str:
    text = f"{result['verdict']} {result['reason']}"
    if result["would"] == result["verdict"]:
        return text
    return _("{verdict}, because this site only observes; enforcing: {would} {reason}").format(
        verdict=result["verdict"], would=result["would"], reason=result["would_reason"]
    )


def _print_one(result: dict[str, object]) -> None:
    from tollguard.cli.steps import print_steps, sent_field

    removed, steps = result["removed"], result["steps"]
    assert isinstance(removed, list)
    assert isinstance(steps, list)
    limit_ms = int(str(result["limit_ms"]))
    print_fields(
        [
            (_("verdict"), _verdict_text(result)),
            (_("dialled"), str(result["dialled"])),
            (_("by"), str(result["endpoint"] or _("nobody"))),
            (_("class"), str(result["class"])),
            (_("number"), str(result["e164"] or "")),
            (_("country"), str(result["country"] or "")),
            (_("removed"), " ".join(removed)),
            sent_field(
                str(result["verdict"]), str(result["canonical"] or ""), str(result["trunk"])
            ),
            (_("chargeable"), _("yes") if result["chargeable"] else _("no")),
            (_("limit"), f"{limit_ms / 1000:g} s" if limit_ms else ""),
            (_("policy"), f"revision {result['policy_revision']} ({result['policy_source']})"),
        ]
    )
    print_steps(steps)


def _report(results: list[dict[str, object]]) -> Report:
    rows: list[dict[str, Value]] = []
    for result in results:
        removed = result["removed"]
        assert isinstance(removed, list)
        flat: dict[str, Value] = {
            key: value
            for key, value in result.items()
            if isinstance(value, (str, int)) or value is None
        }
        rows.append({"dialled": flat.pop("dialled"), **flat, "removed": removed})
    shown = [
        {
            "dialled": printable(result["dialled"]),
            "verdict": _verdict_text(result),
            "class": str(result["class"]),
            "country": str(result["country"] or ""),
        }
        for result in results
    ]
    columns = (
        Column("dialled", _("dialled")),
        Column("class", _("class")),
        Column("country", _("to")),
        Column("verdict", _("verdict"), folds=True, gives=True, least=27),
    )
    return Report(columns, rows, shown, _("no number was given"))
