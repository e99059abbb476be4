{{ staged("clients", key=["account_name", "id"], columns=[
    ["account_name", "account_name", "id"],
    ["client_id", "id", "id"],
    ["user_id", "userId", "id"],
    ["created_at", "createdIn", "time"],
    ["last_activity_at", "last_activity_at", "time"],
    ["email", "email", "id"],
    ["first_name", "firstName", "text"],
    ["last_name", "lastName", "text"],
    ["phone", "homePhone", "text"],
    ["language", "localeDefault", "text"],
    ["newsletter_opt_in", "isNewsletterOptIn", "boolean"],
    ["is_corporate", "isCorporate", "boolean"],
]) }}
