"""Extensions match as Asterisk matches them, and look-ups follow includes."""

import pytest

from policies.coverage.dialplan import Index, Place, bounded, expression
from tests.policies.coverage.written import dialplan


@pytest.mark.parametrize(
    ("exten", "matches", "differs"),
    [
        ("6001", ("6001",), ("600", "60011")),
        ("s", ("s",), ("S1",)),
        ("_60XX", ("6012",), ("601", "60123", "60a1")),
        ("_Z.", ("1x", "9@trunk"), ("0x", "1")),
        ("_N!", ("2", "23"), ("1",)),
        ("_[2-5a]x", ("39", "a1"), ("61",)),
        ("_[0-9+*#].", ("+1", "#1"), ("-1",)),
        ("_1-2", ("12",), ("1-2",)),
        ("_[]1", (), ("1",)),
        ("_[9-2]1", (), ("91",)),
        ("_[^\\[]", ("^", "["), ("1",)),
        ("_[1", ("[1",), ("1",)),
    ],
)
def test_an_extension_matches(
    exten: str, matches: tuple[str, ...], differs: tuple[str, ...]
) -> None:
    """X, Z, N, sets, an open end and the ignored dash; a name matches itself."""
    assert [text for text in (*matches, *differs) if expression(exten).fullmatch(text)] == list(
        matches
    )


def test_an_open_end_matches_anything() -> None:
    """Only a dot or an exclamation mark in a pattern is one."""
    assert [bounded(exten) for exten in ("6001", "a.b", "_60XX", "_6.", "_6!")] == [
        True,
        True,
        True,
        False,
        False,
    ]


PLAN = Index(
    dialplan(
        """
        [phones]
        6001,2,NoOp()
        6001,1,NoOp()
        6001,1,Wait(1)
        include out
        [out]
        _0X.,1(go),NoOp()
        _0X.,3,NoOp()
        include far
        [far]
        _0.,1,NoOp()
        include phones
        """
    )
)


def test_includes_are_followed_in_both_ways() -> None:
    """Even in a ring, each context is seen once, itself first."""
    assert PLAN.seen("phones") == ("phones", "out", "far")
    assert PLAN.includers("far") == ("far", "out", "phones")
    assert PLAN.seen("unknown") == ("unknown",)


def test_a_dialled_text_is_looked_for_in_includes() -> None:
    """Names and patterns match, and so does a pattern's own name."""
    assert PLAN.matching("phones", "012") == [("out", "_0X."), ("far", "_0.")]
    assert PLAN.matching("phones", "6001") == [("phones", "6001")]
    assert PLAN.matching("out", "_0X.") == [("out", "_0X.")]


def test_priorities_are_numbers_labels_or_all() -> None:
    """A variable means each of them; what is not there means none."""
    known = [PLAN.priorities("out", "_0X.", wanted) for wanted in ("1", "2", "go", "no", "${X}")]

    assert known == [[1], [], [1], [], [1, 3]]
    assert PLAN.priorities("nowhere", "s", "${X}") == []


def test_a_call_may_begin_where_nothing_precedes() -> None:
    """Priority 1, and one after a gap, which another extension's lines lead to."""
    heads = set(PLAN.heads())

    assert heads == {
        Place("phones", "6001", 1),
        Place("out", "_0X.", 1),
        Place("out", "_0X.", 3),
        Place("far", "_0.", 1),
    }
    assert len(PLAN.at[Place("phones", "6001", 1)]) == 2
