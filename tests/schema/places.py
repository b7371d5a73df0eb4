"""Every place of the schema that takes an id, with an operation that tries it: a new one is missed here."""

# A request does not answer these: tests/live/test_subscriptions.py tries them.
LOOKED_AT = {
    *("Subscription.messageStatusChanged(batchId)", "Subscription.messageStatusChanged(messageId)"),
    "Subscription.importProgress(id)",
}
# An operation for every place that takes an id: `$id` is the id. A place without one fails the first test.
PLACES = {
    "Query.node(id)": "query ($id: ID!) { node(id: $id) { __typename id } }",
    "Query.contact(id)": "query ($id: ID!) { contact(id: $id) { id name messages { nodes { id } } } }",
    "Query.template(id)": "query ($id: ID!) { template(id: $id) { id name versions { id } } }",
    "Query.templatePreview(id)": "query ($id: ID!) { templatePreview(id: $id) { text version { id } } }",
    "Query.templatePreview(contactId)": """query ($id: ID!) {
      templatePreview(id: "x", contactId: $id) { text values { text } }
    }""",
    "Query.alert(id)": "query ($id: ID!) { alert(id: $id) { id title messages { nodes { id } } } }",
    "Query.webhookEndpoint(id)": "query ($id: ID!) { webhookEndpoint(id: $id) { id url secrets { createdAt } } }",
    "Query.message(id)": "query ($id: ID!) { message(id: $id) { id body batch { id } } }",
    "Query.conversation(id)": "query ($id: ID!) { conversation(id: $id) { id unread messages { nodes { id } } } }",
    "Mutation.conversationRead(id)": """mutation ($id: ID!) {
      conversationRead(id: $id) { conversation { id } errors { code path message } }
    }""",
    "ConversationReplyInput.conversationId": """mutation ($id: ID!) {
      conversationReply(input: {conversationId: $id, idempotencyKey: "key", body: "Hello"}) {
        message { id } allowance { used } errors { code path message }
      }
    }""",
    "ConversationReplyInput.templateId": """mutation ($id: ID!) {
      conversationReply(input: {conversationId: "x", idempotencyKey: "key", templateId: $id}) {
        message { id } allowance { used } errors { code path message }
      }
    }""",
    "Mutation.contactUpdate(id)": """mutation ($id: ID!) {
      contactUpdate(id: $id, input: {name: "X"}) { contact { id } errors { code path message } }
    }""",
    "Mutation.contactDelete(id)": """mutation ($id: ID!) {
      contactDelete(id: $id) { deletedId errors { code path message } }
    }""",
    "Mutation.contactErase(id)": """mutation ($id: ID!) {
      contactErase(id: $id) { contactErasure { id } errors { code path message } }
    }""",
    "Mutation.contactLookup(id)": """mutation ($id: ID!) {
      contactLookup(id: $id) { contact { id } errors { code path message } }
    }""",
    "ContactMergeInput.keptId": """mutation ($id: ID!) {
      contactMerge(input: {keptId: $id, mergedId: "x"}) { contact { id } errors { code path message } }
    }""",
    "ContactMergeInput.mergedId": """mutation ($id: ID!) {
      contactMerge(input: {keptId: "x", mergedId: $id}) { contact { id } errors { code path message } }
    }""",
    "Mutation.contactTagRename(id)": """mutation ($id: ID!) {
      contactTagRename(id: $id, name: "X") { contactTag { id } errors { code path message } }
    }""",
    "Mutation.contactTagDelete(id)": """mutation ($id: ID!) {
      contactTagDelete(id: $id) { deletedId errors { code path message } }
    }""",
    "ContactFilter.tagIds": """query ($id: ID!) {
      contacts(filter: {tagIds: [$id]}) { nodes { id } pageInfo { hasNextPage endCursor } }
    }""",
    "Query.contactImport(id)": """query ($id: ID!) {
      contactImport(id: $id) { id fileName problems { nodes { message } } }
    }""",
    "Mutation.contactImportCancel(id)": """mutation ($id: ID!) {
      contactImportCancel(id: $id) { contactImport { id } errors { code path message } }
    }""",
    "ContactImportInput.uploadId": """mutation ($id: ID!) {
      contactImport(input: {uploadId: $id, dryRun: true}) { contactImport { id } errors { code path message } }
    }""",
    "SuppressionImportInput.uploadId": """mutation ($id: ID!) {
      suppressionImport(input: {uploadId: $id, dryRun: true}) { contactImport { id } errors { code path message } }
    }""",
    "Mutation.templateUpdate(id)": """mutation ($id: ID!) {
      templateUpdate(id: $id, input: {body: "X"}) { template { id } errors { code path message } }
    }""",
    "Mutation.templateArchive(id)": """mutation ($id: ID!) {
      templateArchive(id: $id) { template { id } errors { code path message } }
    }""",
    "Mutation.numberUpdate(id)": """mutation ($id: ID!) {
      numberUpdate(id: $id, input: {label: "X"}) { number { id } errors { code path message } }
    }""",
    "CallMakeInput.contactId": """mutation ($id: ID!) {
      callMake(input: {idempotencyKey: "key", contactId: $id, announcement: "Hello"}) {
        call { id } errors { code path message }
      }
    }""",
    "CallMakeInput.senderId": """mutation ($id: ID!) {
      callMake(input: {idempotencyKey: "key", number: "+12025550100", announcement: "Hello", senderId: $id}) {
        call { id } errors { code path message }
      }
    }""",
    "Mutation.messageCancel(id)": """mutation ($id: ID!) {
      messageCancel(id: $id) { canceled allowance { used } message { id } errors { code path message } }
    }""",
    "Mutation.messageReschedule(id)": """mutation ($id: ID!) {
      messageReschedule(id: $id, sendAt: "2026-11-20T15:00:00Z") {
        rescheduled message { id } batch { id } errors { code path message }
      }
    }""",
    "Mutation.memberRoleChange(id)": """mutation ($id: ID!) {
      memberRoleChange(id: $id, role: SUPPORT) { member { id } errors { code path message } }
    }""",
    "Mutation.memberRemove(id)": """mutation ($id: ID!) {
      memberRemove(id: $id) { removedId errors { code path message } }
    }""",
    "Mutation.invitationResend(id)": """mutation ($id: ID!) {
      invitationResend(id: $id) { invitation { id } errors { code path message } }
    }""",
    "Mutation.invitationRevoke(id)": """mutation ($id: ID!) {
      invitationRevoke(id: $id) { revokedId errors { code path message } }
    }""",
    "Mutation.ownershipTransfer(toMemberId)": """mutation ($id: ID!) {
      ownershipTransfer(toMemberId: $id) { transfer { id } errors { code path message } }
    }""",
    "Mutation.ownershipAccept(transferId)": """mutation ($id: ID!) {
      ownershipAccept(transferId: $id) { membership { role } errors { code path message } }
    }""",
    "Mutation.apiClientRotate(id)": """mutation ($id: ID!) {
      apiClientRotate(id: $id, idempotencyKey: "key") { apiClient { id } secret errors { code path message } }
    }""",
    "Mutation.apiClientDisable(id)": """mutation ($id: ID!) {
      apiClientDisable(id: $id) { apiClient { id } errors { code path message } }
    }""",
    "Mutation.alertAcknowledge(id)": """mutation ($id: ID!) {
      alertAcknowledge(id: $id) { alert { id } errors { code path message } }
    }""",
    "Mutation.trafficPauseRelease(id)": """mutation ($id: ID!) {
      trafficPauseRelease(id: $id) { trafficPause { id } errors { code path message } }
    }""",
    "Mutation.alertMute(id)": """mutation ($id: ID!) {
      alertMute(id: $id, until: "2026-11-20T15:00:00Z") { alert { id } errors { code path message } }
    }""",
    "Mutation.webhookEndpointUpdate(id)": """mutation ($id: ID!) {
      webhookEndpointUpdate(id: $id, input: {description: "X"}) {
        webhookEndpoint { id } errors { code path message }
      }
    }""",
    "Mutation.webhookEndpointRotate(id)": """mutation ($id: ID!) {
      webhookEndpointRotate(id: $id, idempotencyKey: "key") {
        webhookEndpoint { id } secret errors { code path message }
      }
    }""",
    "Mutation.webhookEndpointDelete(id)": """mutation ($id: ID!) {
      webhookEndpointDelete(id: $id) { deletedId errors { code path message } }
    }""",
    "Mutation.webhookEndpointTest(id)": """mutation ($id: ID!) {
      webhookEndpointTest(id: $id) { webhookDelivery { id } errors { code path message } }
    }""",
    "WebhookReplayInput.deliveryId": """mutation ($id: ID!) {
      webhookReplay(input: {deliveryId: $id}) { replayed deliveryId errors { code path message } }
    }""",
    "WebhookReplayInput.endpointId": """mutation ($id: ID!) {
      webhookReplay(input: {endpointId: $id, range: {from: "2026-01-01T00:00:00Z", until: "2027-01-01T00:00:00Z"}}) {
        replayed endpointId errors { code path message }
      }
    }""",
    "WebhookDeliveryFilter.endpointId": """query ($id: ID!) {
      webhookDeliveries(filter: {endpointId: $id}) { nodes { id } pageInfo { hasNextPage endCursor } }
    }""",
    "Query.invoice(id)": "query ($id: ID!) { invoice(id: $id) { id number lines { description } } }",
    "Tenant.invoice(id)": "query ($id: ID!) { viewer { tenant { invoice(id: $id) { id number } } } }",
    "Query.planChangePreview(planId)": """query ($id: ID!) {
      planChangePreview(planId: $id) { effectiveAt proration { amount } warnings { code } token }
    }""",
    "Tenant.message(id)": "query ($id: ID!) { viewer { tenant { message(id: $id) { id body batch { id } } } } }",
    "MessageFilter.contactId": """query ($id: ID!) {
      messages(filter: {contactId: $id}) { nodes { id } pageInfo { hasNextPage endCursor } }
    }""",
    "MessageFilter.batchId": """query ($id: ID!) {
      messages(filter: {batchId: $id}) { nodes { id } pageInfo { hasNextPage endCursor } }
    }""",
    "AuditFilter.target": """query ($id: ID!) {
      auditLog(filter: {target: $id}) { nodes { id } pageInfo { hasNextPage endCursor } }
    }""",
    "RecipientsInput.contactIds": """query ($id: ID!) {
      messageEstimate(input: {recipients: {contactIds: [$id, $id]}, body: "Hello {{name}}"}) {
        recipients refusals { code count } preview segments allowanceAfter { remaining }
      }
    }""",
    "RecipientsInput.tagIds": """query ($id: ID!) {
      messageEstimate(input: {recipients: {tagIds: [$id]}, body: "Hello"}) { recipients }
    }""",
    "MessageEstimateInput.templateId": """query ($id: ID!) {
      messageEstimate(input: {recipients: {contactIds: ["x"]}, templateId: $id}) { recipients preview }
    }""",
    "MessageEstimateInput.senderId": """query ($id: ID!) {
      messageEstimate(input: {recipients: {contactIds: ["x"]}, senderId: $id, body: "Hello"}) { recipients preview }
    }""",
    "MessageSendInput.senderId": """mutation ($id: ID!) {
      messageSend(
        input: {idempotencyKey: "key", recipients: {contactIds: ["x"]}, senderId: $id, body: "Hello"}
      ) { batch { id } errors { code path message } }
    }""",
    "MessageSendInput.templateId": """mutation ($id: ID!) {
      messageSend(input: {idempotencyKey: "key", recipients: {contactIds: ["x"]}, templateId: $id}) {
        batch { id } errors { code path message }
      }
    }""",
}
# The same of the ISV's support, which belongs to no tenant.
PLACES_OF_SUPPORT = {
    "Query.tenant(id)": "query ($id: ID!) { tenant(id: $id) { id name } }",
    "Mutation.supportSessionEnd(id)": """mutation ($id: ID!) {
      supportSessionEnd(id: $id) { supportSession { id } errors { code path message } }
    }""",
    "SupportSessionStartInput.tenantId": """mutation ($id: ID!) {
      supportSessionStart(input: {tenantId: $id, reason: "A ticket"}) {
        supportSession { id } errors { code path message }
      }
    }""",
}
# And of the ISV's operator.
PLACES_OF_OPERATOR = {
    "CreditLimitSetInput.tenantId": """mutation ($id: ID!) {
      creditLimitSet(input: {tenantId: $id, amount: "1"}) { creditLimit { amount } errors { code path message } }
    }""",
    "AcquisitionCostSetInput.tenantId": """mutation ($id: ID!) {
      acquisitionCostSet(input: {tenantId: $id, amount: {amount: "1", currency: "USD"}}) {
        tenant { id } errors { code path message }
      }
    }""",
    "PolicyOverrideInput.tenantId": """mutation ($id: ID!) {
      policyOverride(input: {tenantId: $id, rule: SEX, reason: "A reason", until: "2027-01-01T00:00:00Z"}) {
        policyOverride { id } errors { code path message }
      }
    }""",
    "Mutation.policyOverrideEnd(id)": """mutation ($id: ID!) {
      policyOverrideEnd(id: $id) { policyOverride { id } errors { code path message } }
    }""",
    "Mutation.invoiceIssue(id)": """mutation ($id: ID!) {
      invoiceIssue(id: $id) { invoice { id } errors { code path message } }
    }""",
    "Mutation.invoiceMarkPaid(id)": """mutation ($id: ID!) {
      invoiceMarkPaid(id: $id, reference: "bank") { invoice { id } errors { code path message } }
    }""",
    "Mutation.invoiceVoid(id)": """mutation ($id: ID!) {
      invoiceVoid(id: $id, reason: "Wrong") { invoice { id } errors { code path message } }
    }""",
    "CreditNoteIssueInput.invoiceId": """mutation ($id: ID!) {
      creditNoteIssue(
        input: {invoiceId: $id, amount: {amount: "1", currency: "USD"}, reason: "A gesture", idempotencyKey: "key"}
      ) { invoice { id } errors { code path message } }
    }""",
    "Mutation.discrepancyClose(id)": """mutation ($id: ID!) {
      discrepancyClose(id: $id, note: "A note") { discrepancy { id } errors { code path message } }
    }""",
    "Mutation.marginAlertAcknowledge(id)": """mutation ($id: ID!) {
      marginAlertAcknowledge(id: $id) { marginAlert { id } errors { code path message } }
    }""",
    "DiscrepancyFilter.tenantId": """query ($id: ID!) {
      discrepancies(filter: {tenantId: $id}) { nodes { id } pageInfo { hasNextPage endCursor } }
    }""",
    "MarginAlertFilter.tenantId": """query ($id: ID!) {
      marginAlerts(filter: {tenantId: $id}) { nodes { id } pageInfo { hasNextPage endCursor } }
    }""",
    "Mutation.planRetire(id)": """mutation ($id: ID!) {
      planRetire(id: $id) { plan { id } errors { code path message } }
    }""",
    "Mutation.tenantPlanAssign(id)": """mutation ($id: ID!) {
      tenantPlanAssign(id: $id, planId: "x") { tenantPlan { since } errors { code path message } }
    }""",
    "Mutation.tenantPlanAssign(planId)": """mutation ($id: ID!) {
      tenantPlanAssign(id: "x", planId: $id) { tenantPlan { since } errors { code path message } }
    }""",
}
# What is on sale is everybody's to see, and the stories' tenants have plans that are.
ON_SALE = "Plan"
SEND_TO = """mutation ($id: ID!, $key: String!) {
  messageSend(input: {idempotencyKey: $key, recipients: {contactIds: [$id, $id]}, body: "Hello {{name}}"}) {
    batch { total accepted refusals { nodes { code message maskedNumber contact { id } } } messages { nodes { id } } }
    allowance { used reserved } errors { code path message }
  }
}"""
ALL_OF = """{
  contacts(first: 100) { nodes { id name } } messages(first: 100) { nodes { id body } } viewer { tenant { name } }
}"""
