"""Every text that a user sees goes through here, so that it can be had in Japanese.

Write ``_("{count} calls").format(count=n)`` and never an f-string inside ``_()``: the catalogue
is keyed by the text as it stands in the source.
"""

import gettext
import os
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path

DOMAIN = "tollguard"
LOCALE_FOLDER = Path(__file__).parent / "locale"
LANGUAGES = ("en", "ja")

_CATALOGUE: ContextVar[gettext.NullTranslations] = ContextVar("catalogue")


def use_language(language: str) -> None:
    """Speak ``language`` from now on; English where it has no catalogue or no such text."""
    _CATALOGUE.set(gettext.translation(DOMAIN, LOCALE_FOLDER, languages=[language], fallback=True))


def language_of(environment: Mapping[str, str] = os.environ) -> str:
    """Choose the language that the environment asks for, as gettext would; else English."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "")
        if value:
            return "ja" if value.startswith("ja") else "en"
    return "en"


def _(text: str) -> str:
    """Give the text in the language in use."""
    return _catalogue().gettext(text)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Give the form for ``count`` in the language in use."""
    return _catalogue().ngettext(singular, plural, count)


def _catalogue() -> gettext.NullTranslations:
    return _CATALOGUE.get(gettext.NullTranslations())
