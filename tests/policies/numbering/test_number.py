"""Tests of what a number costs."""

import pytest

from policies.numbering.number import FREE_CLASSES, Number, NumberClass


@pytest.mark.parametrize("number_class", NumberClass)
def test_only_the_plain_classes_are_free(number_class: NumberClass) -> None:
    """Whatever is not surely cheap waits for a row in the ledger."""
    number = Number("x", number_class, None, None, "")

    assert number.chargeable is (number_class not in FREE_CLASSES)
    assert Number("x", NumberClass.SHARED_COST, None, None, "").chargeable
    assert not Number("110", NumberClass.EMERGENCY, None, None, "110").chargeable
