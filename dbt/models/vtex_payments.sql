select
    orders.account_name,
    orders."orderId" as order_id,
    row_number() over (
        partition by orders.account_name, orders."orderId"
        order by transactions.place, payments.place
    ) - 1 as payment_index,
    transactions.entry ->> 'transactionId' as transaction_id,
    (transactions.entry ->> 'isActive')::boolean as is_active,
    payments.entry ->> 'id' as payment_id,
    payments.entry ->> 'paymentSystem' as payment_system,
    payments.entry ->> 'paymentSystemName' as payment_system_name,
    payments.entry ->> 'group' as payment_group,
    (payments.entry ->> 'installments')::numeric::integer as installments,
    {{ money("(payments.entry ->> 'value')::numeric") }} as value,
    orders."storePreferencesData" ->> 'currencyCode' as currency,
    orders.status as order_status,
    orders."creationDate" as order_created_at,
    {{ local_time('orders."creationDate"') }} as order_created_at_local
from {{ source("vtex", "orders") }} as orders
cross join lateral
    {{ elements("orders.\"paymentData\" -> 'transactions'") }}
    with ordinality as transactions (entry, place)
cross join lateral
    {{ elements("transactions.entry -> 'payments'") }}
    with ordinality as payments (entry, place)
