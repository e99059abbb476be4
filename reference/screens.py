"""``make screens``: the pictures of VTEX's admin in the set-up guides, one set for each language.

The names are those that VTEX's own help pages have in each language. No picture is VTEX's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from reference.drawing import Picture

FOLDER: Final = Path(__file__).parent.parent / "docs/images/store-setup"


class Product(NamedTuple):
    """A product of the License Manager, with what is ticked there."""

    name: str
    category: str | None
    """None: all of them."""
    resources: tuple[str, ...] = ()
    """Empty: all of them."""


#: The role that the guides ask for.
ROLE: Final = (
    Product("Master Data", "Generic resources", ("CRM administrator",)),
    Product(
        "Catalog",
        "Content",
        (
            "Category",
            "Categories Management",
            "Similar Category",
            "Similar Categories Management",
            "SKUs",
        ),
    ),
    Product(
        "OMS",
        "OMS access",
        (
            "View order",
            "Order feed subscription",
            "Feed v3 and Hook admin",
            "Feed v3 and Hook view only",
            "List Orders",
        ),
    ),
    Product("Rates and Benefits", None),
    Product("Pricing", "Price List", ("Read prices",)),
    Product("Dynamic Storage", "Dynamic storage generic resources"),
)

#: What admins that are not in English show in their place.
SHOWN: Final = {
    "Content": "Conteúdo",
    "SKUs": "Skus",
    "OMS access": "AcessoOMS",
    "View order": "View Order",
    "Read prices": "Read Price",
    "Dynamic storage generic resources": "Recursos genéricos para o Dynamic Storage",
}

#: What the pictures say, by language.
WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        # Names of VTEX's.
        "settings": "Account settings",
        "roles": "User roles",
        "create role": "+ Create Role",
        "choose role": "Choose role",
        "choose product": "Choose a product",
        "another product": "Configure Another Product",
        "role name": "Role name",
        "save": "Save",
        "keys": "API Keys",
        "generated": "Generated",
        "generate key": "+ Generate Key",
        "key identification": "Key identification",
        "generate": "Generate",
        "copy": "Copy",
        "key/name": "Key/Name",
        "roles of a key": "Roles",
        "status": "Status",
        "active": "Active",
        # The guide's own.
        "my role": "Data extraction",
        "all": "all resources",
        "addresses": "Where the name of the account and the address of the shop are",
        "role": "Creating the role",
        "key": "Creating the key",
        "token": "Where key and token are",
        "admin": "The address of VTEX's admin",
        "account": "name of the account",
        "shop": "The address that customers see",
        "url": "address of the shop",
        "only mine": "this role and no other",
        "link": "a link: opens once, valid for 24 hours",
        "behind": "The page behind the link",
        "long text": "token: a long text, shown once",
        "list": "The list of keys",
        "key itself": "key",
    },
    "es": {
        "settings": "Configuración de la cuenta",
        "roles": "Roles de usuario",
        "create role": "+ Crear rol",
        "choose role": "Seleccionar rol",
        "choose product": "Seleccionar un producto",
        "another product": "Configurar otro producto",
        "role name": "Nombre del rol",
        "save": "Guardar",
        "keys": "Claves de API",
        "generated": "Generadas",
        "generate key": "+ Generar clave",
        "key identification": "Identificación de la clave",
        "generate": "Generar",
        "copy": "Copiar",
        "key/name": "Clave/Nombre",
        "roles of a key": "Roles",
        "status": "Status",
        "active": "Activa",
        "my role": "Extracción de datos",
        "all": "todos los recursos",
        "addresses": "Dónde están el nombre de la cuenta y la dirección de la tienda",
        "role": "Crear el rol",
        "key": "Crear la clave",
        "token": "Dónde están la clave y el token",
        "admin": "La dirección del Admin de VTEX",
        "account": "nombre de la cuenta",
        "shop": "La dirección que ven los clientes",
        "url": "dirección de la tienda",
        "only mine": "este rol y ningún otro",
        "link": "un link: se abre una vez y vale 24 horas",
        "behind": "La página detrás del link",
        "long text": "token: un texto largo, que se muestra una vez",
        "list": "La lista de claves",
        "key itself": "clave",
    },
    "pt": {
        "settings": "Configurações da conta",
        "roles": "Perfis de acesso",
        "create role": "+ Criar perfil de acesso",
        "choose role": "Escolher perfil de acesso",
        "choose product": "Escolha um produto",
        "another product": "Configurar outro produto",
        "role name": "Nome do perfil",
        "save": "Salvar",
        "keys": "Chaves de API",
        "generated": "Geradas",
        "generate key": "+ Gerar chave",
        "key identification": "Identificação da chave",
        "generate": "Gerar",
        "copy": "Copiar",
        "key/name": "Chave/Nome",
        "roles of a key": "Perfil de acesso",
        "status": "Status",
        "active": "Ativo",
        "my role": "Extração de dados",
        "all": "todos os recursos",
        "addresses": "Onde estão o nome da conta e o endereço da loja",
        "role": "Criar o perfil de acesso",
        "key": "Criar a chave",
        "token": "Onde estão a chave e o token",
        "admin": "O endereço do Admin da VTEX",
        "account": "nome da conta",
        "shop": "O endereço que os clientes veem",
        "url": "endereço da loja",
        "only mine": "este perfil e nenhum outro",
        "link": "um link: abre uma vez e vale por 24 horas",
        "behind": "A página atrás do link",
        "long text": "token: um texto longo, exibido uma vez",
        "list": "A lista de chaves",
        "key itself": "chave",
    },
}


def pictures(language: str) -> dict[Path, str]:
    """The pictures of a language, by the file that each belongs in."""
    words = WORDS[language]
    drawn = {}
    for name, draw in (
        ("addresses", _addresses),
        ("role", _role),
        ("key", _key),
        ("token", _token),
    ):
        picture = Picture(words[name], language)
        draw(picture, words)
        drawn[FOLDER / f"{name}.{language}.svg"] = picture.text()
    return drawn


def _addresses(picture: Picture, words: dict[str, str]) -> None:
    picture.note(words["admin"])
    picture.value("https://", "acme", ".myvtex.com/admin")
    picture.note(words["account"], mark="account_name")
    picture.note(words["shop"])
    picture.value("", "https://www.acme.com.br")
    picture.note(words["url"], mark="store_url")


def _role(picture: Picture, words: dict[str, str]) -> None:
    with picture.step(1):
        picture.menu(words["settings"], words["roles"])
    with picture.step(2):
        picture.button(words["create role"])
    with picture.step(3):
        picture.field(words["choose role"], "Custom", choice=True)
    for place, product in enumerate(ROLE):
        if place:
            _product(picture, words, product)
        else:
            with picture.step(4):
                _product(picture, words, product, words["choose product"])
    with picture.step(5):
        picture.button(words["another product"])
    with picture.step(6):
        picture.field(words["role name"], words["my role"])
    with picture.step(7):
        picture.button(words["save"], main=True)


def _product(picture: Picture, words: dict[str, str], product: Product, label: str = "") -> None:
    shown = {} if words is WORDS["en"] else SHOWN
    category = product.category or ""
    with picture.panel():
        picture.field(label, product.name, choice=True)
        picture.ticked(
            [shown.get(name, name) for name in product.resources] or [words["all"]],
            heading=shown.get(category, category),
        )


def _key(picture: Picture, words: dict[str, str]) -> None:
    with picture.step(1):
        picture.menu(words["settings"], words["keys"])
    with picture.step(2):
        picture.tab(words["generated"])
        picture.button(words["generate key"])
    with picture.step(3):
        picture.field(words["key identification"], words["my role"])
    with picture.step(4):
        picture.blank()
        picture.blank()
        picture.ticked([words["my role"]])
    picture.note(words["only mine"])
    with picture.step(5):
        picture.button(words["generate"], main=True)


def _token(picture: Picture, words: dict[str, str]) -> None:
    with picture.step(5):
        picture.value("share.vtex.com/credentials/…", button=words["copy"])
    picture.note(words["link"])
    with picture.panel():
        picture.note(words["behind"])
        picture.value("", "●●●●●●●●●●●●", button=words["copy"])
        picture.note(words["long text"], mark="app_token")
    with picture.step(6):
        picture.note(words["list"])
    with picture.panel():
        picture.table(
            (words["key/name"], words["roles of a key"], words["status"]),
            ("vtexappkey-acme-ABCDEF", words["my role"], words["active"]),
            (152, 100, 48),
        )
        picture.note(words["key itself"], mark="app_key")


def main() -> None:
    """Write all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for language in WORDS:
        for path, text in pictures(language).items():
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
