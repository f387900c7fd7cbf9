"""Which column is the text, which the time: by the user's word, by name, or by what stands in it.

Pure: names and sample values in, a choice and sentences about it out. Used for the columns of
delimited files and for the keys of JSON objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ingest.errors import ReadError
from ingest.options import ReadOptions

#: The parts of a message that a column can hold.
ROLES: Final = ("text", "time", "author", "id", "thread", "language", "source")

#: Names that mean a role, most telling first; compared without case, spaces and underscores.
_NAMES: Final[Mapping[str, str]] = {
    "text": """fulltext text body content message tweet tweettext comment commenttext commentbody
        post posttext selftext utterance review reviewtext reviewbody contenttext contenthtml note
        entry entrytext sentence statustext caption description summary messagetext messagebody
        textoriginal textdisplay
        question texts tweets comments messages posts reviews title headline
        nachricht nachrichtentext inhalt beitrag beitragstext kommentar kommentartext eintrag
        tagebucheintrag bewertung rezension meldung notiz beschreibung titel
        texte contenu commentaire billet avis entrée entree titre
        texto mensaje contenido comentario publicación publicacion reseña resena opinión opinion
        cuerpo entrada descripción descripcion título titulo""",
    "time": """createdat createdutc tweetcreated postedat posted publishedat published
        datepublished timestamp datetime creationdate createdon createddate datecreated dateposted
        posttime sentat time date created commentedat reviewdate when tweettime timestampms ts
        reviewtime unixreviewtime submittedat submissiondate submitdate responsedate at
        updatedat updated pubdate day
        zeitstempel zeitpunkt datumuhrzeit datumundzeit erstelltam veröffentlichtam
        veroeffentlichtam gepostetam erstellungsdatum datum zeit uhrzeit
        horodatage dateheure dateetheure datedepublication datepublication datedecreation
        datecreation crééle creele publiéle publiele jour heure
        marcadetiempo fechahora fechayhora fechadepublicación fechadepublicacion fechapublicación
        fechapublicacion fechadecreación fechadecreacion fechacreación fechacreacion creadoel
        publicadoel fecha día dia hora""",
    "author": """author authors username screenname user handle authorname speaker sender nickname
        sendername fromname reviewername authordisplayname
        postedby fromuser account name userid authorid member customer from
        autor autorin verfasser verfasserin benutzername benutzer nutzername nutzer absender kunde
        von auteur auteure autrice utilisateur nomutilisateur nomdutilisateur pseudo expéditeur
        expediteur autora usuario nombreusuario nombredeusuario remitente nom nombre""",
    "id": """id tweetid messageid commentid postid statusid guid uuid idstr externalid reviewid
        entryid recordid objectid permalink nachrichtenid beitragsid kommentarid kennung
        identifiant idmessage idcommentaire identificador idmensaje idcomentario""",
    "thread": """linkid thread threadid conversationid conversation dialogueid sceneid topicid
        unterhaltung konversation gespräch hilo conversación conversacion""",
    "language": "lang language languagecode sprache langue idioma",
    "source": "",
}
_RANKS: Final[Mapping[str, Mapping[str, int]]] = {
    role: {name: rank for rank, name in enumerate(names.split())} for role, names in _NAMES.items()
}
#: The option and the flag that name a role's column.
_OPTIONS: Final = {role: f"{role}_column" for role in ROLES if role != "language"}


@dataclass(frozen=True, slots=True)
class Columns:
    """The place of each role in a row; None where the file has none."""

    text: int
    time: int | None = None
    author: int | None = None
    id: int | None = None
    thread: int | None = None
    language: int | None = None
    source: int | None = None
    #: A submission's text is its title and its self text.
    title: int | None = None


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """Return a column name without what people write differently."""
    return "".join(character for character in name.casefold() if character.isalnum())


def rank_of(role: str, name: str) -> int | None:
    """Return how well a name stands for a role, 0 best; None when it does not."""
    return _RANKS[role].get(plain_name(name))


def is_known(name: str) -> bool:
    """Tell whether a name stands for any role."""
    plain = plain_name(name)
    return any(plain in ranks for ranks in _RANKS.values())


def flag_of(role: str) -> str:
    return f"--{role}-column"


def asked_for(options: ReadOptions, names: Sequence[str] | None, width: int) -> dict[str, int]:
    """Return the columns the user named, by role.

    Args:
        names: the header, None when the file has none.
        width: how many columns the file has.

    Raises:
        ReadError: when a named column does not exist.
    """
    found: dict[str, int] = {}
    for role, option in _OPTIONS.items():
        asked: str | None = getattr(options, option)
        if asked is None:
            continue
        place = _place_of(asked, names, width)
        if place is None:
            raise ReadError(
                f"{flag_of(role)}: expected one of {listing(names, width)}, found {asked[:40]!r}"
            )
        found[role] = place
    return found


def _place_of(asked: str, names: Sequence[str] | None, width: int) -> int | None:
    if names is not None:
        for same in (str, plain_name):
            for place, name in enumerate(names):
                if same(name) == same(asked):
                    return place
    if asked.isascii() and asked.isdigit() and 1 <= int(asked) <= width:
        return int(asked) - 1
    return None


def by_name(names: Sequence[str], taken: Mapping[str, int]) -> dict[str, int]:
    """Return the columns whose names stand for a role, beside those already taken."""
    found = dict(taken)
    for role in ROLES:
        if role in found:
            continue
        ranked = [
            (rank, place)
            for place, name in enumerate(names)
            if (rank := rank_of(role, name)) is not None and place not in found.values()
        ]
        if ranked:
            found[role] = min(ranked)[1]
    return found


def with_title(found: Mapping[str, int], names: Sequence[str]) -> Columns:
    """Make the choice final; a column 'selftext' takes the column 'title' along."""
    plain = [plain_name(name) for name in names]
    is_submission = plain[found["text"]] == "selftext" if plain else False
    title = plain.index("title") if is_submission and "title" in plain else None
    return Columns(**found, title=title)


def listing(names: Sequence[str] | None, width: int) -> str:
    """Return the columns as an error message lists them; names are no message text."""
    if names is None:
        return f"the numbers 1 to {width}"
    shown = [repr(name[:40]) for name in names[:30]]
    if len(names) > len(shown):
        shown.append(f"… ({len(names)} in all)")
    return ", ".join(shown)
