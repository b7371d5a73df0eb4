"""`portal run`, the whole product: started, used, stopped, killed, and started again on yesterday's data."""

import os
import re
import signal
import socket
import stat

import httpx2
import pyotp
import pytest

from auth.authentication import PROOF_HEADER
from tests.shell.installation import RUN, Installation
from tests.waiting import until

ECONOMICS = """{
  rateCard { version source }
  tierEconomics { plan { name } tenants worstCase { costOfGoodsSold { amount } } }
}"""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


async def test_a_stopped_portal_leaves_no_process_and_finds_its_data_again(installation: Installation) -> None:
    await installation.start()
    demo = installation.demo()
    assert stat.S_IMODE((installation.home / "demo.json").stat().st_mode) == 0o600
    assert list(demo) == ["url", "graphql", "issuer", "accounts", "clients", "applications"]
    assert demo["graphql"] == f"http://localhost:{installation.port}/graphql"
    roles = ["OWNER", "ADMINISTRATOR", "DEVELOPER", "BILLING_MANAGER", "SUPPORT"]
    by_tenant = {
        tenant: [one["role"] for one in demo["accounts"] if one["tenant"] == tenant]
        for tenant in {one["tenant"] for one in demo["accounts"]}
    }
    assert by_tenant == {
        "Falcon Flights": roles,
        "Freestyle Falcons": roles,
        "Kestrel Surf": ["OWNER"],
        "Harrier Runners": ["OWNER"],
        None: ["ISV_SUPPORT", "ISV_OPERATOR"],
    }
    assert [one["role"] for one in demo["accounts"] if "totp_secret" in one] == ["ISV_SUPPORT", "ISV_OPERATOR"]
    assert {client["tenant"] for client in demo["clients"]} == by_tenant.keys() - {None}
    printed = installation.output.read_text()
    assert all(one["password"] in printed for one in demo["accounts"])
    assert demo["clients"][0]["client_secret"] in printed
    made = installation.ask(
        'mutation { contactCreate(input: {number: "+12025550142", name: "Yesterday"}) { contact { id } } }'
    )
    contact = made["contactCreate"]["contact"]["id"]

    assert installation.stop(signal.SIGINT) == 0
    assert installation.pids() == {}

    seconds = await installation.start()
    assert seconds < 20
    assert installation.demo() == demo
    assert installation.ask(f'{{ contact(id: "{contact}") {{ name }} }}') == {"contact": {"name": "Yesterday"}}
    assert installation.stop(signal.SIGTERM) == 0
    assert installation.pids() == {}


async def test_mails_go_into_a_private_file_and_into_no_log(installation: Installation) -> None:
    await installation.start()
    email = installation.demo()["accounts"][0]["email"]
    with httpx2.Client(base_url=f"http://localhost:{installation.port}", trust_env=False, timeout=60) as http:
        own = {"Sec-Fetch-Site": "same-origin"}
        assert http.post("/password/forgotten", data={"email": email}, headers=own).status_code == 200
        file = installation.home / "mail.txt"
        await until(file.exists, 20)
        await until(lambda: file.read_text().endswith("-\n"), 20)
        link = re.search(r"http://localhost:\d+(/password/reset\?token=\S+)", file.read_text())
        assert link is not None
        assert http.get(link[1]).status_code == 200
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert f"Mails: {file}" in installation.output.read_text()
    logs = "".join(log.read_text() for log in (installation.home / "logs").glob("*.log"))
    assert not [part for part in (email, link[1].partition("=")[2], "Set a new password") if part in logs]
    assert installation.stop(signal.SIGINT) == 0


async def test_staff_signs_in_with_the_secret_of_the_demo_and_sees_real_figures(installation: Installation) -> None:
    await installation.start()
    account = next(one for one in installation.demo()["accounts"] if one["role"] == "ISV_OPERATOR")
    with httpx2.Client(base_url=f"http://localhost:{installation.port}", trust_env=False, timeout=60) as http:
        own = {"Sec-Fetch-Site": "same-origin"}
        first = http.post("/sign-in", data={"email": account["email"], "password": account["password"]}, headers=own)
        pending = first.headers["set-cookie"].partition(";")[0]
        code = pyotp.TOTP(account["totp_secret"]).now()
        second = http.post("/sign-in/second-factor", data={"code": code}, headers=own | {"Cookie": pending})
        assert (second.status_code, second.headers["location"]) == (303, "/")
        cookies = "; ".join(one.partition(";")[0] for one in second.headers.get_list("set-cookie"))
        asked = own | {"Cookie": cookies, PROOF_HEADER: "1"}
        answer = http.post("/graphql", json={"query": ECONOMICS}, headers=asked).json()["data"]
    assert answer["rateCard"] == {"version": 1, "source": "PROVIDER"}
    held = {one["plan"]["name"]: one["worstCase"] for one in answer["tierEconomics"] if one["tenants"]}
    assert held.keys() == {"Silver", "Bronze", "Large with overage", "Credits"}
    assert held["Silver"]["costOfGoodsSold"] == {"amount": "64.33"}  # 31 * 250 * 0.0083
    machine = installation.ask("{ plan { plan { name } } credits { units unit } }", "Harrier Runners")
    assert machine == {"plan": {"plan": {"name": "Credits"}}, "credits": {"units": 1500, "unit": "SEGMENTS"}}
    assert installation.stop(signal.SIGINT) == 0


@pytest.mark.parametrize(("trusted", "statuses"), [("127.0.0.1, 10.0.0.0/8", [401, 429]), ("", [429, 429])])
async def test_guessers_behind_a_trusted_proxy_are_told_apart(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, trusted: str, statuses: list[int]
) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", trusted)
    await installation.start()
    with httpx2.Client(base_url=f"http://localhost:{installation.port}", trust_env=False, timeout=60) as http:

        def guess(forwarded: str) -> int:
            headers = {"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": forwarded}
            return http.post("/sign-in", data={"email": "a@b.example", "password": "x"}, headers=headers).status_code

        assert [guess("203.0.113.1") for _ in range(10)] == [401] * 10
        assert [guess("203.0.113.2"), guess("198.51.100.7, 203.0.113.1, 10.0.0.9")] == statuses
    assert installation.stop(signal.SIGINT) == 0


async def test_each_part_that_is_killed_comes_back(installation: Installation) -> None:
    await installation.start()
    for part in ("serve", "worker", "simulator", "postgres"):
        killed = installation.pid(part)
        os.kill(killed, signal.SIGKILL)

        def replaced(part: str = part, killed: int = killed) -> bool:
            try:
                return installation.pid(part) != killed
            except (StopIteration, OSError, ValueError):
                return False

        await until(replaced, 30)
        await until(installation.works, 30)
    assert installation.stop() == 0
    assert installation.pids() == {}


async def test_a_killed_portal_blocks_nothing(installation: Installation) -> None:
    await installation.start()
    demo = installation.demo()
    installation.stop(signal.SIGKILL)
    await installation.start()  # at once: children of the killed one may still be ending, its PostgreSQL runs on
    assert installation.demo() == demo
    for pid in installation.pids():
        os.kill(pid, signal.SIGKILL)
    installation.started[-1].wait(10)
    await installation.start()
    assert installation.demo() == demo
    assert installation.stop() == 0
    assert installation.pids() == {}


async def test_it_ends_with_a_starter_that_is_killed(installation: Installation) -> None:
    command = f"{' '.join(RUN)} --end-with-parent; exit"
    await installation.start(["/bin/sh", "-c", command])
    installation.stop(signal.SIGKILL)
    await installation.start()  # waits for the one that is stopping
    assert installation.stop() == 0
    assert installation.pids() == {}


async def test_a_second_portal_in_the_same_home_is_told_about_the_first(installation: Installation) -> None:
    await installation.start()
    second = installation.again()
    assert (second.returncode, second.stdout) == (1, "")
    first = f"process {installation.started[-1].pid}, http://localhost:{installation.port}"
    assert second.stderr == (
        f"The portal is already running here ({first}). Stop that one, or set another PORTAL_HOME and PORT.\n"
    )
    assert installation.ready()


async def test_a_port_in_use_is_said_before_anything_starts(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", installation.port)):
        refused = installation.again()
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        f"PORT {installation.port} is in use by another program: stop that one, or choose another, "
        f"for example PORT={installation.port + 1}\n"
    )
    assert installation.pids() == {}
    assert not (installation.home / "postgresql-18").exists()
