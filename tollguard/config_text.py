"""The configuration as text: the annotated sample, the effective file, the table of settings."""

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from tollguard.config import Config, Section, TrunkSection

WIDTH = 96
HEAD = (
    "# What root decides about this machine. Secrets stand in files of their own.\n"
    "# Each value below is the default; `tollguard check` says what is wrong.\n"
)
# Not a default: what is not declared is denied, so the sample shows how one is declared.
SAMPLE_TRUNK = TrunkSection(endpoint="trunk")


def sample() -> str:
    """Print the annotated file with every default, from the types."""
    parts = [HEAD]
    for name, field in Config.model_fields.items():
        if name == "trunk":
            parts.append(_annotated("[[trunk]]", SAMPLE_TRUNK))
        else:
            parts.append(_annotated(f"[{name}]", field.get_default(call_default_factory=True)))
    return "\n".join(parts)


def effective(config: Config) -> str:
    """Print the values in force as TOML."""
    parts: list[str] = []
    for name in Config.model_fields:
        value = getattr(config, name)
        sections = value if isinstance(value, tuple) else (value,)
        head = f"[[{name}]]" if isinstance(value, tuple) else f"[{name}]"
        parts.extend(head + "\n" + "\n".join(_settings(section)) + "\n" for section in sections)
    return "\n".join(parts)


def _annotated(head: str, section: Section) -> str:
    lines = [_comment(type(section).__doc__ or ""), head]
    for name, field in type(section).model_fields.items():
        lines.extend(["", _comment(_described(field))])
        lines.append(f"{name} = {toml_value(getattr(section, name))}")
    return "\n".join(lines) + "\n"


def _settings(section: Section) -> Iterator[str]:
    for name in type(section).model_fields:
        yield f"{name} = {toml_value(getattr(section, name))}"


def _comment(text: str) -> str:
    return "\n".join(f"# {line}" for line in wrap(text, WIDTH))


def _described(field: FieldInfo) -> str:
    limits = _limits(field)
    return f"{field.description} ({limits})" if limits else str(field.description)


def _limits(field: FieldInfo) -> str:
    """Name the choices or the bounds of a setting, when it has some."""
    if get_origin(field.annotation) is Literal:
        return " | ".join(f'"{choice}"' for choice in get_args(field.annotation))
    low = next((m.ge for m in field.metadata if hasattr(m, "ge")), None)
    high = next((m.le for m in field.metadata if hasattr(m, "le")), None)
    return f"{low} to {high}" if low is not None and high is not None else ""


def toml_value(value: Any) -> str:  # noqa: ANN401 - any value that a setting can have
    """Render one value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    assert isinstance(value, (str, Path))
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def as_json(config: Config) -> dict[str, Any]:
    """Give the values in force as JSON has them."""
    values: dict[str, Any] = json.loads(config.model_dump_json())
    return values


def markdown() -> str:
    """Make ``docs/config.md``: the sample, then each section's settings as a table."""
    lines = [
        "# Configuration",
        "",
        "`/etc/tollguard/tollguard.toml`, or what `--config` or `TOLLGUARD_CONFIG` names.",
        "It holds what root decides about one machine; what operators change by day is in the"
        " store.",
        "Every error is reported at once, with its place; the exit code is 78.",
        "This page is generated from the types (`make docs` checks it).",
        "",
    ]
    for name, field in Config.model_fields.items():
        section = TrunkSection if name == "trunk" else type(field.default)
        lines.extend(_section(f"[[{name}]]" if name == "trunk" else f"[{name}]", section))
    lines.extend(["## The whole file", "", "`tollguard config sample` prints it:", ""])
    lines.extend(["```toml", sample().rstrip(), "```", ""])
    return "\n".join(lines)


def _section(head: str, section: type[Section]) -> list[str]:
    lines = [f"## `{head}`", "", str(section.__doc__), ""]
    lines.extend(["| setting | default | what it decides |", "|---|---|---|"])
    for name, field in section.model_fields.items():
        default = "required" if field.is_required() else f"`{toml_value(field.default)}`"
        text = _described(field).replace("|", "\\|")
        lines.append(f"| `{name}` | {default} | {text} |")
    return [*lines, ""]
