"""The answer to op 8: members of a guild, by id, by the beginning of a name, or all."""

from __future__ import annotations

from deckwright_bot.sandbox import payloads
from deckwright_bot.sandbox.model import Guild, Json

CHUNK = 1000


def wants_all(data: Json) -> bool:
    """Is it a request for the whole list, which takes the members intent?"""
    return data.get("user_ids") is None and not data.get("query") and not data.get("limit")


def member_chunks(guild: Guild, data: Json) -> list[Json]:
    """The members asked for, a thousand at a time; at least one chunk, perhaps an empty one."""
    found = list(guild.members.values())
    wanted = data.get("user_ids")
    if wanted is not None:
        ids = {int(one) for one in (wanted if isinstance(wanted, list) else [wanted])}
        found = [one for one in found if one.user.id in ids]
    elif query := str(data.get("query") or "").lower():
        found = [one for one in found if (one.nick or one.user.name).lower().startswith(query)]
    found = found[: int(data.get("limit") or 0) or None]
    pieces = [found[n : n + CHUNK] for n in range(0, len(found), CHUNK)] or [[]]
    nonce: Json = {"nonce": data["nonce"]} if data.get("nonce") else {}
    return [
        {
            "guild_id": str(guild.id),
            "members": [payloads.member(one) for one in piece],
            "chunk_index": n,
            "chunk_count": len(pieces),
            "not_found": [],
        }
        | nonce
        for n, piece in enumerate(pieces)
    ]
