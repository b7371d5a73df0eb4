"""Reads the numbers in Twilio's answers: decimals as texts, counts as texts too, or nothing at all."""

from decimal import Decimal

_DIGITS, _DECIMALS = 15, 12  # of any amount that can be


def exact(value: object) -> Decimal:
    """The number, exactly; what is not there is nothing.

    Raises:
        ValueError: it is none that an amount can be.
        ArithmeticError: it is no number.
    """
    if value is None or value == "":
        return Decimal(0)
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_DECIMALS or number.adjusted() >= _DIGITS:  # or NaN, or infinite
        raise ValueError("not a number that an amount can be")
    return number
