"""Jobs that can only call what this worker was given: nothing a job names is ever imported.

RQ's own Job imports any dotted name found in Redis, its callbacks included, and posts to any
address found there. Whoever can write to Redis would own the worker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from rq.exceptions import DeserializationError
from rq.executions import Execution, ExecutionRegistry
from rq.job import Job

from worker.errors import RefusedError

#: Fields of a job's hash that make RQ call, post or enqueue something else when the job ends.
_FORBIDDEN_FIELDS = (
    "success_callback_name",
    "failure_callback_name",
    "stopped_callback_name",
    "webhooks",
    "repeats_left",
    "group_id",
    "dependency_ids",
)


class LivingExecutions(ExecutionRegistry):
    """A job's executions, without those whose worker died.

    RQ's own raises ValueError for one whose hash has expired, and a job that was ever lost could
    then never be ended: each worker that runs it would crash on its way out.
    """

    def get_executions(self, start: int = 0, end: int = -1) -> list[Execution]:
        living = []
        for execution_id in self.get_execution_ids(start, end):
            execution = Execution(execution_id, self.job_id, connection=self.connection)
            with suppress(ValueError):  # not found
                execution.refresh()  # type: ignore[no-untyped-call]  # rq leaves it untyped
                living.append(execution)
        return living


class AllowedJob(Job):
    """A job whose function is looked up in a worker's allow-list."""

    #: Names of forbidden features found in Redis; they are never honoured, and the job is refused.
    forbidden: tuple[str, ...] = ()

    def restore(self, raw_data: Any) -> None:
        fields = {
            name.decode() if isinstance(name, bytes) else name: value
            for name, value in raw_data.items()
        }
        self.forbidden = tuple(name for name in _FORBIDDEN_FIELDS if fields.get(name))
        super().restore(
            {name: value for name, value in fields.items() if name not in _FORBIDDEN_FIELDS}
        )

    @property
    def func(self) -> Callable[..., Any]:
        """RQ would import here."""
        raise RefusedError("this worker looks functions up in its allow-list and imports none")

    @property
    def execution_registry(self) -> LivingExecutions:
        return LivingExecutions(self.id, connection=self.connection)

    def call_from(self, functions: Mapping[str, Callable[..., object]]) -> Callable[[], object]:
        """Bind the named function of `functions` to the job's arguments.

        Raises:
            RefusedError: when the job names another function, an object's method, a callback, a
                webhook or a dependency, or when its content is not JSON.
        """
        if self.forbidden:
            raise RefusedError(f"job asks for {', '.join(self.forbidden)}: not supported here")
        try:
            name, instance, args, kwargs = self.func_name, self.instance, self.args, self.kwargs
        except DeserializationError as error:
            raise RefusedError("job content is not the expected JSON") from error
        function = functions.get(name) if isinstance(name, str) else None
        if function is None or instance is not None:
            raise RefusedError(f"function {str(name)[:80]!r} is not on this worker's allow-list")
        if not isinstance(args, list) or not isinstance(kwargs, dict):
            raise RefusedError("job arguments are not a list and an object")
        return lambda: function(*args, **kwargs)
