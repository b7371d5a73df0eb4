"""What the mails about an account say."""

from portal.mail.queue import Mail


def reset_mail(product_name: str, to: str, address: str) -> Mail:
    """Holds the address at which a new password is set."""
    return Mail(
        to,
        f"Set a new password for {product_name}",
        f"Somebody, probably you, asked for a new password at {product_name}, or an account was made for you.\n\n"
        f"Set it here within an hour:\n{address}\n\n"
        "If it was not you, do nothing: nothing changes.\n",
    )


def verification_mail(product_name: str, to: str, address: str) -> Mail:
    """Holds the address at which the e-mail address is confirmed."""
    return Mail(
        to,
        f"Confirm your e-mail address for {product_name}",
        f"Confirm here within a day that this address is yours:\n{address}\n\n"
        f"If you have no account at {product_name}, do nothing.\n",
    )


def notice_mail(product_name: str, to: str, what: str) -> Mail:
    """Tells of a change that an attacker would make; `what` is a sentence."""
    return Mail(
        to,
        f"Your account at {product_name} has changed",
        f"{what}\n\nIf it was not you, set a new password at once, sign out everywhere, and tell your administrator.\n",
    )
