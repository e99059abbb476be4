{{ staged("prices", key=["account_name", "itemId"], columns=[
    ["account_name", "account_name", "id"],
    ["sku_id", "itemId", "text"],
    ["price", "basePrice", "number"],
    ["list_price", "listPrice", "number"],
    ["cost_price", "costPrice", "number"],
]) }}
