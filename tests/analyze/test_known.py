import pytest
from django.utils.timezone import now

from crowdalogue.analyze.known import known, take_from_records
from crowdalogue.models import BusinessRecord, CatalogueEntry

pytestmark = pytest.mark.django_db


def test_what_stands_in_the_rows_is_known_at_once_and_forgotten_at_once() -> None:
    kettle = CatalogueEntry.objects.create(name="Tarn Kettle", synonyms=["water boiler"], codes=["KX-200"])
    catalogue = known()["catalogue"]
    assert [e.name for e in catalogue.entries] == ["Tarn Kettle"]
    assert "Water Boilers" in catalogue
    assert known()["catalogue"] is catalogue
    kettle.name, kettle.changed_at = "Fell Kettle", now()
    kettle.save()
    assert [e.name for e in known()["catalogue"].entries] == ["Fell Kettle"]
    kettle.delete()
    assert len(known()["catalogue"]) == 0


def test_a_store_is_a_place_and_no_product() -> None:
    CatalogueEntry.objects.create(kind="store", name="Harrowmere Quay", country="GB")
    mapping = known()
    assert len(mapping["catalogue"]) == 0
    found = mapping["places"].names.find(["Harrowmere", "Quay"])
    assert mapping["places"].places[found[0].entries[0]].countries == ("GB",)


@pytest.mark.django_db(transaction=True)  # outside a transaction, as a page calls it
def test_products_of_orders_come_in_once_and_not_beside_a_catalogue() -> None:
    for i, name in enumerate(("Tarn Kettle", "Tarn Kettle", "", "Ember Toaster")):
        BusinessRecord.objects.create(kind="order", external_id=str(i), at=now(), product=name, demo=True)
    assert take_from_records() == 2
    assert set(CatalogueEntry.objects.values_list("name", "source", "demo")) == {
        ("Tarn Kettle", "records", True),
        ("Ember Toaster", "records", True),
    }
    assert take_from_records() == 0


def test_odd_rows_break_nothing() -> None:
    CatalogueEntry.objects.create(name="…", synonyms=["", None, 7], codes={"no": "list"})
    assert len(known()["catalogue"]) == 1
    assert known()["catalogue"].find(["7"])[0].entries == (0,)
