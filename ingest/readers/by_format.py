"""Start the reader of a format: what `ingest.open` knows about a file, as each reader wants it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ingest.options import MAX_RECORD_BYTES, Format, ReadOptions
from ingest.readers.delimited import plan_delimited, read_delimited
from ingest.readers.journal import is_property_list, read_journal, read_property_list, sample_dates
from ingest.readers.journal_dates import date_in_path
from ingest.readers.json_document import plan_document, read_json_document
from ingest.readers.json_lines import read_json_lines, sample_objects
from ingest.readers.json_text import JsonText
from ingest.readers.keys import ObjectReader
from ingest.readers.record import MessageMaker
from ingest.readers.whatsapp import read_whatsapp, sample_times
from ingest.text_file import TextFile
from records import Message, Rejected


def start_reading(  # noqa: PLR0911 - one a format
    file: TextFile,
    format: Format,  # noqa: A002 - the word users know it by
    *,
    path: Path | None,
    options: ReadOptions,
    maker: MessageMaker,
    notes: list[str],
) -> Iterator[Message | Rejected]:
    """Look at the head, say in `notes` what was decided, and return the messages and rejects.

    Raises:
        ReadError: when the head shows that the file cannot be read as asked.
    """

    def learn_times(values: Iterable[object]) -> None:
        said = maker.times.learn(values)
        if said is not None:
            notes.append(said)

    objects = ObjectReader(options, maker)
    match format:
        case "csv" | "tsv":
            plan = plan_delimited(file.sample, options, is_cut=file.is_cut)
            notes.extend(plan.notes)
            learn_times(plan.sample_times)
            return read_delimited(file.lines(), plan, maker)
        case "jsonl":
            sample = sample_objects(file.sample)
            notes.extend(objects.learn(sample))
            learn_times(objects.times_of(sample))
            return read_json_lines(file.lines(), objects, maker)
        case "json":
            place, sample = plan_document(file.head, file.stream_encoding)
            while not sample and file.widen():  # the first object is longer than the head
                place, sample = plan_document(file.head, file.stream_encoding)
            notes.extend(objects.learn(sample))
            learn_times(objects.times_of(sample))
            text = JsonText(file.stream(), file.stream_encoding, file.mark_bytes)
            return read_json_document(text, place, objects, maker)
        case "feed":
            from ingest.readers.feed import read_feed

            return read_feed(file.stream(with_mark=True), maker, notes)
        case "journal":
            if is_property_list(file.sample):
                return read_property_list(file.stream().read(MAX_RECORD_BYTES), maker)
            learn_times(sample_dates(file.sample))
            return read_journal(file.lines(), maker, file_date=date_in_path(path), notes=notes)
        case "whatsapp":
            learn_times(sample_times(file.sample))
            return read_whatsapp(file.lines(), maker)
