"""Text search, in any script, on both databases."""

from collections.abc import Callable

import pytest

from tasks.models import Task, search

pytestmark = pytest.mark.django_db
MakeTask = Callable[..., Task]


@pytest.fixture(autouse=True)
def shots(make_task: MakeTask) -> None:
    for prompt in ("A red lantern over the harbour", "红灯笼在海浪之上", "Harbour at night, 4K"):
        make_task(prompt=prompt, search_text=search.searchable(prompt))


def found(query: str) -> list[str]:
    return sorted(task.prompt[:7] for task in Task.objects.matching(query))


def test_a_word_is_found_whatever_its_case() -> None:
    assert found("LANTERN") == ["A red l"]


def test_the_beginning_of_a_word_is_enough() -> None:
    assert found("harb") == ["A red l", "Harbour"]
    assert found("arbour") == []


def test_all_words_must_occur_in_any_order() -> None:
    assert found("night harbour") == ["Harbour"]
    assert found("night lantern") == []


def test_chinese_is_found_by_any_neighbouring_characters() -> None:
    assert found("海浪") == found("浪") == ["红灯笼在海浪之"]
    assert found("浪海") == []


def test_full_width_letters_and_digits_are_the_same_words() -> None:
    assert found("４Ｋ") == ["Harbour"]


@pytest.mark.parametrize("query", ['"', "a OR b*", "NEAR(", "%", "_", "'; --", "\x00"])
def test_no_character_is_an_operator(query: str) -> None:
    found(query)


def test_a_change_of_text_is_found_and_the_old_text_is_not() -> None:
    task = Task.objects.matching("lantern").get()
    task.search_text = search.searchable("a paper boat")
    task.save(update_fields=["search_text"])
    assert found("boat") == ["A red l"] and found("lantern") == []


def test_matches_can_be_bounded_by_id_and_ordered_either_way() -> None:
    oldest_first = search.in_order(Task.objects.matching("harbour"), newest_first=False)
    first, last = (task.pk for task in oldest_first)
    assert first < last
    newest_first = search.in_order(Task.objects.matching("harbour"), newest_first=True)
    assert [task.pk for task in newest_first] == [last, first]
    assert search.bounded(Task.objects.matching("harbour"), "<", last).get().pk == first
    assert search.bounded(Task.objects.matching("harbour"), ">", first).get().pk == last
