"""`tollguard coverage`: every way through the dialplan that reaches a trunk without the gate."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from policies.coverage.dialplan import Place
from policies.coverage.findings import Why
from tollguard.cli.actor import current_actor
from tollguard.cli.asking import Answer, ask
from tollguard.cli.lazy import examples
from tollguard.cli.opened import check_running, opened_store
from tollguard.cli.options import report_options
from tollguard.cli.output import Column, Report, Value, print_json, print_report, say, warn
from tollguard.cli.shell import Form, Shell, pass_shell
from tollguard.dialplan_files import Spot, find_spots
from tollguard.i18n import _
from tollguard.store import COVERAGE, Actor

# Asterisk has 20 s for its list; the walk through a large dialplan takes seconds.
ANSWER_WAIT_S = 40.0
EXIT_FOUND = 1
DIALPLAN = "/etc/asterisk/extensions.conf"

Spots = Mapping[tuple[Place, str, str], Spot]


@click.command(
    help=_(
        "List every way through the dialplan that reaches a trunk without the gate, the longest"
        " first. Asterisk is asked for what it has loaded; the files only tell where a line"
        " stands. Exits 0 when there is none, 1 when there are."
    ),
    epilog=examples("tollguard coverage", "tollguard coverage --json"),
)
@click.option(
    "--dialplan",
    metavar="FILE",
    type=click.Path(path_type=Path),
    default=DIALPLAN,
    show_default=True,
    help=_("Where Asterisk's dialplan begins, to tell file and line."),
)
@report_options
@pass_shell
def coverage(shell: Shell, dialplan: Path) -> int:
    """Ask the daemon, and print what it found."""
    # Root may read Asterisk's files, and is the service's user as soon as the store is open.
    spots, fault = _spots(shell, dialplan)
    answer = asyncio.run(_ask(shell, current_actor()))
    found = list(answer.get("findings", ()))
    if found and fault:
        warn(fault)
    rows = [_row(finding, spots) for finding in found]
    if shell.form is Form.JSON:
        counts = {key: answer.get(key, 0) for key in _COUNTS}
        print_json({**counts, "findings": [_detailed(finding, spots) for finding in found]})
    else:
        print_report(shell, _report(rows, answer))
    if shell.form is Form.TABLE and found:
        _sum_up(answer)
    return EXIT_FOUND if found else 0


_COUNTS = ("contexts", "extensions", "lines", "dials", "gates", "more")


async def _ask(shell: Shell, actor: Actor) -> Answer:
    async with opened_store(shell) as store:
        await check_running(shell, store)
        return await ask(store, shell.node_name, (COVERAGE, {}), actor, ANSWER_WAIT_S)


def _spots(shell: Shell, dialplan: Path) -> tuple[Spots, str]:
    """Look the lines up in this machine's files; without them the places are told alone.

    Returns:
        Where each line stands, and why none is known.
    """
    if shell.node_name != shell.config.site.node:
        return {}, ""
    try:
        return find_spots(dialplan), ""
    except OSError as error:
        text = _("file and line are not told: {file}: {reason}")
        return {}, text.format(file=dialplan, reason=error.strerror or error)


def _spot(finding: Mapping[str, Any], spots: Spots) -> Spot | None:
    end = finding["path"][-1]
    place = Place(end["context"], end["exten"], end["priority"])
    return spots.get((place, finding["app"], finding["data"]))


def _row(finding: Mapping[str, Any], spots: Spots) -> dict[str, Value]:
    spot = _spot(finding, spots)
    return {
        "why": str(finding["why"]),
        "file": None if spot is None else str(spot.file),
        "line": None if spot is None else spot.number,
        "way": _way(finding),
        "app": str(finding["app"]),
        "data": str(finding["data"]),
        "detail": str(finding["detail"]),
        "registrar": str(finding["registrar"]),
    }


def _detailed(finding: Mapping[str, Any], spots: Spots) -> dict[str, object]:
    """One finding as JSON: with its way station by station."""
    row: dict[str, object] = dict(_row(finding, spots))
    return {**row, "path": finding["path"]}


def _way(finding: Mapping[str, Any]) -> str:
    """Write a way as ``phones include out,_9.,1 gosub sub,s,3 Dial(…)``."""
    stations = [f"{_station(hop)} {hop['leaves']}".strip() for hop in finding["path"]]
    if finding["app"]:
        stations.append(f"{finding['app']}({finding['data']})")
    elif finding["detail"]:
        stations.append(str(finding["detail"]))
    return " ".join(stations)


def _station(hop: Mapping[str, Any]) -> str:
    if not hop["exten"]:
        return str(hop["context"])
    return f"{hop['context']},{hop['exten']},{hop['priority']}"


def _report(rows: list[dict[str, Value]], answer: Answer) -> Report:
    return Report(
        columns=(
            Column("where", _("where"), most=24),
            Column("why", _("why"), most=24),
            Column("way", _("way"), folds=True, gives=True),
        ),
        rows=rows,
        shown=[_texts(row) for row in rows],
        empty=f"{_('no way around the gate was found')}\n{_looked_at(answer)}",
    )


def _texts(row: Mapping[str, Value]) -> dict[str, str]:
    where = f"{Path(str(row['file'])).name}:{row['line']}" if row["file"] else "-"
    return {"where": where, "why": str(row["why"]), "way": str(row["way"])}


def _looked_at(answer: Answer) -> str:
    text = _(
        "looked at {contexts} contexts, {extensions} extensions, {lines} lines;"
        " {dials} of them dial, {gates} lead to the gate"
    )
    return text.format(**{key: answer.get(key, 0) for key in _COUNTS})


def _sum_up(answer: Answer) -> None:
    """Below the table: what each reason means, and what was looked at."""
    click.echo()
    seen = {str(finding["why"]) for finding in answer["findings"]}
    for why, words in _words().items():
        if why.value in seen:
            say(f"{why.value}: {words}")
    say(_looked_at(answer))
    if answer.get("more"):
        say(_("{count} more are not shown").format(count=answer["more"]))


def _words() -> Mapping[Why, str]:
    """Say what each reason means."""
    return {
        Why.DIAL: _("dials a trunk, and the gate was not asked"),
        Why.VERDICT: _("dials a trunk whatever the gate said"),
        Why.NUMBER: _("dials another number than the gate judged"),
        Why.LIMIT: _("dials without the limit that the gate set"),
        Why.FORKED: _("dials more than the one leg that the gate allowed"),
        Why.VARIABLE: _("dials what a variable says, which can be any trunk"),
        Why.UNDECLARED: _("dials a number by something that is no declared trunk"),
        Why.PAGE: _("pages a trunk"),
        Why.QUEUE: _("a queue that rings a trunk, or whose members cannot be seen"),
        Why.ORIGINATE: _("starts a call by a trunk"),
        Why.FOLLOW_ME: _("FollowMe can dial the lines found below"),
        Why.SCRIPT: _("runs a program that can dial"),
        Why.APPLICATION: _("runs the application that a variable names"),
        Why.GOTO: _("goes where a variable says, which can be behind the gate"),
        Why.BEHIND: _("enters tollguard's lines behind the gate"),
        Why.SWITCH: _("a switch, whose extensions cannot be seen"),
        Why.FOREIGN_T: _("a T extension that catches time limits and does not hang up"),
        Why.REDIRECT: _(
            "its phone can send a call to any address, unseen; use redirect_method=user"
        ),
        Why.CHANGED: _("is not what tollguard ships; copy tollguard.conf again"),
    }
