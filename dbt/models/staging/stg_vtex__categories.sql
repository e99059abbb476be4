{{ staged("categories", key=["account_name", "Id"], columns=[
    ["account_name", "account_name", "id"],
    ["category_id", "Id", "text"],
    ["parent_category_id", "FatherCategoryId", "text"],
    ["name", "Name", "text"],
    ["level", "level", "integer"],
    ["path_names", "path_names", "json"],
    ["is_active", "IsActive", "boolean"],
    ["url", "url", "text"],
]) }}
