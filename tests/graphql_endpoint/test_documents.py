"""Documents are parsed and validated once, and not too many are kept."""

from typing import Any

import pytest
from graphql import DocumentNode, validate

from api.graphql import Limits, Operations
from api.graphql.documents import RULES, Documents
from api.graphql.failures import Refusal
from tests.graphql_endpoint.shop import Books, make_schema, schema


@pytest.fixture
def validated(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What graphql-core was asked to validate, and with which rules."""
    seen: list[tuple[str, Any]] = []

    def spy(schema: Any, document: DocumentNode, rules: Any, **options: Any) -> Any:
        assert document.loc is not None
        seen.append((document.loc.source.body, rules))
        return validate(schema, document, rules, **options)

    monkeypatch.setattr("api.graphql.documents.validate", spy)
    return seen


def test_a_document_is_parsed_and_validated_once_and_with_the_same_rules(validated: list[tuple[str, Any]]) -> None:
    documents = Documents(schema, Limits())
    first = documents.prepare("{ hello }")
    assert documents.prepare("{ hello }") is first
    assert documents.prepare("{ hello  }") is not first
    assert [text for text, _ in validated] == ["{ hello }", "{ hello  }"]
    assert all(rules is RULES for _, rules in validated)


def test_the_documents_that_were_used_last_are_kept(validated: list[tuple[str, Any]]) -> None:
    documents = Documents(schema, Limits(cached_tokens=10))
    texts = [f"query Q{number} {{ hello }}" for number in range(4)]  # five tokens each, so that two are kept
    for text in (texts[0], texts[1], texts[0], texts[2], texts[0], texts[1], texts[3], texts[1]):
        documents.prepare(text)
    assert [text for text, _ in validated] == [texts[0], texts[1], texts[2], texts[1], texts[3]]


def test_a_document_larger_than_the_cache_is_answered_and_not_kept(validated: list[tuple[str, Any]]) -> None:
    documents = Documents(schema, Limits(cached_tokens=3))
    for _ in range(2):
        assert documents.prepare("{ hello double }").operation(None).cost.total({}) == 0
    documents.prepare("{ hello }")
    documents.prepare("{ hello }")
    assert len(validated) == 3


def test_what_is_not_valid_takes_no_place(validated: list[tuple[str, Any]]) -> None:
    documents = Documents(schema, Limits(cached_tokens=3))
    documents.prepare("{ hello }")
    with pytest.raises(Refusal):
        documents.prepare("{ hell }")
    documents.prepare("{ hello }")
    assert [text for text, _ in validated] == ["{ hello }", "{ hell }"]


def test_schema_extensions_would_do_nothing_and_are_refused() -> None:
    extended = make_schema(extensions=[lambda: None])
    with pytest.raises(ValueError, match="no schema extensions"):
        Operations(extended, Books().context, Limits())
