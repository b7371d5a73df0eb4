"""Parsed and validated documents, kept: parsing and validating take ten times as long as executing."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import strawberry
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import recommended_rules
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.graphql.cost import CostPlan, plan_cost
from api.graphql.failures import invalid
from api.graphql.limits import Limits, check_shape, over_limit
from api.graphql.transport import NO_NUL
from portal_schema.errors import ErrorCode
from portal_schema.guards import core_schema

# One tuple for the life of the process: rules built anew for each request would be other classes each time.
RULES = (*specified_rules, *recommended_rules, MaybeNullValidationRule, OneOfInputValidationRule)
_MOST_ERRORS = 20
_NUL = re.compile(r"\0|\\u(?:0000|\{0+\})")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document, and what it will cost."""

    type: OperationType
    cost: CostPlan


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A valid document within the limits."""

    document: DocumentNode
    operations: Mapping[str | None, Operation]

    def operation(self, name: str | None) -> Operation:
        """The operation of that name, or the only one.

        Raises:
            Refusal: there is no such operation, or a name is needed to tell which.
        """
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name in self.operations:
            return self.operations[name]
        message = "The document has several operations: say which by its name." if name is None else _UNKNOWN
        raise invalid([GraphQLError(message)])


_UNKNOWN = "The document has no operation of that name."


class Documents:
    """Prepares documents, and keeps those that were used last."""

    def __init__(self, schema: strawberry.Schema, limits: Limits) -> None:
        self._schema: GraphQLSchema = core_schema(schema)
        self._limits = limits
        self._kept: OrderedDict[str, PreparedDocument] = OrderedDict()
        self._tokens = 0

    def prepare(self, text: str) -> PreparedDocument:
        """The document of this text, validated now or before.

        Raises:
            Refusal: it does not parse, is over a limit, or is not valid.
        """
        kept = self._kept.get(text)
        if kept is not None:
            self._kept.move_to_end(text)
            return kept
        prepared = self._prepare(text)
        self._keep(text, prepared)
        return prepared

    def _prepare(self, text: str) -> PreparedDocument:
        document = self._parse(text)
        check_shape(document, self._limits)
        if errors := validate(self._schema, document, RULES, max_errors=_MOST_ERRORS, hide_suggestions=True):
            raise invalid(errors)
        operations = {
            definition.name.value if definition.name else None: Operation(
                definition.operation, plan_cost(self._schema, document, definition, self._limits)
            )
            for definition in document.definitions
            if isinstance(definition, OperationDefinitionNode)
        }
        return PreparedDocument(document, operations)

    def _parse(self, text: str) -> DocumentNode:
        limits = self._limits
        if len(text) > limits.document_characters:
            message = f"A document may have {limits.document_characters} characters."
            raise over_limit(ErrorCode.BAD_USER_INPUT, message, limit=limits.document_characters)
        if _NUL.search(text):
            raise invalid([GraphQLError(NO_NUL)])
        try:
            return parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
        except GraphQLSyntaxError as error:
            if error.message.endswith("Parsing aborted."):  # too many tokens, or nested too deeply to parse
                deep = "nested" in error.message
                code = ErrorCode.DEPTH_EXCEEDED if deep else ErrorCode.BAD_USER_INPUT
                raise over_limit(code, error.message.removeprefix("Syntax Error: ")) from None
            raise invalid([error]) from None

    def _keep(self, text: str, prepared: PreparedDocument) -> None:
        self._kept[text] = prepared
        self._tokens += prepared.document.token_count
        while self._tokens > self._limits.cached_tokens:
            _, dropped = self._kept.popitem(last=False)
            self._tokens -= dropped.document.token_count
