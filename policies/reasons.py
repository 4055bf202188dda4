"""Every reason code that the core can give, in one place, so that the shell can prove it has words.

Codes are an API: never renamed, only added to.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a judge answered as it did, or why a number could not be classified."""

    # Judges that settle a call.
    ALLOWED = "allowed"
    EMERGENCY = "emergency"
    MALFORMED = "malformed"
    UNKNOWN_TRUNK = "unknown-trunk"
    ENDPOINT_SUSPENDED = "endpoint-suspended"
    UNCLASSIFIABLE = "unclassifiable"
    CLASS_DENIED = "class-denied"
    INTERNATIONAL_SUSPENDED = "international-suspended"
    INTERNATIONAL_NOT_PERMITTED = "international-not-permitted"
    COUNTRY_SUSPENDED = "country-suspended"
    TOO_MANY_CALLS = "too-many-calls"
    TRUNK_FULL = "trunk-full"
    NOBODY_NOT_PERMITTED = "nobody-not-permitted"

    # Judges that abstain.
    RESPONSIBLE = "responsible"
    NOBODY_RESPONSIBLE = "nobody-responsible"
    WELL_FORMED = "well-formed"
    NOT_EMERGENCY = "not-emergency"
    KNOWN_TRUNK = "known-trunk"
    ENDPOINT_NOT_SUSPENDED = "endpoint-not-suspended"
    CLASSIFIED = "classified"
    CLASS_PERMITTED = "class-permitted"
    NOT_INTERNATIONAL = "not-international"
    INTERNATIONAL_PERMITTED = "international-permitted"
    COUNTRY_NOT_SUSPENDED = "country-not-suspended"
    NOT_CHARGEABLE = "not-chargeable"
    WITHIN_CALL_LIMITS = "within-call-limits"

    # Why an outgoing leg is not what the gate allowed, or is judged again.
    NO_PROOF = "no-token"
    PROOF_USED = "token-used"
    PROOF_OF_ANOTHER_CHANNEL = "token-of-another-channel"
    PROOF_OF_ANOTHER_TRUNK = "token-of-another-trunk"
    PROOF_OF_ANOTHER_NUMBER = "token-of-another-number"
    PROOF_TOO_OLD = "token-too-old"
    POLICY_CHANGED = "policy-changed"
    UNDECLARED_LEG = "undeclared-leg"
    FOUND_WITHOUT_ROW = "found-without-row"
    MAYBE_EMERGENCY = "maybe-emergency"

    # Why a dialled string is malformed.
    EMPTY = "empty"
    TOO_LONG = "too-long"
    FOREIGN_CHARACTER = "foreign-character"

    # Why a well-formed string has no certain meaning.
    NOTHING_AFTER_PREFIX = "nothing-after-prefix"
    CARRIER_CODE = "carrier-code"
    NOT_E164 = "not-e164"
    UNASSIGNED_CALLING_CODE = "unassigned-calling-code"
    UNALLOCATED_RANGE = "unallocated-range"
    HOME_PREFIX_ABROAD = "home-prefix-abroad"
    NO_INTERNATIONAL_PREFIX = "no-international-prefix"
    CLOSED_RANGE = "closed-range"
    WRONG_LENGTH = "wrong-length"
    FEATURE_CODE = "feature-code"
    UNKNOWN_SHORT_NUMBER = "unknown-short-number"
    NO_RULE = "no-rule"


REASONS: tuple[str, ...] = tuple(reason.value for reason in Reason)
