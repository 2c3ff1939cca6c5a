"""Numbers that issuers publish as examples, and the same with one digit changed."""

import pytest

from crowdalogue.analyze.steps import numbers

RIGHT = {
    "dni": "12345678Z",
    "codice": "RSSMRA85T10A562S",
    "nir": "255081416802538",
    "personnummer": "8112189876",
    "hetu": "131052-308T",
    "steuer": "86095742719",
    "bsn": "111222333",
    "cpf": "11144477735",
    "belgium": "85073003328",
    "pesel": "44051401359",
    "norway": "01010750160",
    "nif": "123456789",
    "aadhaar": "234123412346",
    "sin": "046454286",
}


@pytest.mark.parametrize(("name", "code"), RIGHT.items())
def test_a_right_number_is_right_and_a_changed_one_is_not(name: str, code: str) -> None:
    check = numbers.PERSONS[name]
    assert check(code)
    last = code[-1]
    other = str((int(last) + 1) % 10) if last.isdigit() else ("B" if last != "B" else "C")
    assert not check(code[:-1] + other)


@pytest.mark.parametrize("code", ["DE89370400440532013000", "gb82west12345698765432", "FR1420041010050500013M02606"])
def test_iban(code: str) -> None:
    assert numbers.iban(code)
    assert not numbers.iban(code[:-1])
    assert not numbers.iban(code[:-1] + str((int(code[-1]) + 1) % 10))


def test_cards_are_an_issuers_in_length_and_sum() -> None:
    assert numbers.card("4111111111111111")
    assert numbers.card("378282246310005")
    assert not numbers.card("0000000000000000")
    assert not numbers.card("9111111111111111")
    assert not numbers.card("411111111111111")


def test_a_us_number_is_none_with_the_ranges_that_are_never_given() -> None:
    assert numbers.PERSONS["ssn"]("123456789")
    for wrong in ("000456789", "666456789", "923456789", "123006789", "123450000"):
        assert not numbers.PERSONS["ssn"](wrong)
