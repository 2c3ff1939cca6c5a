"""Which of the series that rise together is raised, and what it explains."""

from __future__ import annotations

from crowdalogue.relate.alarm_nodes import Rising, accounts_for, choose


def rising(name: str, family: str, expected: float, heard: range | set[int]) -> Rising:
    return Rising(name, family, float(len(heard)), expected, frozenset(heard))


def test_one_topic_that_rose_explains_everything_and_its_channel() -> None:
    topic = rising("late", "topic", 2, range(30))
    channel = rising("email", "channel", 12, range(40))
    everything = rising("all", "all", 30, range(60))
    (chosen,), attached = choose([everything, channel, topic])
    assert chosen.rising is topic
    assert {other.name for other, _share in chosen.explains} == {"all", "email"}
    assert attached == []


def test_where_all_topics_rose_alike_everything_is_raised_once() -> None:
    parts = [rising(f"t{n}", "topic", 6, range(12 * n, 12 * n + 12)) for n in range(5)]
    everything = rising("all", "all", 30, range(60))
    (chosen,), _ = choose([*parts, everything])
    assert chosen.rising is everything
    assert len(chosen.explains) == 5


def test_two_topics_that_rose_apart_are_two_alarms() -> None:
    one, two = rising("a", "topic", 2, range(20)), rising("b", "topic", 2, range(100, 118))
    chosen, _ = choose([one, two])
    assert {c.rising.name for c in chosen} == {"a", "b"}


def test_what_a_known_alarm_explains_is_attached_to_it() -> None:
    topic = rising("late", "topic", 2, range(30))
    channel, other = rising("email", "channel", 12, range(40)), rising("sms", "channel", 3, range(200, 220))
    chosen, attached = choose([channel, other], [topic])
    assert [(one.name, parent.name) for one, parent in attached] == [("email", "late")]
    assert [c.rising.name for c in chosen] == ["sms"]


def test_of_two_that_explain_alike_the_topic_is_raised() -> None:
    same = range(25)
    (chosen,), _ = choose([rising("email", "channel", 2, same), rising("late", "topic", 2, same)])
    assert chosen.rising.family == "topic"


def test_without_messages_to_compare_nothing_is_explained() -> None:
    assert accounts_for(rising("a", "topic", 1, set()), rising("b", "all", 1, range(9))) == 0.0
