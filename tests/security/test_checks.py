"""The page of security checks tells what there is: every check is proven by a test, or says why not."""

from tests.security.checks import LEFT_OUT, MARK, PAGE, TITLES, WHAT, ids_in, proofs_by_check, table

HOW_MANY = {"RS": 38, "AS": 50, "BF": 17, "AZ": 20, "TN": 16, "GQ": 14}
MODULE = """
CASES = {"RS-02 none": 1, "unnamed": 2, **MORE}
MORE = {f"RS-03 RS-04 {name}": 3 for name in "ab"}

@pytest.mark.parametrize("case", CASES)
def test_gq_01_gq_02_something(case): ...

@pytest.mark.parametrize("case", [pytest.param(1, id="AS-05 implicit")])
async def test_other(case): ...

def helper_rs_09(): "BF-01 is named in passing"
"""


def test_ids_are_read_from_names_and_from_the_cases_of_a_test() -> None:
    assert set(ids_in(MODULE)) == {
        *(("test_gq_01_gq_02_something", one) for one in ("GQ-01", "GQ-02", "RS-02", "RS-03", "RS-04")),
        ("test_other", "AS-05"),
    }


def test_the_checks_are_numbered_without_gaps() -> None:
    assert list(WHAT) == [f"{area}-{number:02}" for area, count in HOW_MANY.items() for number in range(1, count + 1)]
    assert list(TITLES) == list(HOW_MANY)


def test_every_check_is_proven_or_says_why_not_and_never_both() -> None:
    proven = set(proofs_by_check())
    assert proven - set(WHAT) == set(), "no such check"
    assert set(WHAT) - proven - set(LEFT_OUT) == set(), "neither a test nor a reason"
    assert proven & set(LEFT_OUT) == set(), "left out, and yet a test has it in its name"
    assert set(LEFT_OUT) <= set(WHAT)


def test_the_committed_page_is_up_to_date() -> None:
    text, _, made = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert "\n# " in f"\n{text}"
    assert made == f"\n{table()}", "write it again: python -m tests.security.checks --write"
