"""What the page says, in three languages."""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = {"en": "English", "es": "Español", "pt": "Português"}

WORDS: Final[dict[str, tuple[str, str, str]]] = {
    "title": ("How the store does", "Cómo va la tienda", "Como vai a loja"),
    "language": ("Language", "Idioma", "Idioma"),
    "theme": ("Dark or light", "Oscuro o claro", "Escuro ou claro"),
    "last_month": ("Last full month", "Último mes completo", "Último mês completo"),
    "against": ("against the month before", "frente al mes anterior", "em relação ao mês anterior"),
    "net_revenue": ("Net revenue", "Ingresos netos", "Receita líquida"),
    "purchases": ("Paid purchases", "Compras pagadas", "Compras pagas"),
    "average": ("Average purchase", "Compra media", "Compra média"),
    "new_customers": ("New customers", "Clientes nuevos", "Clientes novos"),
    "recovery": ("Carts recovered", "Carritos recuperados", "Carrinhos recuperados"),
    "audience": (
        "People with a cart and consent",
        "Personas con carrito y consentimiento",
        "Pessoas com carrinho e consentimento",
    ),
    "audience_note": (
        "in carts; to list them:",
        "en carritos; para listarlas:",
        "em carrinhos; para listá-las:",
    ),
    "months": (
        "Net revenue by month, new and returning customers",
        "Ingresos netos por mes, clientes nuevos y recurrentes",
        "Receita líquida por mês, clientes novos e recorrentes",
    ),
    "cohorts": (
        "Customers who come back, by the month of their first purchase",
        "Clientes que vuelven, por mes de su primera compra",
        "Clientes que voltam, por mês da primeira compra",
    ),
    "carts": (
        "Carts left and recovered, by step of the checkout",
        "Carritos abandonados y recuperados, por paso del checkout",
        "Carrinhos abandonados e recuperados, por etapa do checkout",
    ),
    "segments": (
        "Net revenue by segment of customers (RFM)",
        "Ingresos netos por segmento de clientes (RFM)",
        "Receita líquida por segmento de clientes (RFM)",
    ),
    "products": ("Best products", "Mejores productos", "Melhores produtos"),
    "categories": ("Best categories", "Mejores categorías", "Melhores categorias"),
    "payments": ("Payments", "Pagos", "Pagamentos"),
    "freshness": (
        "Freshness of each table",
        "Actualidad de cada tabla",
        "Atualidade de cada tabela",
    ),
    "table": ("Table", "Tabla", "Tabela"),
    "rows": ("Rows", "Filas", "Linhas"),
    "loaded": ("Last loaded (UTC)", "Última carga (UTC)", "Última carga (UTC)"),
    "new": ("New", "Nuevos", "Novos"),
    "returning": ("Returning", "Recurrentes", "Recorrentes"),
    "unknown": ("Client not known", "Cliente desconocido", "Cliente desconhecido"),
    "month": ("Month", "Mes", "Mês"),
    "first_purchase": ("First purchase", "Primera compra", "Primeira compra"),
    "months_since": ("Months since", "Meses desde entonces", "Meses desde então"),
    "retention": ("Share who bought", "Porcentaje que compró", "Parcela que comprou"),
    "step": ("Step", "Paso", "Etapa"),
    "carts_count": ("Carts", "Carritos", "Carrinhos"),
    "in_1_hour": ("bought in 1 hour", "comprado en 1 hora", "comprado em 1 hora"),
    "in_24_hours": ("bought in 24 hours", "comprado en 24 horas", "comprado em 24 horas"),
    "in_72_hours": ("bought in 72 hours", "comprado en 72 horas", "comprado em 72 horas"),
    "later": ("bought later", "comprado después", "comprado depois"),
    "not_bought": ("not bought", "no comprado", "não comprado"),
    "segment": ("Segment", "Segmento", "Segmento"),
    "customers": ("Customers", "Clientes", "Clientes"),
    "revenue": ("Revenue", "Ingresos", "Receita"),
    "value": ("Value", "Valor", "Valor"),
    "champions": ("Champions", "Campeones", "Campeões"),
    "loyal": ("Loyal", "Leales", "Fiéis"),
    "promising": ("Promising", "Prometedores", "Promissores"),
    "needs_attention": ("Need attention", "Requieren atención", "Precisam de atenção"),
    "at_risk": ("At risk", "En riesgo", "Em risco"),
    "hibernating": ("Hibernating", "Inactivos", "Inativos"),
    "nothing": ("Nothing to show yet.", "Nada que mostrar todavía.", "Nada a mostrar ainda."),
}


def words(language: str) -> dict[str, str]:
    """All of them in one language."""
    place = list(LANGUAGES).index(language)
    return {name: texts[place] for name, texts in WORDS.items()}
