"""Wrong gate keys are counted while they are recent, and told at most once a minute."""

import re

import pytest

from tollguard.key_watch import KeyWatch


def test_wrong_keys_are_counted_while_they_are_recent(capsys: pytest.CaptureFixture[str]) -> None:
    """They are counted since the first; ten quiet minutes after the last begin anew."""
    totals: list[int] = []
    watch = KeyWatch(lambda: totals[-1])
    seen = []
    for now_s, total in ((0.0, 0), (5.0, 2), (500.0, 3), (1_100.0, 3), (1_101.0, 3), (1_200.0, 4)):
        totals.append(total)
        watch.look(now_s)
        seen.append((watch.count, watch.since_s))

    assert seen == [(0, 0.0), (2, 5.0), (3, 5.0), (3, 5.0), (0, 5.0), (1, 1_200.0)]
    assert capsys.readouterr().out.count("wrong-gate-key") == 3


def test_the_log_is_told_once_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    """However many come, each line has how many since the last line."""
    totals = [0]
    watch = KeyWatch(lambda: totals[-1])
    for total in range(1, 123):
        totals.append(total)
        watch.look(float(total))
    told = capsys.readouterr().out

    assert re.findall(r"count=\S*?(\d+)\b", re.sub(r"\x1b\[\d*m", "", told)) == ["1", "60", "60"]
