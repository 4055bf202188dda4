"""Sentences for what is wrong in a configuration: each with its place, its value, its remedy."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tollguard.config_patterns import WORDS

MAX_VALUE_CHARS = 60
BOUNDS: Mapping[str, str] = {
    "literal_error": "is not one of {expected}",
    "greater_than_equal": "is too small; at least {ge}",
    "less_than_equal": "is too large; at most {le}",
    "string_too_long": "is too long; at most {max_length} characters",
    "too_short": "has too few entries; at least {min_length}",
    "too_long": "has too many entries; at most {max_length}",
}


def explain_all(errors: Sequence[Mapping[str, Any]], path: Path) -> str:
    """Render every error of a validation, one line each, in the order of the file's types."""
    lines = [f"  {_line(error)}" for error in errors if not _follows(error, errors)]
    count = len(lines)
    head = f"{path}: {count} error" + ("s" if count > 1 else "")
    return "\n".join([head, *lines])


def _follows(error: Mapping[str, Any], errors: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether a list is only too short because of entries that are told themselves."""
    loc = tuple(error["loc"])
    return error["type"] == "too_short" and any(
        other is not error and tuple(other["loc"])[: len(loc)] == loc for other in errors
    )


def _line(error: Mapping[str, Any]) -> str:
    place, message = _place(error["loc"]), str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "value_error" and message.startswith((f"{place}.", f"{place}:")):
        return message  # about several fields: it names the place itself, the input is a section
    return f"{place}: {_explain(error)}"


def _place(loc: Sequence[int | str]) -> str:
    text = ""
    for part in loc:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".") or "file"


def _explain(error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return "is not a setting; see tollguard config sample"
    if kind == "missing":
        return "is missing; add it"
    if kind == "tuple_type" and isinstance(error["input"], Mapping):
        name = _place(error["loc"])
        return f"there can be several; write [[{name}]] in the place of [{name}]"
    return f"{_shown(error['input'])} {_wrong(kind, context, error['msg'])}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MAX_VALUE_CHARS else text[: MAX_VALUE_CHARS - 1] + "…"


def _wrong(kind: str, context: Mapping[str, Any], message: str) -> str:
    if kind in BOUNDS:
        return BOUNDS[kind].format_map(context)
    if kind == "string_pattern_mismatch":
        return f"is not {WORDS[context['pattern']]}"
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    if kind.endswith("_type") or kind == "is_instance_of":
        return f"is of the wrong type; write {_type_name(kind)}"
    return message[:1].lower() + message[1:]


def _type_name(kind: str) -> str:
    names = {
        "string_type": 'text in quotes, "…"',
        "int_type": "a whole number without quotes",
        "bool_type": "true or false without quotes",
        "tuple_type": "a list, […]",
        "model_type": "a section, [name]",
        "is_instance_of": "a path in quotes",
    }
    return names.get(kind, kind.removesuffix("_type"))
