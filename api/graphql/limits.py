"""How large an operation may be, and the check of a document's shape before it is validated."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from api.graphql.failures import Outcome, Refusal
from portal.database.keyset import DEFAULT_PAGE, MAX_PAGE
from portal_schema.errors import ErrorCode, RequestError

_Counted: TypeAlias = Literal["selections", "aliases", "repeats", "directives"]
# One level of an answer: each name's first field, and all selection sets that execution will merge below it.
_Level: TypeAlias = dict[str, tuple[FieldNode, list[SelectionSetNode]]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for; every number is the largest that is still answered.

    Selections, aliases, repeats and directives are counted with fragments expanded. A repeat is a field that a
    selection set names again: validation compares each with each, so that 500 of them would cost it a second.
    """

    body_bytes: int = 1_000_000
    body_seconds: float = 10
    variables_depth: int = 32
    objects: int = 2_000
    document_characters: int = 65_536
    tokens: int = 2_000
    depth: int = 15
    introspection_depth: int = 20
    root_fields: int = 20
    selections: int = 1_000
    aliases: int = 50
    repeats: int = 64
    directives: int = 50
    cost: int = 1_000
    page_size: int = MAX_PAGE
    default_page_size: int = DEFAULT_PAGE
    deadline_seconds: float = 30
    cached_tokens: int = 40_000  # of all documents that are kept together


def over_limit(code: ErrorCode, message: str, **details: object) -> Refusal:
    """The refusal of what is too large, always a 4xx."""
    return Refusal(Outcome.OVER_LIMIT, [RequestError(code, message, **details)])


def check_shape(document: DocumentNode, limits: Limits) -> None:
    """Refuse what is too deep or too broad, in time linear in what is allowed.

    Raises:
        Refusal: a limit is exceeded, or a fragment contains itself.
    """
    shape = _Shape(document, limits)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            shape.add_operation(definition)
    # Validation refuses unused fragments, but compares the fields in them all the same.
    shape.add_unused_fragments()


class _Shape:
    """Walks a document level by level, the fields of one name merged as execution merges them, and counts."""

    def __init__(self, document: DocumentNode, limits: Limits) -> None:
        self._limits = limits
        self._counts: Counter[_Counted] = Counter()
        self._used: set[str] = set()
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }

    def add_operation(self, operation: OperationDefinitionNode) -> None:
        self._count_directives(operation.directives)
        for variable in operation.variable_definitions or ():
            self._count_directives(variable.directives)
        level = self._level([operation.selection_set])
        if len(level) > self._limits.root_fields:
            message = f"An operation may select {self._limits.root_fields} fields of its root type."
            raise over_limit(ErrorCode.BAD_USER_INPUT, message)
        for field, below in level.values():
            introspects = field.name.value in {"__schema", "__type"}
            self._descend(below, 2, self._limits.introspection_depth if introspects else self._limits.depth)

    def add_unused_fragments(self) -> None:
        for name, fragment in self._fragments.items():
            if name not in self._used:
                self._count_directives(fragment.directives)
                self._descend([fragment.selection_set], 1, self._limits.depth)

    def _descend(self, sets: list[SelectionSetNode], depth: int, deepest: int) -> None:
        if not sets:
            return
        if depth > deepest:
            raise over_limit(ErrorCode.DEPTH_EXCEEDED, f"Fields may be nested {deepest} deep.", limit=deepest)
        for _, below in self._level(sets).values():
            self._descend(below, depth + 1, deepest)

    def _level(self, sets: list[SelectionSetNode]) -> _Level:
        level: _Level = {}
        visited: set[str] = set()
        for selection_set in sets:
            self._collect(selection_set, level, visited, ())
        return level

    def _collect(
        self, selection_set: SelectionSetNode, level: _Level, visited: set[str], inside: tuple[str, ...]
    ) -> None:
        if len(inside) > self._limits.depth:
            raise over_limit(ErrorCode.DEPTH_EXCEEDED, f"Fragments may be nested {self._limits.depth} deep.")
        for selection in selection_set.selections:
            self._count("selections")
            self._count_directives(selection.directives)
            if isinstance(selection, FieldNode):
                self._add_field(selection, level)
            elif isinstance(selection, InlineFragmentNode):
                self._collect(selection.selection_set, level, visited, (*inside, "..."))
            else:
                self._spread(selection, level, visited, inside)

    def _add_field(self, field: FieldNode, level: _Level) -> None:
        name = (field.alias or field.name).value
        if field.alias:
            self._count("aliases")
        if name in level:
            self._count("repeats")
        _, below = level.setdefault(name, (field, []))
        if field.selection_set:
            below.append(field.selection_set)

    def _spread(self, spread: SelectionNode, level: _Level, visited: set[str], inside: tuple[str, ...]) -> None:
        name: str = spread.name.value  # type: ignore[attr-defined]  # the third and last kind of selection
        if name in inside:
            raise over_limit(ErrorCode.DEPTH_EXCEEDED, "A fragment contains itself.")
        fragment = self._fragments.get(name)
        if fragment is None or name in visited:  # validation names one that does not exist
            return
        visited.add(name)
        self._used.add(name)
        self._count_directives(fragment.directives)
        self._collect(fragment.selection_set, level, visited, (*inside, name))

    def _count_directives(self, directives: Sequence[DirectiveNode] | None) -> None:
        self._count("directives", len(directives or ()))

    def _count(self, what: _Counted, number: int = 1) -> None:
        self._counts[what] += number
        most: int = getattr(self._limits, what)
        if self._counts[what] > most:
            raise over_limit(ErrorCode.BAD_USER_INPUT, f"A document may have {most} {what}.", limit=most)
