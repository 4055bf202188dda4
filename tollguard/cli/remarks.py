"""What `tollguard check` says: one remark a fault, with its place in the configuration."""

from dataclasses import dataclass

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Remark:
    """What one check has to say.

    Attributes:
        level: ``error`` ends with exit code 78; ``warning`` does not.
        place: The setting it is about.
        text: What is wrong and what to do.
    """

    level: str
    place: str
    text: str
