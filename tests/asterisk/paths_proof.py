"""Says of a play whether the call abroad stood and by whose right, or that it never was one."""

from collections.abc import Callable, Iterable
from typing import Any

from tests.asterisk.paths_stage import STAY_S, Path, Play

CUT_WITHIN_S = 1.0

Record = Callable[[Play], None]


def granted(paths: Iterable[Path]) -> list[str]:
    """Name the paths on which somebody asks, who may."""
    return [path.name for path in paths if path.may_stand]


def refused(paths: Iterable[Path]) -> list[tuple[str, int | None]]:
    """List each path with each phone that may not; with None where nobody asks."""
    return [
        (path.name, without)
        for path in paths
        for without in path.variants
        if without is not None or not path.may_stand
    ]


def assert_granted(play: Play) -> None:
    """See that the call stood, once, with the judged number, by the right of the right ones."""
    assert play.error == ""
    assert play.call is not None, play.verdicts
    assert play.stage.found(play) == [play.call]
    assert (play.call.ended_by, play.lived_s >= STAY_S) == ("", True), play.verdicts
    (row, *_) = play.verdicts
    assert (row["verdict"], row["canonical"].encode()) == ("ALLOW", play.call.number)
    assert held(row) == (play.path.via, names(play))


def assert_refused(play: Play) -> None:
    """See that nothing reached the trunk, or nothing that lived; and that somebody is named."""
    assert play.error == ""
    assert play.lived_s < CUT_WITHIN_S, play.verdicts
    assert [row["verdict"] for row in play.verdicts] == ["DENY"] * len(play.verdicts)
    assert play.verdicts != []
    assert held(play.verdicts[0]) == (play.path.via, names(play))


def names(play: Play) -> tuple[str | None, tuple[str, ...]]:
    """Name the actor who is to be held responsible, and the others."""
    held = [play.names[one] if isinstance(one, int) else one for one in play.path.held]
    if play.path.via == "nobody":
        return None, tuple(sorted(held))
    # a trunk takes the right away, and is nobody who could be held to it
    return held[0], tuple(sorted(one for one in held[1:] if one != "trunk"))


def held(row: dict[str, Any]) -> tuple[str, tuple[str | None, tuple[str, ...]]]:
    """Read from a verdict whom it held responsible, and how he was known."""
    (facts,) = [step["facts"] for step in row["steps"] if step["judge"] == "principal"]
    others = facts.get("others", "")
    return (
        facts["via"],
        (facts["endpoint"] or None, tuple(sorted(others.split(",") if others else ()))),
    )


def outcome(play: Play) -> tuple[str, ...]:
    """Say in words what came of a play; the phones are named by their place in it."""
    lacking = "-" if play.without is None else f"phone {play.without}"
    row = play.verdicts[0] if play.verdicts else None
    verdict, via, who = "none", "-", "-"
    if row is not None:
        verdict, (via, (actor, others)) = row["verdict"], held(row)
        who = ", ".join(name_of(play, name) for name in (actor, *others))
    stood = f"{play.lived_s:.1f} s" if play.call else "nothing"
    return (play.path.name, lacking, verdict, who, via, stood)


def name_of(play: Play, endpoint: str | None) -> str:
    """Name a phone by its place in the play."""
    if endpoint is None:
        return "nobody"
    return f"phone {play.names.index(endpoint)}" if endpoint in play.names else endpoint
