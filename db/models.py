"""Which bundles have scored here, and which one the views show. Called by the workers' start."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, insert, select, text, update

from db.connections import in_transaction
from db.errors import DatabaseError
from db.tables import ModelRow
from records import EMOTIONS, Emotion


def register_model(
    engine: Engine,
    name: str,
    emotions: Sequence[Emotion],
    *,
    make_current: bool | None = None,
) -> int:
    """Return the id of the model `name` (bundle@version), written down if it is new.

    The first model of a database becomes the current one. Later ones do not, so that one stray
    worker with another bundle does not turn every chart over, unless `make_current` is True.

    Raises:
        DatabaseError: when the name is known with other emotions.
    """
    unknown = [emotion for emotion in emotions if emotion not in EMOTIONS]
    if unknown or not emotions:
        raise ValueError(f"expected some of {', '.join(EMOTIONS)}, found {list(emotions)!r}")
    listed = ",".join(emotion for emotion in EMOTIONS if emotion in emotions)

    def work(connection: Connection) -> int:
        if connection.dialect.name == "postgresql":
            # Rare and short; two first models at once would else both become current.
            connection.execute(text("LOCK TABLE models IN SHARE ROW EXCLUSIVE MODE"))
        known = connection.execute(select(ModelRow).where(ModelRow.name == name)).first()
        if known is not None and known.emotions != listed:
            raise DatabaseError(
                f"model {name!r} is known here as scoring {known.emotions}, found {listed}:"
                " two bundles share one name and version"
            )
        has_current = connection.execute(select(ModelRow.id).where(ModelRow.current)).first()
        becomes_current = make_current or (has_current is None and make_current is None)
        if becomes_current:
            connection.execute(update(ModelRow).where(ModelRow.current).values(current=False))
        if known is None:
            values = {
                "name": name,
                "emotions": listed,
                "current": bool(becomes_current),
                "registered_at": datetime.now(UTC),
            }
            added = connection.execute(insert(ModelRow).returning(ModelRow.id), values)
            return int(added.scalar_one())
        if becomes_current:
            connection.execute(update(ModelRow).where(ModelRow.id == known.id).values(current=True))
        return int(known.id)

    return in_transaction(engine, work)
