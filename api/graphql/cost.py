"""What an operation costs, planned once for a document: only page sizes in variables are left to each request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from api.graphql.limits import Limits
from portal_schema.directives import Cost

OBJECT = 1
MUTATION = 10
_PAGE_ARGUMENTS = ("first", "last")


@dataclass(frozen=True, slots=True)
class PageSize:
    """How many rows a connection is asked for: numbers, and names of variables that hold them."""

    numbers: tuple[int, ...]
    variables: tuple[str, ...]
    default: int
    largest: int

    def rows(self, variables: Mapping[str, Any]) -> int:
        """The rows to pay for; a size that the resolver will refuse counts as the nearest that it takes."""
        sizes = [*self.numbers, *(variables.get(name) for name in self.variables)]
        asked = max((size for size in sizes if isinstance(size, int)), default=self.default)
        return min(max(asked, 0), self.largest)


@dataclass(frozen=True, slots=True)
class CostPlan:
    """A cost with the variables still open: what is fixed, and what each row of a page adds."""

    fixed: int
    pages: tuple[tuple[PageSize, "CostPlan"], ...] = ()

    def total(self, variables: Mapping[str, Any]) -> int:
        """The cost with these variables."""
        return self.fixed + sum(page.rows(variables) * row.total(variables) for page, row in self.pages)


def plan_cost(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, limits: Limits
) -> CostPlan:
    """Plan the cost of a validated operation, as if every @include were true and every @skip false.

    An object costs 1, a scalar or an enum nothing, a mutation 10, and what a connection's lists hold is paid for each
    row of the page; `@cost` on a field replaces that field's own cost. Introspection is free: its depth is bounded.
    """
    root = schema.get_root_type(operation.operation)
    if root is None:  # validation refuses it
        return CostPlan(0)
    return _Planner(schema, document, limits).plan(root, [operation.selection_set], None)


class _Planner:
    """Walks an operation with its types, the fields of one name and type merged as execution merges them."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }

    def plan(self, parent: GraphQLNamedType, sets: list[SelectionSetNode], page: PageSize | None) -> CostPlan:
        """The cost of what is selected in `parent`; `page` is the size of its lists where it is a connection."""
        found: dict[tuple[GraphQLNamedType, str], list[FieldNode]] = {}
        visited: set[str] = set()  # of the whole level: else fragments that double on each are walked 2^depth times
        for selection_set in sets:
            self._collect(parent, selection_set, found, visited)
        fixed = 0
        pages: list[tuple[PageSize, CostPlan]] = []
        for (owner, _), nodes in found.items():
            field = getattr(owner, "fields", {}).get(nodes[0].name.value)
            if field is None:  # __typename, and introspection
                continue
            cost = self._field(owner, field, nodes)
            if page and is_list_type(get_nullable_type(field.type)):
                cost = _for_each_row(page, cost)
            fixed += cost.fixed
            pages += cost.pages
        return CostPlan(fixed, tuple(pages))

    def _field(self, owner: GraphQLNamedType, field: GraphQLField, nodes: list[FieldNode]) -> CostPlan:
        named = get_named_type(field.type)
        own = _declared(field)
        if not is_composite_type(named):
            return CostPlan(own or 0)
        if own is None:
            # An edge only holds its node and a cursor.
            own = MUTATION if owner is self._schema.mutation_type else 0 if named.name.endswith("Edge") else OBJECT
        sets = [node.selection_set for node in nodes if node.selection_set]
        below = self.plan(named, sets, self._page(field, nodes[0]) if named.name.endswith("Connection") else None)
        return CostPlan(own + below.fixed, below.pages)

    def _page(self, field: GraphQLField, node: FieldNode) -> PageSize | None:
        if not any(name in field.args for name in _PAGE_ARGUMENTS):
            return None
        values = [argument.value for argument in node.arguments or () if argument.name.value in _PAGE_ARGUMENTS]
        return PageSize(
            numbers=tuple(int(value.value) for value in values if isinstance(value, IntValueNode)),
            variables=tuple(value.name.value for value in values if isinstance(value, VariableNode)),
            default=self._limits.default_page_size,
            largest=self._limits.page_size,
        )

    def _collect(
        self,
        parent: GraphQLNamedType,
        selection_set: SelectionSetNode,
        found: dict[tuple[GraphQLNamedType, str], list[FieldNode]],
        visited: set[str],
    ) -> None:
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                found.setdefault((parent, (selection.alias or selection.name).value), []).append(selection)
            elif fragment := self._fragment(selection, visited):
                condition = fragment.type_condition
                narrowed = self._schema.get_type(condition.name.value) if condition else None
                self._collect(narrowed or parent, fragment.selection_set, found, visited)

    def _fragment(
        self, selection: SelectionNode, visited: set[str]
    ) -> InlineFragmentNode | FragmentDefinitionNode | None:
        if isinstance(selection, InlineFragmentNode):
            return selection
        name: str = selection.name.value  # type: ignore[attr-defined]  # the third and last kind of selection
        if name in visited:
            return None
        visited.add(name)
        return self._fragments[name]


def _for_each_row(page: PageSize, row: CostPlan) -> CostPlan:
    if page.variables or row.pages:
        return CostPlan(0, ((page, row),))
    return CostPlan(page.rows({}) * row.fixed)


def _declared(field: GraphQLField) -> int | None:
    """The weight in the field's `@cost`, if it has one."""
    definition = field.extensions.get("strawberry-definition")
    return next((one.weight for one in getattr(definition, "directives", ()) if isinstance(one, Cost)), None)
