import pytest

from crowdalogue.analyze.steps.countries import names, of_phone, towns


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+44 7700 900123", "GB"),
        ("0049 171 5550123", "DE"),
        ("+1 212 555 0123", "US"),
        ("+1 604 555 0123", "CA"),
        ("+1 876 555 0123", "JM"),
        ("+7 701 555 0123", "KZ"),
        ("+351 912 345 678", "PT"),
        ("07700 900123", ""),
        ("+1 555 010 0123", ""),
        ("+44", ""),
        ("+999 1234567", ""),
        ("", ""),
        ("+٤٤ ٧٧٠٠ ٩٠٠١٢٣", ""),
    ],
)
def test_the_country_of_a_number(number: str, country: str) -> None:
    assert of_phone(number) == country


def test_every_town_lies_in_a_country_with_two_letters() -> None:
    assert all(len(code) == 2 and code.isupper() and name for code, name, _ in towns())
    assert {"GB", "DE", "US"} <= set(names())
    assert len(towns()) > 400
