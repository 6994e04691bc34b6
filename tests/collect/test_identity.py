"""An address becomes a salted hash and is stored in contacts only."""

from pathlib import Path

from collecting import PLAIN, read_file, values_of
from shijin.config import CollectSection, Config


def test_addresses_become_hashed_keys_and_are_stored_in_contacts(tmp_path: Path) -> None:
    file = "Email,Phone,First Name,date,total\nAnn@X.org,,Ann,2024-01-02,1\n ann@x.ORG ,+49 170 1234567,,2024-01-03,2\n"
    collected = read_file(tmp_path, file)
    ids = set(collected.events["customer_id"].to_pylist())
    assert len(ids) == 1
    assert ids.pop().startswith("c_")
    assert collected.contacts.drop(["customer_id"]).to_pylist() == [
        {
            "email": "ann@x.org",
            "phone": "+491701234567",
            "first_name": "Ann",
            "last_name": None,
            "country": None,
            "email_consent": None,
            "sms_consent": None,
        }
    ]


def test_an_address_in_the_customer_column_never_becomes_an_id(tmp_path: Path) -> None:
    collected = read_file(tmp_path, PLAIN + "Ann@X.org,2024-01-02,1\nb,2024-01-02,1\n")
    assert "@" not in "".join(collected.events["customer_id"].to_pylist())
    assert "b" in collected.events["customer_id"].to_pylist()
    assert collected.contacts["email"].to_pylist() == ["ann@x.org"]


def test_another_salt_gives_other_keys(tmp_path: Path) -> None:
    file = "Email,date,total\na@x.org,2024-01-02,1\n"
    other = Config(collect=CollectSection(salt="another"))
    assert values_of(read_file(tmp_path, file), "customer_id") != values_of(
        read_file(tmp_path, file, config=other), "customer_id"
    )
