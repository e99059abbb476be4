{{ staged("promotions", key=["account_name", "idCalculatorConfiguration"], columns=[
    ["account_name", "account_name", "id"],
    ["promotion_id", "idCalculatorConfiguration", "id"],
    ["name", "name", "text"],
    ["promotion_type", "type", "text"],
    ["begins_at", "beginDateUtc", "time"],
    ["ends_at", "endDateUtc", "time"],
    ["is_active", "isActive", "boolean"],
    ["is_archived", "isArchived", "boolean"],
    ["is_tax", "isTax", "boolean"],
    ["utm_source", "utmSource", "text"],
    ["utm_campaign", "utmCampaign", "text"],
]) }}
