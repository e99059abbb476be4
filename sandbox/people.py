"""The store's clients, computed from their numbers. All of them are made up."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from functools import lru_cache


def _words(text: str) -> list[str]:
    return text.split("|")


FIRST_NAMES = _words(
    "Ana|Antônio|Beatriz|Bruno|Caio|Camila|Carlos|Cecília|Daniel|Débora|Diego|Eduardo|"
    "Elisa|Fábio|Fernanda|Gabriel|Giovana|Gustavo|Heloísa|Igor|Isabela|João|José|Juliana|"
    "Larissa|Leandro|Letícia|Luan|Luiza|Marcelo|Maria|Mateus|Mônica|Natália|Otávio|Paula|"
    "Pedro|Rafael|Renata|Ricardo|Sérgio|Sofia|Tatiane|Thiago|Vanessa|Vinícius|Vitória|"
    "Yara"
)
LAST_NAMES = _words(
    "Almeida|Alves|Araújo|Barbosa|Batista|Cardoso|Carvalho|Castro|Conceição|Correia|"
    "Costa|Dias|Ferreira|Freitas|Gomes|Gonçalves|Lima|Lopes|Machado|Magalhães|Martins|"
    "Melo|Mendes|Moreira|Nascimento|Nogueira|Oliveira|Pereira|Pinto|Ramos|Ribeiro|Rocha|"
    "Rodrigues|Santos|Silva|Soares|Souza|Teixeira|Vieira"
)
STREETS = _words(
    "Rua das Acácias|Avenida Paulista|Rua XV de Novembro|Avenida Brasil|"
    "Rua Sete de Setembro|Travessa da Sé|Rua do Comércio|Avenida Atlântica|Rua São João|"
    "Alameda Santos"
)
CITIES = (
    ("São Paulo", "SP", "01310"),
    ("Rio de Janeiro", "RJ", "22630"),
    ("Belo Horizonte", "MG", "30140"),
    ("Curitiba", "PR", "80010"),
    ("Porto Alegre", "RS", "90010"),
    ("Salvador", "BA", "40020"),
    ("Recife", "PE", "50030"),
    ("Fortaleza", "CE", "60060"),
    ("Florianópolis", "SC", "88010"),
    ("Goiânia", "GO", "74003"),
    ("Brasília", "DF", "70040"),
    ("Manaus", "AM", "69005"),
)
NEIGHBORHOODS = ("Centro", "Jardim América", "Boa Vista", "Vila Nova", "Bela Vista", "Água Verde")


@dataclass(frozen=True, slots=True)
class Person:
    """A client of the store."""

    user_id: str
    first_name: str
    last_name: str
    email: str
    document: str
    phone: str
    address_id: str
    street: str
    number: str
    complement: str | None
    neighborhood: str
    city: str
    state: str
    postal_code: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


@lru_cache(maxsize=4096)
def person(seed: int, number: int) -> Person:
    """The client with a number."""
    dice = random.Random(f"person {seed} {number}")
    first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
    city, state, postal_code = dice.choice(CITIES)
    return Person(
        user_id=identifier(dice),
        first_name=first,
        last_name=last,
        email=f"{_plain(first)}.{_plain(last)}{number}@example.com.br",
        document=f"{dice.randrange(10**11):011d}",
        phone=f"+55{dice.randrange(11, 99)}9{dice.randrange(10**8):08d}",
        address_id=f"{dice.randrange(10**12, 10**13)}",
        street=dice.choice(STREETS),
        number=str(dice.randrange(1, 3000)),
        complement=f"apto {dice.randrange(10, 300)}" if dice.random() < 0.4 else None,
        neighborhood=dice.choice(NEIGHBORHOODS),
        city=city,
        state=state,
        postal_code=f"{postal_code}-{dice.randrange(1000):03d}",
    )


def identifier(dice: random.Random) -> str:
    """A random id in VTEX's format."""
    return str(uuid.UUID(int=dice.getrandbits(128), version=4))


def _plain(name: str) -> str:
    accents = str.maketrans("áâãçéêíóôõú", "aaaceeiooou")
    return name.lower().translate(accents)
