"""Answering interactions: the first answer, then the webhook that the token is. No token of the bot needed."""

from __future__ import annotations

from deckwright_bot.sandbox.errors import ApiError, invalid_form
from deckwright_bot.sandbox.interaction import MESSAGES, UPDATES, Callback, Interaction
from deckwright_bot.sandbox.limits import Findings, check_choices
from deckwright_bot.sandbox.message_payloads import message as payload
from deckwright_bot.sandbox.model import Json, MessageFlag
from deckwright_bot.sandbox.rest.rules import check_body
from deckwright_bot.sandbox.rest.wire import Call, Reply, Routes

routes = Routes()
HOOK = "/webhooks/{webhook}/{token}"
ALLOWED_WHEN_DEFERRED = {"flags"}


@routes.add("POST", "/interactions/{interaction}/{token}/callback", limited=False, authorised=False)
def callback(call: Call) -> Reply:
    """The first answer."""
    interactions, body = call.core.interactions, call.json()
    interaction = interactions.find(call.number("interaction"), call.params["token"])
    try:
        kind = Callback(int(body.get("type") or 0))
    except ValueError as error:
        raise invalid_form(
            ("type",), "BASE_TYPE_CHOICES", "Value must be one of {1, 4, 5, 6, 7, 8, 9}."
        ) from error
    data: Json = body.get("data") or {}
    _check(kind, data, interaction)
    interactions.acknowledge(interaction, kind, data, call.files)
    return Reply(_described(call, interaction)) if call.flag("with_response") else Reply()


def _check(kind: Callback, data: Json, interaction: Interaction) -> None:
    from deckwright_bot.sandbox.component_limits import check_modal

    findings = Findings()
    if kind is Callback.MESSAGE:
        check_body(data, prefix=("data",))
    elif kind is Callback.UPDATE and interaction.source is not None:
        check_body(data, interaction.source.flags & MessageFlag.COMPONENTS_V2, ("data",))
    elif kind is Callback.DEFERRED_MESSAGE:
        for key in set(data) - ALLOWED_WHEN_DEFERRED:
            findings.add(("data", key), "UNKNOWN_FIELD", "A deferred answer carries only flags")
        if int(data.get("flags") or 0) & ~MessageFlag.EPHEMERAL:
            findings.add(("data", "flags"), "BASE_TYPE_CHOICES", "Only the ephemeral flag can be deferred")
    elif kind is Callback.CHOICES:
        check_choices(data, findings)
    elif kind is Callback.MODAL:
        check_modal(data, findings)
    findings.refuse()


def _described(call: Call, interaction: Interaction) -> Json:
    about: Json = {"id": str(interaction.id), "type": int(interaction.type)}
    kind, original = interaction.callback, interaction.original
    assert kind is not None
    if original is None:
        return {"interaction": about}
    if kind in MESSAGES or kind in UPDATES:
        about["response_message_id"] = str(original.id)
        about["response_message_loading"] = MessageFlag.LOADING in original.flags
        about["response_message_ephemeral"] = MessageFlag.EPHEMERAL in original.flags
    if kind is Callback.DEFERRED_UPDATE:
        return {"interaction": about}
    # Discord's description knows only these two, for a deferred message too
    shown = Callback.UPDATE if kind in UPDATES else Callback.MESSAGE
    resource: Json = {"type": int(shown), "message": payload(original, call.core.world)}
    return {"interaction": about, "resource": resource}


def _hook(call: Call) -> Interaction:
    return call.core.interactions.of_webhook(call.number("webhook"), call.params["token"])


@routes.add("POST", HOOK, limited=False, authorised=False)
def follow_up(call: Call) -> Reply:
    """A further message."""
    interaction = _hook(call)
    check_body(call.json())
    message = call.core.interactions.follow_up(interaction, call.json(), call.files)
    return Reply(payload(message, call.core.world))


@routes.add("GET", HOOK + "/messages/{name}", limited=False, authorised=False)
def get(call: Call) -> Reply:
    """``@original`` or a follow-up."""
    message = call.core.interactions.message(_hook(call), call.params["name"])
    return Reply(payload(message, call.core.world))


@routes.add("PATCH", HOOK + "/messages/{name}", limited=False, authorised=False)
def edit(call: Call) -> Reply:
    """Edit ``@original`` or a follow-up; that also ends "is thinking"."""
    interaction = _hook(call)
    message = call.core.interactions.message(interaction, call.params["name"])
    check_body(call.json(), message.flags & MessageFlag.COMPONENTS_V2)
    call.core.interactions.edit(interaction, message, call.json(), call.files)
    return Reply(payload(message, call.core.world))


@routes.add("DELETE", HOOK + "/messages/{name}", limited=False, authorised=False)
def delete(call: Call) -> Reply:
    """Delete ``@original`` or a follow-up."""
    interaction = _hook(call)
    message = call.core.interactions.message(interaction, call.params["name"])
    call.core.interactions.delete(interaction, message)
    return Reply()


@routes.add("GET", HOOK, limited=False, authorised=False)
def describe(call: Call) -> Reply:
    """The webhook itself; an interaction's has nothing to tell."""
    _hook(call)
    raise ApiError(404, 10015, "Unknown Webhook")
