"""Cuts the arguments of dialplan applications, because every one of them nests in its own way.

Asterisk replaces variables first and cuts then; here the variables stay, so whatever stands in
brackets, braces or quotes is taken whole.
"""

from collections.abc import Iterator

_OPENS = "([{"
_CLOSES = ")]}"


def split(text: str, separator: str, most: int = 0) -> list[str]:
    """Cut a text at a separator that stands in no bracket, brace or quote.

    Args:
        text: Arguments as written.
        separator: One character.
        most: Cuts at most; 0 for any number.

    Returns:
        At least one part, each without space around it.
    """
    parts: list[str] = []
    begin = 0
    for index, character in _outside(text):
        if character == separator and (not most or len(parts) < most):
            parts.append(text[begin:index].strip())
            begin = index + 1
    return [*parts, text[begin:].strip()]


def called(text: str) -> tuple[str, str]:
    """Cut ``name(arguments)`` into the two; ``context,exten,1(arguments)`` too."""
    for index, character in _outside(text):
        if character == "(":
            return text[:index].strip(), text[index + 1 :].rpartition(")")[0]
    return text.strip(), ""


def branches(text: str) -> tuple[str, str, str]:
    """Cut ``condition?one:other`` into the three; what is missing is empty."""
    condition, _, rest = _cut(text, "?")
    one, _, other = _cut(rest, ":")
    return condition, one, other


def _cut(text: str, separator: str) -> tuple[str, str, str]:
    one, *others = split(text, separator, 1)
    return one, separator if others else "", "".join(others)


def _outside(text: str) -> Iterator[tuple[int, str]]:
    """Walk the characters that stand in no bracket, brace or quote, opening ones included."""
    depth, quoted, escaped = 0, False, False
    for index, character in enumerate(text):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif not quoted:
            depth -= character in _CLOSES and depth > 0
            if depth == 0 and character not in _CLOSES:
                yield index, character
            depth += character in _OPENS
