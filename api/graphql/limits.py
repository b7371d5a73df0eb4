"""How large an operation may be, and the check of a document's shape before it is validated."""

from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from api.graphql.failures import Outcome, Refusal
from portal_schema.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for; every number is the largest that is still answered.

    Selections, aliases, repeats and directives are counted with fragments expanded. A repeat is a field that a
    selection set names again: validation compares each pair of them, so that 500 repeats would cost it a second.
    """

    body_bytes: int = 1_000_000
    body_seconds: float = 10
    document_characters: int = 65_536
    tokens: int = 2_000
    depth: int = 15
    introspection_depth: int = 20
    selections: int = 1_000
    root_fields: int = 20
    aliases: int = 50
    repeats: int = 50
    directives: int = 50
    variables_depth: int = 32
    cost: int = 1_000
    page_size: int = 100
    default_page_size: int = 25
    deadline_seconds: float = 30
    cached_tokens: int = 40_000  # of all documents kept; a token's share of a parsed document takes about 1.5 kB


def check_shape(document: DocumentNode, limits: Limits) -> None:
    """Refuse what is too deep or too broad, in time linear in what is allowed.

    Raises:
        Refusal: a limit is exceeded, or a fragment contains itself.
    """
    shape = _Shape(document, limits)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            shape.add_operation(definition)
    # Validation refuses unused fragments, but compares the fields in them first.
    for fragment in shape.unused():
        shape.add_fragment(fragment)


class _Shape:
    """Walks the operations level by level, fields of one name merged as execution merges them, and counts."""

    def __init__(self, document: DocumentNode, limits: Limits) -> None:
        self._limits = limits
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._used: set[str] = set()
        self._selections = self._aliases = self._repeats = self._directives = 0

    def add_operation(self, operation: OperationDefinitionNode) -> None:
        """Count an operation."""
        self._count_directives(operation)
        for variable in operation.variable_definitions:
            self._count_directives(variable)
        fields = self._fields([operation.selection_set])
        if len(fields) > self._limits.root_fields:
            raise _over(ErrorCode.BAD_USER_INPUT, f"An operation may select {self._limits.root_fields} root fields.")
        for name, (field, children) in fields.items():
            introspects = field.name.value in {"__schema", "__type"}
            deepest = self._limits.introspection_depth if introspects else self._limits.depth
            self._descend(name, children, 2, deepest)

    def add_fragment(self, fragment: FragmentDefinitionNode) -> None:
        """Count a fragment that nothing used so far, if that is still so."""
        if fragment.name.value not in self._used:
            self._descend(fragment.name.value, [fragment.selection_set], 1, self._limits.depth)

    def unused(self) -> list[FragmentDefinitionNode]:
        """The fragments that no operation counted so far spreads."""
        return [fragment for name, fragment in self._fragments.items() if name not in self._used]

    def _descend(self, name: str, sets: list[SelectionSetNode], depth: int, deepest: int) -> None:
        if not sets:
            return
        if depth > deepest:
            raise _over(ErrorCode.DEPTH_EXCEEDED, f"An operation may be {deepest} fields deep; below '{name}' it is.")
        for inner, (_, children) in self._fields(sets).items():
            self._descend(inner, children, depth + 1, deepest)

    def _fields(self, sets: list[SelectionSetNode]) -> dict[str, tuple[FieldNode, list[SelectionSetNode]]]:
        """The fields of one level by their name in the answer, each with all selection sets below it."""
        found: dict[str, tuple[FieldNode, list[SelectionSetNode]]] = {}
        visited: set[str] = set()
        for selection_set in sets:
            self._collect(selection_set, found, visited, ())
        return found

    def _collect(
        self,
        selection_set: SelectionSetNode,
        found: dict[str, tuple[FieldNode, list[SelectionSetNode]]],
        visited: set[str],
        inside: tuple[str, ...],
    ) -> None:
        for selection in selection_set.selections:
            self._count("selections")
            self._count_directives(selection)
            if isinstance(selection, FieldNode):
                if selection.alias:
                    self._count("aliases")
                name = (selection.alias or selection.name).value
                if name in found:
                    self._count("repeats")
                below = found.setdefault(name, (selection, []))[1]
                if selection.selection_set:
                    below.append(selection.selection_set)
            elif isinstance(selection, InlineFragmentNode):
                self._collect(selection.selection_set, found, visited, inside)
            elif isinstance(selection, FragmentSpreadNode):
                self._spread(selection.name.value, found, visited, inside)

    def _spread(
        self,
        name: str,
        found: dict[str, tuple[FieldNode, list[SelectionSetNode]]],
        visited: set[str],
        inside: tuple[str, ...],
    ) -> None:
        if name in inside:
            raise _over(ErrorCode.DEPTH_EXCEEDED, f"Fragment '{name}' contains itself.")
        fragment = self._fragments.get(name)
        if fragment is None or name in visited:  # an unknown one is for validation to name
            return
        visited.add(name)
        self._used.add(name)
        self._collect(fragment.selection_set, found, visited, (*inside, name))

    def _count(self, what: str, number: int = 1) -> None:
        counted = getattr(self, f"_{what}") + number
        setattr(self, f"_{what}", counted)
        most: int = getattr(self._limits, what)
        if counted > most:
            raise _over(ErrorCode.BAD_USER_INPUT, f"An operation may have {most} {what}.")
