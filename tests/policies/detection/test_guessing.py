"""Tests of the detector of password guessing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.detection import guessing
from policies.detection.finding import Finding, FindingKind, Severity
from policies.detection.guessing import GuessingDetector
from policies.events import Authentication, AuthOutcome, Blinded
from tests.policies.builders import ATTACKER, failure


def run(detector: GuessingDetector, *events: Authentication) -> list[Finding]:
    """Show events in order and collect every finding."""
    return [finding for event in events for finding in detector.observe(event)]


def test_a_source_over_its_threshold_is_found_with_evidence() -> None:
    """The third failure of a source in a window makes a finding that names what it tried."""
    detector = GuessingDetector(60, per_source=3, per_account=100)

    found = run(detector, *(failure(10.0 + i, account=f"600{i}") for i in range(3)))

    assert found == [
        Finding(
            FindingKind.GUESSING_SOURCE,
            ATTACKER.ip,
            first_at_s=10.0,
            last_at_s=12.0,
            count=3,
            accounts=("6000", "6001", "6002"),
            sources=(ATTACKER.ip,),
            severity=Severity.WARNING,
        )
    ]


def test_an_account_tried_from_many_sources_is_found() -> None:
    """Sources that fail once each are one finding about the account."""
    detector = GuessingDetector(60, per_source=10, per_account=30)

    found = run(detector, *(failure(i / 10, ip=f"198.51.100.{i}") for i in range(30)))

    (finding,) = found
    assert (finding.kind, finding.subject) == (FindingKind.GUESSING_ACCOUNT, "6001")
    assert finding.count == 30
    assert finding.sources == tuple(f"198.51.100.{i}" for i in range(20))


@pytest.mark.parametrize(
    ("gap_s", "findings"), [(4.0, 1), (14.9, 1), (18.0, 0), (30.0, 0), (70.0, 0)]
)
def test_the_window_slides(gap_s: float, findings: int) -> None:
    """Five failures count together only within one window, however they straddle its steps."""
    detector = GuessingDetector(60, per_source=5, per_account=100)

    found = run(detector, *(failure(7.0 + i * gap_s) for i in range(5)))

    assert len(found) == findings


@given(st.lists(st.floats(0, 300), max_size=60))
def test_the_window_never_counts_less_than_it_must(times: list[float]) -> None:
    """A burst within a window is always found, whatever came before it."""
    detector = GuessingDetector(60, per_source=5, per_account=100)
    before = [failure(at_s, session=str(i)) for i, at_s in enumerate(sorted(times))]
    run(detector, *before)

    found = run(detector, *(failure(400.0 + i * 14.9) for i in range(5)))

    assert found


def test_changes_are_told_once_a_second_and_the_last_one_when_due() -> None:
    """A burst of forty is told at its start, and its end when the second is over."""
    detector = GuessingDetector(60, per_source=10, per_account=100)

    found = run(detector, *(failure(5.0 + i / 100) for i in range(40)))

    assert [finding.count for finding in found] == [10]
    assert detector.due(5.5) == ()
    assert [finding.count for finding in detector.due(6.2)] == [40]
    assert detector.due(7.3) == ()


def test_a_second_later_it_is_told_again() -> None:
    """The same kind and subject is told again with its new count, then as critical."""
    detector = GuessingDetector(60, per_source=1, per_account=100)

    found = run(detector, *(failure(float(i)) for i in range(10)))

    assert [finding.count for finding in found] == list(range(1, 11))
    assert found[8].severity is Severity.WARNING
    assert found[9].severity is Severity.CRITICAL


def test_the_events_of_one_attempt_count_once() -> None:
    """An unknown account and the wrong response after it are one failure."""
    detector = GuessingDetector(60, per_source=1, per_account=1)
    unknown = failure(1.0, "nobody", session="a", outcome=AuthOutcome.UNKNOWN_ACCOUNT)
    wrong = failure(1.01, "<unknown>", session="a")

    found = run(detector, unknown, wrong)

    assert [(finding.subject, finding.count) for finding in found] == [
        (ATTACKER.ip, 1),
        ("nobody", 1),
    ]
    assert detector.due(10.0) == ()


Attempt = tuple[str, AuthOutcome | None]


def shown(attempts: list[Attempt], step_s: float) -> list[Authentication]:
    """Give what Asterisk 22 shows of attempts in one session; None is one on no account.

    It tells of both requests of such an attempt, and of the second's response besides.
    """
    events = []
    for number, (account, outcome) in enumerate(attempts):
        at_s = 100.0 + number * step_s
        first = outcome or AuthOutcome.UNKNOWN_ACCOUNT
        events.append(failure(at_s, account, session="same", outcome=first))
        if outcome is None:
            at_s += step_s / 2
            events.append(failure(at_s, account, session="same", outcome=first))
            events.append(failure(at_s, "<unknown>", session="same"))
    return events


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.none())
        | st.tuples(st.sampled_from("pq"), st.just(AuthOutcome.BAD_RESPONSE)),
        min_size=1,
        max_size=60,
    ),
    st.sampled_from([0.0, 0.012, 0.25, 0.9]),
)
def test_one_session_hides_no_attempt(attempts: list[Attempt], step_s: float) -> None:
    """The caller chooses the Call-ID: N attempts under one count N, and each one once."""
    detector = GuessingDetector(600, per_source=1, per_account=1_000)
    found = run(detector, *shown(attempts, step_s))
    found.extend(detector.due(1_000.0))

    assert found[-1].count == len(attempts)


def test_requests_alone_count_at_least_by_halves() -> None:
    """Who never answers the challenge hides at most every second request of a session."""
    detector = GuessingDetector(600, per_source=1, per_account=1_000)
    requests = (
        failure(i * 0.01, "nobody", session="same", outcome=AuthOutcome.UNKNOWN_ACCOUNT)
        for i in range(9)
    )
    found = [*run(detector, *requests), *detector.due(1_000.0)]

    assert found[-1].count == 5


def test_a_refusal_and_what_follows_it_are_one_failure() -> None:
    """An address that the account's list refuses is not also a wrong response."""
    detector = GuessingDetector(60, per_source=1, per_account=100)
    refused = failure(1.0, session="a", outcome=AuthOutcome.ACL_REFUSED)
    wrong = failure(1.01, session="a")

    assert [finding.count for finding in run(detector, refused, wrong)] == [1]
    assert detector.due(10.0) == ()


@pytest.mark.parametrize("again_s", [0.1, 2.0])
def test_a_reused_session_does_not_hide_attempts(again_s: float) -> None:
    """The caller chooses the Call-ID: a second wrong response, or a later one, counts."""
    detector = GuessingDetector(60, per_source=5, per_account=100)

    found = run(detector, *(failure(i * again_s, session="same") for i in range(5)))

    assert [finding.count for finding in found] == [5]


def test_the_same_session_of_another_source_is_another_attempt() -> None:
    """A stranger's Call-ID does not hide somebody else's failure."""
    detector = GuessingDetector(60, per_source=100, per_account=2)
    events = [failure(1.0, ip=f"192.0.2.{i}", session="same") for i in range(2)]

    assert [finding.count for finding in run(detector, *events)] == [2]


@pytest.mark.parametrize("outcome", [AuthOutcome.SUCCEEDED, AuthOutcome.CHALLENGED])
def test_what_is_no_failure_is_ignored(outcome: AuthOutcome) -> None:
    """Success and the first step of every phone count nothing; nor do other events."""
    detector = GuessingDetector(60, per_source=1, per_account=1)

    assert run(detector, failure(1.0, outcome=outcome)) == []
    assert detector.observe(Blinded(1.0, "gone")) == ()


def test_a_failure_without_an_account_counts_for_its_source_alone() -> None:
    """An unnamed account is no subject and no evidence."""
    detector = GuessingDetector(60, per_source=1, per_account=1)

    (finding,) = run(detector, failure(1.0, account="<unknown>"))

    assert (finding.kind, finding.accounts) == (FindingKind.GUESSING_SOURCE, ())


def test_a_new_episode_begins_with_new_evidence() -> None:
    """After a quiet window the count, the first time and the evidence start again."""
    detector = GuessingDetector(60, per_source=1, per_account=100)
    run(detector, failure(1.0, account="old"))

    (finding,) = run(detector, failure(200.0, account="new"))

    assert (finding.count, finding.first_at_s, finding.accounts) == (1, 200.0, ("new",))


def test_a_step_back_in_time_is_survived() -> None:
    """An event older than the last one counts in the newest step."""
    detector = GuessingDetector(60, per_source=2, per_account=100)

    found = run(detector, failure(100.0), failure(50.0))

    assert [finding.count for finding in found] == [2]


def test_strangers_cannot_make_it_grow() -> None:
    """Sources, accounts and sessions without end leave bounded tables and bounded evidence."""
    detector = GuessingDetector(60, per_source=1, per_account=1, rows_per_generation=50)

    for i in range(2_000):
        detector.observe(failure(i / 1_000, account="x" * 1_000 + str(i), ip=f"2001:db8::{i:x}"))

    assert len(detector._counters) <= 100
    assert len(detector._sessions) <= 100
    assert len(detector._evidence) <= guessing.MAX_EVIDENCE_SUBJECTS
    assert set(detector._untold) <= set(detector._evidence)


def test_a_subject_whose_counter_was_dropped_is_not_told() -> None:
    """A flood that drops a counter leaves nothing to tell of it."""
    detector = GuessingDetector(60, per_source=2, per_account=1_000, rows_per_generation=4)
    run(detector, *(failure(i / 10) for i in range(3)))
    run(detector, *(failure(1.0, account=f"a{i}", ip=f"198.51.100.{i}") for i in range(20)))

    assert detector.due(10.0) == ()


@pytest.mark.parametrize("arguments", [(0, 1, 1), (60, 0, 1), (60, 1, 0)])
def test_thresholds_must_mean_something(arguments: tuple[float, int, int]) -> None:
    """A window or a threshold of nothing is refused."""
    with pytest.raises(ValueError, match="too small"):
        GuessingDetector(*arguments)
