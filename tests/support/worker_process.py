"""A worker with LengthScorer as a real process: `python -m tests.support.worker_process --help`.

Stands for the `moodwatch worker` command in tests that kill workers, without loading a bundle.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--db", required=True)
    parser.add_argument("--redis-url", required=True)
    parser.add_argument("--name")
    parser.add_argument("--parent-pid", type=int)
    parser.add_argument("--pause-s", type=float, default=0.0, help="seconds each chunk takes")
    parser.add_argument("--burst", action="store_true")
    options = parser.parse_args()

    from db.engine import open_database
    from db.store import register_model
    from tests.support.scorer import LengthScorer
    from worker.jobs import SCORE_CHUNK, JobContext, give_up_chunk, score_chunk
    from worker.process import new_worker_name, run_worker

    engine = open_database(options.db, create=False)
    scorer = LengthScorer(pause_s=options.pause_s)
    name = options.name or new_worker_name()
    context = JobContext(
        engine=engine,
        scorer=scorer,
        model_id=register_model(engine, scorer.model_name, scorer.emotions),
        worker_name=name,
    )
    return run_worker(
        redis_url=options.redis_url,
        database_id=context.database_id,
        functions={SCORE_CHUNK: partial(score_chunk, context)},
        on_failed=partial(give_up_chunk, context),
        name=name,
        parent_pid=options.parent_pid,
        burst=options.burst,
    )


if __name__ == "__main__":
    sys.exit(main())
