"""Says whether a figure meets what the design promises; the exit code never does."""


def at_least(figure: float, target: float, unit: str = "") -> str:
    """Say whether a figure is not below its target."""
    return _said(figure >= target, f"{_shown(target)}{unit} or more")


def at_most(figure: float, target: float, unit: str = "") -> str:
    """Say whether a figure is not above its target."""
    return _said(figure <= target, f"{_shown(target)}{unit} or less")


def _shown(target: float) -> str:
    return f"{target:g}"


def _said(met: bool, target: str) -> str:  # noqa: FBT001 - the one thing it says
    word = "met" if met else "MISSED"
    return f"{word:<6}  (target {target})"
