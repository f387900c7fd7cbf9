"""Which bundles have scored here, since when, what they mistake, and which one the views show.

Written at the start of workers and by `moodwatch rescore`; read by reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, Engine, delete, insert, select, text, update

from db.bulk import insert_new
from db.connections import in_transaction, reading
from db.errors import DatabaseError
from db.tables import Meta, ModelRow
from records import EMOTIONS, Emotion

#: In table `meta`, with the model's id behind it: when it took over, in ISO 8601.
_CURRENT_SINCE: Final = "current_since:"
#: Likewise: its bundle's confusions.json, for reports that are made where no bundle lies.
_CONFUSIONS: Final = "confusions:"


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
        has_current = connection.execute(select(ModelRow.id).where(ModelRow.current)).scalar()
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
            model_id = int(added.scalar_one())
        else:
            model_id = int(known.id)
            if becomes_current:
                connection.execute(
                    update(ModelRow).where(ModelRow.id == model_id).values(current=True)
                )
        if becomes_current and has_current not in {None, model_id}:
            _note_switch(connection, model_id)
        return model_id

    return in_transaction(engine, work)


def keep_confusions(engine: Engine, model_id: int, document: str) -> None:
    """Write down what the model takes for what, as its bundle says it; again changes nothing."""

    def work(connection: Connection) -> None:
        name = f"{_CONFUSIONS}{model_id}"
        # A bundle's name changes with every byte of it: what stands there is the same.
        row = {"name": name, "value": document}
        insert_new(connection, Meta, [row], keys=("name",), returning=("name",))

    in_transaction(engine, work)


def confusions_of(engine: Engine, name: str) -> str | None:
    """Return what the model `name` takes for what; None if no worker's bundle has said it."""
    with reading(engine) as connection:
        model_id = connection.execute(select(ModelRow.id).where(ModelRow.name == name)).scalar()
        return connection.execute(
            select(Meta.value).where(Meta.name == f"{_CONFUSIONS}{model_id}")
        ).scalar()


def current_since(engine: Engine) -> datetime | None:
    """Return when the current model took over from another one; None if none did.

    Its judgement of days before that is a look back: no news, and nothing to raise an alarm for.
    """
    with reading(engine) as connection:
        current = connection.execute(select(ModelRow.id).where(ModelRow.current)).scalar()
        found = connection.execute(
            select(Meta.value).where(Meta.name == f"{_CURRENT_SINCE}{current}")
        ).scalar()
    return None if found is None else datetime.fromisoformat(found)


def _note_switch(connection: Connection, model_id: int) -> None:
    name = f"{_CURRENT_SINCE}{model_id}"
    connection.execute(delete(Meta).where(Meta.name == name))
    connection.execute(insert(Meta).values(name=name, value=datetime.now(UTC).isoformat()))
