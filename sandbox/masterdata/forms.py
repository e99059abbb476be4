"""The entities of a store, their fields, and the content of their documents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sandbox.clock import DAY, MINUTE, SECOND, moment
from sandbox.goods import sku
from sandbox.masterdata.apps import FORMS
from sandbox.masterdata.entities import INTERNAL, Entity, Field, Write
from sandbox.oms.history import History
from sandbox.people import person

if TYPE_CHECKING:
    import random

Json = dict[str, Any]


def _fields(kind: str, *names: str) -> tuple[Field, ...]:
    return tuple(Field(name, kind) for line in names for name in line.split())


CLIENT = (
    *_fields(
        "Varchar 100",
        "userId email firstName lastName document documentType homePhone phone businessPhone",
        "localeDefault corporateName tradeName corporateDocument stateRegistration gender",
        "customerClass priceTables profilePicture attach rclastsession cluster birthDateMonth",
    ),
    Field("isCorporate", "Boolean", is_filter=True),
    Field("isNewsletterOptIn", "Boolean", is_filter=True),
    Field("approved", "Boolean"),
    Field("rclastcartvalue", "Currency"),
    *_fields("Date and Time", "birthDate rclastsessiondate"),
    *_fields("Text", "rclastcart restrictions"),
    *_fields(
        "Score2",
        "carttag checkouttag brandPurchasedTag brandVisitedTag categoryPurchasedTag",
        "categoryVisitedTag departmentVisitedTag productPurchasedTag productVisitedTag",
        "visitedProductWithStockOutSkusTag",
    ),
)
#: Fields that the store added, with mistakes that stores make: a name that differs from a
#: native one only in letter case, and an unknown type.
CLIENT_OWN = (
    Field("clubePontos", "Integer"),
    Field("limiteCredito", "Currency"),
    Field("aceitaWhatsapp", "Boolean"),
    Field("preferencia", "Varchar 50"),
    Field("ultimaCompra", "Date and Time"),
    Field("aniversario", "Date"),
    Field("vendedor", "Relationship"),
    Field("perfilTag", "Score2"),
    Field("Email", "Email"),
    Field("aura", "Hologram"),
)
ADDRESS = _fields(
    "Varchar 100",
    "userId addressName addressLabel addressType receiverName street number complement",
    "neighborhood reference city state country countryfake postalCode geoCoordinate",
)
NEWSLETTER = (
    Field("email", "Email"),
    Field("name", "Varchar 100"),
    Field("isNewsletterOptIn", "Boolean", is_filter=True),
)
#: The fields of an entity that the store created, with names of its own choice.
WAITING_LIST = (
    Field("correio", "Email"),
    Field("nome", "Varchar 100"),
    Field("aceite", "Varchar 10"),
    Field("skuId", "Integer", is_filter=True),
)
STAGES = ("Carrinho", "DadosPessoais", "Endereco", "FormaPagamento", "Finalizado")


def entities(seed: int, first: int, now: int, clients: int, account: str) -> dict[str, Entity]:
    """The entities of a store with a given number of clients."""

    def entity(
        acronym: str, name: str, fields: tuple[Field, ...], part: float, write: Write
    ) -> Entity:
        history = History(first, now, max(1, round(clients * part)), f"{acronym} {seed}")
        return Entity(acronym, name, (*fields, *INTERNAL), history, seed, account, write)

    made: dict[str, Entity] = {}

    def client(number: int, dice: random.Random, at: int) -> Json:
        return _client(made["CL"], number, dice, at)

    def address(number: int, dice: random.Random, at: int) -> Json:  # noqa: ARG001
        return _address(seed, number % clients, dice)

    def subscriber(number: int, dice: random.Random, at: int) -> Json:  # noqa: ARG001
        who = person(seed, dice.randrange(10**9))
        return {
            "email": who.email,
            "name": who.first_name if dice.random() < 0.7 else None,
            "isNewsletterOptIn": dice.choice((True, True, True, False, None)),
        }

    def waiting(number: int, dice: random.Random, at: int) -> Json:  # noqa: ARG001
        who = person(seed, dice.randrange(10**9))
        return {
            "correio": who.email,
            "nome": who.name,
            "aceite": dice.choice(("true", "false", "sim", None)),
            "skuId": dice.randrange(1, 500),
        }

    made["CL"] = entity("CL", "Cliente", (*CLIENT, *CLIENT_OWN), 1, client)
    made["AD"] = entity("AD", "Endereço", ADDRESS, 1.2, address)
    made["NL"] = entity("NL", "Newsletter", NEWSLETTER, 0.2, subscriber)
    made["LE"] = entity("LE", "Lista de Espera", WAITING_LIST, 0.1, waiting)
    for form in FORMS:
        history = History(first, now, max(1, round(clients * form.part)), f"{form.name} {seed}")
        made[form.name] = form.entity(history, seed, account)
    return made


def _client(clients: Entity, number: int, dice: random.Random, at: int) -> Json:
    who = person(clients.seed, number)
    known = dice.random() < 0.9  # the others only left an e-mail address for the newsletter
    visited = clients.visited(number, at)
    return {
        "userId": who.user_id,
        "email": who.email,
        "firstName": who.first_name if known else None,
        "lastName": who.last_name if known else None,
        "document": who.document if known else None,
        "documentType": "cpf" if known else None,
        "homePhone": who.phone if known else None,
        "isCorporate": False if known else None,
        "isNewsletterOptIn": dice.choice((True, True, False, None)),
        "stateRegistration": "",
        "birthDate": "1985-04-12T00:00:00Z" if dice.random() < 0.3 else None,
        **(_cart(clients.seed, visited, dice) if visited else {}),
        "clubePontos": dice.randrange(5000) if known else None,
        "limiteCredito": round(dice.uniform(0, 9000), 2) if known else None,
        "aceitaWhatsapp": dice.choice((True, False, None)),
        "preferencia": dice.choice(("Feminino", "Masculino", "", None)),
        # Real stores hold impossible dates that somebody typed in.
        "ultimaCompra": "31/02/2024" if number % 50 == 3 else "2024-05-06T07:08:09.1234567Z",
        "aniversario": "1985-04-12",
        "Email": who.email.upper(),
        "aura": "violeta" if number % 2 else None,
        # A companion field that VTEX returns although the structure does not list it.
        "updatedBy_USER": '{"Id":"1","Login":"robo@ipe.com.br","Name":null}',
    }


def _cart(seed: int, visited: int, dice: random.Random) -> Json:
    """The cart fields that the shop's scripts store in a client's profile."""
    stage = dice.choice(STAGES)
    skus = [dice.randrange(1, 200) for _ in range(dice.choice((1, 1, 2, 3)))]
    cart = "&".join(f"sku={one}&qty={dice.randrange(1, 4)}&seller=1" for one in skus)
    until = _date(visited + 30 * DAY)
    return {
        "rclastcart": dice.choice((f"add?{cart}&sc=1", f"add?{cart}&sc=1", f"add?{cart}&", "")),
        "rclastcartvalue": sum(sku(seed, one).price for one in skus) / 100,
        "rclastsession": f"{dice.getrandbits(64):016x}",
        "rclastsessiondate": _date(visited - 5 * MINUTE),
        "carttag": {
            "DisplayValue": str(skus[-1]),
            "Scores": {
                str(one): [{"Point": 1.0, "Date": _date(visited), "Until": until}] for one in skus
            },
        },
        "checkouttag": {
            "DisplayValue": stage,
            "Scores": {stage: [{"Point": 30.0, "Date": _date(visited), "Until": until}]},
        },
    }


def _date(at: int) -> str:
    return f"{moment(at).isoformat()[:19]}.{at % SECOND:07d}Z"


def _coordinate(chance: float) -> list[float] | str:
    """Coordinates as VTEX documents them, as storefronts write them, or none."""
    if chance < 0.5:
        return json.dumps([-43.33, -23.01])
    return [-43.33, -23.01] if chance < 0.7 else ""


def _address(seed: int, owner: int, dice: random.Random) -> Json:
    who = person(seed, owner)
    return {
        "userId": who.user_id,
        "addressName": who.address_id,
        "addressLabel": None,
        "addressType": dice.choice(("residential", "residential", "commercial", "pickup")),
        "receiverName": who.name,
        "street": who.street,
        "number": who.number,
        "complement": who.complement or "",
        "neighborhood": who.neighborhood,
        "reference": None,
        "city": who.city,
        "state": who.state,
        "country": "BRA",
        "countryfake": None,
        "postalCode": who.postal_code,
        "geoCoordinate": _coordinate(dice.random()),
    }
