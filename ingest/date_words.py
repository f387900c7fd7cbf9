"""The words dates are written with: months, weekdays and what stands between them.

English, German, French and Spanish, as spreadsheets and diarists of those languages write them, in
full and shortened. No word means two months. Pure: used by `ingest.date_shapes` and by
`ingest.readers.journal_dates`.
"""

from __future__ import annotations

from typing import Final

_MONTH_NAMES: Final = (
    "january jan januar jän jänner janvier janv enero ene",
    "february feb februar feber février fevrier févr fevr fév febrero",
    "march mar märz maerz mär mrz mars marzo",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil julio",
    "august aug août aout agosto ago",
    "september sept sep septembre septiembre setiembre",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez décembre decembre déc diciembre dic",
)
#: The number of each month's names, in lower case.
MONTHS: Final = {
    name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()
}
_WEEKDAY_NAMES: Final = """
monday tuesday wednesday thursday friday saturday sunday
mo tu we th fr sa su mon tue wed thu fri sat sun tues weds wedn thur thurs frid satu sund
montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag
di mi do so die mit don fre sam son
lundi mardi mercredi jeudi vendredi samedi dimanche lun mer jeu ven dim
lunes martes miércoles miercoles jueves viernes sábado sabado domingo mié mie jue vie sáb sab dom
"""
#: Names of weekdays in lower case; what they say of the date is not checked.
WEEKDAYS: Final = frozenset(_WEEKDAY_NAMES.split())
#: Words between the parts of a date that say nothing.
FILLERS: Final = frozenset(
    {"at", "of", "the", "on", "-", "", "um", "den", "der", "uhr", "le", "à", "de", "del", "el", "a"}
    | {"las", "h"}
)
#: What stands behind the number of a day: 3rd, 3., 1er, 3º; a pattern.
ORDINAL: Final = r"(?:st|nd|rd|th|er|\.|º)?"
