"""The steps of a decision in words, for `explain` and `verdicts show`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.decision import Step
from tollguard.cli.output import Column, Report, print_table
from tollguard.cli.spans import show_time
from tollguard.i18n import _
from tollguard.reasons import explain


@dataclass(frozen=True, slots=True)
class StepValue:
    """A step as JSON shows it, with its sentence."""

    judge: str
    verdict: str
    reason: str
    text: str
    facts: Mapping[str, str]
    observed: bool

    def as_json(self) -> dict[str, object]:
        """Give the keys in the order that the documentation names them."""
        return {
            "judge": self.judge,
            "verdict": self.verdict,
            "reason": self.reason,
            "text": self.text,
            "facts": dict(self.facts),
            "observed": self.observed,
        }


def from_step(step: Step, zone: str) -> StepValue:
    """Put a step of the core into words."""
    return StepValue(
        judge=step.judge,
        verdict=str(step.verdict),
        reason=str(step.reason),
        text=explain(step.reason, step.facts, _until(dict(step.facts), zone)),
        facts=dict(step.facts),
        observed=step.observed,
    )


def _until(facts: Mapping[str, str], zone: str) -> str | None:
    try:
        return show_time(float(facts["until_s"]), zone)
    except (KeyError, ValueError, OverflowError):
        return None


def step_values(stored: str, zone: str) -> list[dict[str, object]]:
    """Read the steps of a stored verdict; a row that cannot be read has none."""
    try:
        items = json.loads(stored)
        return [_from_stored(item, zone).as_json() for item in items]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []


def _from_stored(item: Mapping[str, Any], zone: str) -> StepValue:
    facts = {str(name): str(value) for name, value in dict(item["facts"]).items()}
    return StepValue(
        judge=str(item["judge"]),
        verdict=str(item["verdict"]),
        reason=str(item["reason"]),
        text=explain(str(item["reason"]), facts.items(), _until(facts, zone)),
        facts=facts,
        observed=bool(item["observed"]),
    )


def sent_field(verdict: str, canonical: str, trunk: str) -> tuple[str, str]:
    """Name the number that a trunk gets, or would get; empty when it cannot be dialled."""
    title = _("sent to trunk") if verdict == "ALLOW" else _("would be sent")
    return title, f"{canonical}@{trunk}" if canonical and trunk else ""


def print_steps(steps: Sequence[Mapping[str, object]]) -> None:
    """Print the steps as a table in their order."""
    rows = [
        {
            "judge": str(step["judge"]),
            "verdict": str(step["verdict"]) + (f" ({_('observed')})" if step["observed"] else ""),
            "text": str(step["text"]),
        }
        for step in steps
    ]
    columns = (
        Column("judge", _("judge")),
        Column("verdict", _("says")),
        Column("text", _("because"), folds=True, gives=True),
    )
    print_table(Report(columns, rows, rows, _("no step was stored")))
