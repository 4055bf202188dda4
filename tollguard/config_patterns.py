"""What names, digits and hosts may look like, and how that is said in words.

Nothing that passes can end a manager header, a dialplan line or a dial string.
"""

from collections.abc import Mapping

# What Asterisk accepts in a section name and what survives in a dial string unquoted.
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,78}$"
DIGITS = r"^[0-9*#]{1,8}$"
OUTSIDE_LINE = r"^[0-9*#]{0,4}$"
LITERAL = r"^\+?[0-9*#]{2,32}$"
COUNTRY = r"^[A-Z]{2}$"
HOST = r"^[A-Za-z0-9_.:%-]{1,253}$"

WORDS: Mapping[str, str] = {
    NAME: "1 to 79 letters, digits, dots, dashes and underscores",
    DIGITS: "1 to 8 of 0-9 * #",
    OUTSIDE_LINE: "at most 4 of 0-9 * #",
    LITERAL: "2 to 32 of 0-9 * #, with or without a plus before them",
    COUNTRY: "two capital letters of ISO 3166, such as JP",
    HOST: "an address or a host name",
}
PLAIN_PATH = r"/[A-Za-z0-9_./-]{1,200}"
