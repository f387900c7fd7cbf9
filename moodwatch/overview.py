"""What `moodwatch status` tells: stored, queued, rejected, and who works on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moodwatch.services import database_path, redact_redis_url

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from moodwatch.settings import Settings


def overview(settings: Settings, engine: Engine) -> dict[str, object]:
    """Return the facts, each a number, a text or a small mapping; starts no server."""
    from dataclasses import asdict

    from db.engine import database_id, redact_url
    from db.queries import status

    counts = status(engine)
    return {
        "database": redact_url(settings.db),
        **asdict(counts),
        "models": {
            model.name: "current" if model.is_current else "earlier" for model in counts.models
        },
        **_queue_facts(settings, database_id(engine)),
    }


def _queue_facts(settings: Settings, database: str) -> dict[str, object]:
    from redis import Redis, RedisError
    from rq import Queue, Worker
    from rq.registry import FailedJobRegistry, StartedJobRegistry
    from rq.serializers import JSONSerializer

    url = settings.redis_url or _embedded_url(settings)
    if url is None:
        return {"queue": "embedded server, not running", "workers": 0}
    with Redis.from_url(url, socket_timeout=5) as connection:
        queue = Queue(f"moodwatch-{database}", connection=connection, serializer=JSONSerializer)
        try:
            return {
                "queue": redact_redis_url(url),
                "chunks_queued": queue.count,
                "chunks_being_scored": StartedJobRegistry(queue=queue).count,
                "jobs_failed": FailedJobRegistry(queue=queue).count,
                "workers": Worker.count(queue=queue),
            }
        except (RedisError, OSError) as error:
            return {"queue": f"{redact_redis_url(url)}: no answer ({type(error).__name__})"}


def _embedded_url(settings: Settings) -> str | None:
    from moodwatch.embedded import running_server

    path = database_path(settings.db)
    return None if path is None else running_server(path)
