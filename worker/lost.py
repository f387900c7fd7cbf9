"""Give jobs back to the queue that nobody works on any more, and those whose delay is over.

Workers call this between jobs, the supervisor when one of its own died. Everything is a Lua
script, so any number of callers may run at once and a caller that dies halfway leaves nothing
half done. Our own scripts, because RQ waits 60 s for a job lost between pop and start and takes a
retry for it, holds its maintenance lock 15 minutes when the holder is killed, and judges leases by
the clocks of the machines instead of the server's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, cast

import structlog
from redis import Redis
from rq import Queue
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer
from rq.worker.base import BaseWorker
from rq.worker_registration import get_keys

log = structlog.get_logger(__name__)

#: Seconds an entry may lie between pop and start while any worker lives; normal are milliseconds.
POPPED_PATIENCE_S: Final = 5

#: Seconds the traces of a finally failed job stay in Redis.
FAILED_TTL_S: Final = 24 * 3600

#: Due jobs moved at a time, so that the script never holds the server up.
_PAGE: Final = 1000

# A job is being worked on while the hash of its execution lives; the hash expires unless the
# worker's heartbeat renews it. A job that lost its worker costs a retry: one that kills its
# workers must come to an end, and only a caller who tells the ledger of it may end it.
_STARTED = """
local back, failed, dead = {}, {}, {}
local may_fail = ARGV[2] == '1'
for i = 3, #ARGV do dead[ARGV[i]] = true end
local now = tonumber(redis.call('TIME')[1])
for _, entry in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local execution = 'rq:execution:' .. entry
  local worker = redis.call('HGET', execution, 'worker_name')
  local id = string.match(entry, '^(.*):[^:]*$')
  local job = 'rq:job:' .. id
  local retries = tonumber(redis.call('HGET', job, 'retries_left') or '0') or 0
  local is_there = redis.call('HEXISTS', job, 'data') == 1
  if (not worker or dead[worker]) and (may_fail or retries > 0 or not is_there) then
    redis.call('ZREM', KEYS[1], entry)
    redis.call('DEL', execution)
    redis.call('ZREM', 'rq:executions:' .. id, string.sub(entry, #id + 2))
    redis.call('LREM', KEYS[3], 0, id)
    if is_there and retries > 0 then
      redis.call('HSET', job, 'status', 'queued', 'retries_left', retries - 1)
      redis.call('LPUSH', KEYS[2], id)
      back[#back + 1] = id
    elseif is_there then
      redis.call('HSET', job, 'status', 'failed')
      redis.call('EXPIRE', job, ARGV[1])
      redis.call('ZADD', KEYS[4], now + tonumber(ARGV[1]), id)
      failed[#failed + 1] = id
    end
  end
end
return {back, failed}
"""

# An entry that is popped and not started: on its way, or its worker died just then. Nobody wrote
# down who popped it, so it is given some seconds unless no other worker is alive.
_POPPED = """
local back, started = {}, {}
for _, entry in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  started[string.match(entry, '^(.*):[^:]*$')] = true
end
local now = tonumber(redis.call('TIME')[1])
local patience = tonumber(ARGV[1])
for _, id in ipairs(redis.call('LRANGE', KEYS[3], 0, -1)) do
  local seen = KEYS[3] .. ':seen:' .. id
  if redis.call('HEXISTS', 'rq:job:' .. id, 'data') == 0 then
    redis.call('LREM', KEYS[3], 0, id)
  elseif not started[id] then
    redis.call('SET', seen, now, 'NX', 'EX', 10 * patience + 60)
    if patience == 0 or now - tonumber(redis.call('GET', seen)) >= patience then
      redis.call('DEL', seen)
      redis.call('LREM', KEYS[3], 0, id)
      redis.call('LPUSH', KEYS[2], id)
      back[#back + 1] = id
    end
  end
end
return back
"""

# RQ's own scheduler does this where `moodwatch control` runs; it holds the lock then.
_DUE = """
if redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
local now = tonumber(redis.call('TIME')[1])
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, id in ipairs(due) do
  redis.call('ZREM', KEYS[1], id)
  local job = 'rq:job:' .. id
  if redis.call('HEXISTS', job, 'data') == 1 then
    redis.call('HSET', job, 'status', 'queued')
    redis.call('RPUSH', KEYS[2], id)
  end
end
return #due
"""


@dataclass(frozen=True, slots=True)
class Returned:
    """Job ids by what became of them."""

    #: In the queue again, at its front.
    back: tuple[str, ...]
    #: Out of retries: moved to RQ's registry of failed jobs; the caller tells the ledger.
    failed: tuple[str, ...]


def queue_name(database_id: str) -> str:
    """Name the queue of a database; `ingest.queue.ChunkQueue` uses the same."""
    return f"moodwatch-{database_id}"


def return_lost_jobs(
    connection: Redis,
    database_id: str,
    *,
    dead_workers: Collection[str] = (),
    myself: str | None = None,
) -> Returned:
    """Put back every job whose worker is gone.

    Args:
        dead_workers: names of workers known to be dead; others are lost when their lease ends.
        myself: name of the calling worker, which holds no job while it asks. Jobs out of retries
            are failed for a worker only; other callers leave them to the next worker's look.
    """
    queue = Queue(queue_name(database_id), connection=connection, serializer=JSONSerializer)
    keys = [
        StartedJobRegistry(queue=queue).key,
        queue.key,
        queue.intermediate_queue_key,
        FailedJobRegistry(queue=queue).key,
    ]
    back, failed = cast(
        tuple[list[bytes], list[bytes]],
        connection.eval(
            _STARTED, len(keys), *keys, FAILED_TTL_S, int(myself is not None), *dead_workers
        ),
    )
    popped: list[bytes] = []
    if connection.llen(queue.intermediate_queue_key):
        others = _living_workers(connection, queue) - {*dead_workers, myself}
        patience_s = POPPED_PATIENCE_S if others else 0
        popped = cast(list[bytes], connection.eval(_POPPED, 3, *keys[:3], patience_s))
    returned = Returned(
        back=tuple(job_id.decode() for job_id in (*back, *popped)),
        failed=tuple(job_id.decode() for job_id in failed),
    )
    if returned.back or returned.failed:
        log.warning("lost_jobs_returned", back=returned.back, failed=returned.failed)
    return returned


def enqueue_due_jobs(connection: Redis, database_id: str) -> int:
    """Move jobs whose delay is over to the queue, unless a scheduler does; return how many."""
    name = queue_name(database_id)
    queue = Queue(name, connection=connection, serializer=JSONSerializer)
    keys = [queue.scheduled_job_registry.key, queue.key, RQScheduler.get_locking_key(name)]
    return cast(int, connection.eval(_DUE, len(keys), *keys, _PAGE))


def _living_workers(connection: Redis, queue: Queue) -> set[str | None]:
    keys = sorted(get_keys(queue=queue))
    with connection.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.exists(key)
            pipeline.hexists(key, "death")
        facts = pipeline.execute()
    return {
        key.removeprefix(BaseWorker.redis_worker_namespace_prefix)
        for key, is_there, has_died in zip(keys, facts[::2], facts[1::2], strict=True)
        if is_there and not has_died
    }
