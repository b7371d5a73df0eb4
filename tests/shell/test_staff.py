"""The operator's commands for the ISV's own people, as they are typed, and what comes of them in the served portal."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx2

from tests.mailbox import mails
from tests.product import SECRET, Product

PORTAL = Path(sys.executable).with_name("portal")
IRIS = ("add", "Iris@owl.example", "--name", "Iris Support", "--role", "isv_support")
FORM = {"Sec-Fetch-Site": "same-origin"}
PASSWORD = "a long walk on the beach"


def _staff(product: Product, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "DATABASE_URL": product.settings.database().url(),
        "SECRET_KEY": SECRET,
        "PUBLIC_URL": product.url,
        "PORTAL_HOME": "/nonexistent",
        "COLUMNS": "200",
    }
    return subprocess.run([PORTAL, "staff", *arguments], env=environment, capture_output=True, text=True, check=False)


async def _mailed_token(product: Product) -> str:
    mail = (await mails(product.database, product.box))[-1]
    assert mail.to == "iris@owl.example"
    found = re.search(rf"{product.url}/password/reset\?token=(\S+)", mail.text)
    assert found
    return found[1]


async def _set_password(http: httpx2.AsyncClient, token: str) -> int:
    fields = {"token": token, "password": PASSWORD, "again": PASSWORD}
    return (await http.post("/password/reset", data=fields, headers=FORM)).status_code


async def _sign_in(http: httpx2.AsyncClient) -> httpx2.Response:
    fields = {"email": "iris@owl.example", "password": PASSWORD, "return_to": "/"}
    return await http.post("/sign-in", data=fields, headers=FORM)


async def test_somebody_of_the_staff_is_mailed_sets_a_password_and_has_to_set_a_second_factor_up(
    product: Product,
) -> None:
    added = _staff(product, *IRIS)
    assert (added.returncode, added.stderr) == (0, "")
    assert _staff(product, "list").stdout == "iris@owl.example  Iris Support  ISV_SUPPORT\n"
    async with httpx2.AsyncClient(base_url=product.url, trust_env=False, timeout=60) as http:
        assert await _set_password(http, await _mailed_token(product)) == 303
        signed_in = await _sign_in(http)
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/sign-in/enrol")


async def test_whoever_lost_the_mail_gets_another_and_the_first_is_good_no_more(product: Product) -> None:
    assert _staff(product, *IRIS).returncode == 0
    first = await _mailed_token(product)
    assert _staff(product, *IRIS).returncode == 0
    async with httpx2.AsyncClient(base_url=product.url, trust_env=False, timeout=60) as http:
        assert await _set_password(http, first) == 400
        assert await _set_password(http, await _mailed_token(product)) == 303
    again = _staff(product, *IRIS)
    assert (again.returncode, "has an account with this e-mail address already" in again.stderr) == (1, True)


async def test_a_disabled_account_signs_in_no_more_and_is_disabled_once(product: Product) -> None:
    assert _staff(product, *IRIS).returncode == 0
    async with httpx2.AsyncClient(base_url=product.url, trust_env=False, timeout=60) as http:
        assert await _set_password(http, await _mailed_token(product)) == 303
        assert _staff(product, "disable", "iris@owl.example").returncode == 0
        assert (await _sign_in(http)).status_code == 401
    assert _staff(product, "list").stdout == "iris@owl.example  Iris Support  ISV_SUPPORT  disabled\n"
    again = _staff(product, "disable", "iris@owl.example")
    assert (again.returncode, "disabled already" in again.stderr, "Traceback" in again.stderr) == (1, True, False)


async def test_what_is_no_address_or_no_role_gives_no_account(product: Product) -> None:
    for arguments, code in ((("add", "iris", *IRIS[2:]), 1), ((*IRIS[:-1], "owner"), 2)):
        refused = _staff(product, *arguments)
        assert (refused.returncode, "Traceback" in refused.stderr) == (code, False)
    assert _staff(product, "list").stdout == ""
