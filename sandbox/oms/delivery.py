"""The delivery parts of an order's document: addresses, invoices, packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.clock import DAY, MINUTE, seven_digits

if TYPE_CHECKING:
    from sandbox.oms.gist import Gist
    from sandbox.oms.lifecycle import State
    from sandbox.people import Person

Json = dict[str, Any]


def shipping(gist: Gist, buyer: Person) -> Json:
    """The field shippingData."""
    address = _address(buyer)
    pickup = {
        "additionalInfo": None,
        "address": None,
        "dockId": None,
        "friendlyName": None,
        "isPickupStore": False,
    }
    share = gist.shipping // len(gist.lines)
    return {
        "id": "shippingData",
        "address": address,
        "logisticsInfo": [
            {
                "itemIndex": index,
                "selectedSla": "Normal",
                "lockTTL": "10d",
                "price": share,
                "listPrice": share,
                "sellingPrice": share,
                "deliveryWindow": None,
                "deliveryCompany": "Transportadora",
                "shippingEstimate": "5bd",
                "shippingEstimateDate": seven_digits(gist.created + 6 * DAY),
                "slas": [
                    {
                        "id": sla,
                        "name": sla,
                        "shippingEstimate": "5bd",
                        "deliveryWindow": None,
                        "price": share,
                        "deliveryChannel": "delivery",
                        "pickupStoreInfo": pickup,
                        "polygonName": "",
                        "lockTTL": "10d",
                        "pickupPointId": None,
                        "transitTime": "3d",
                        "pickupDistance": 0.0,
                    }
                    for sla in ("Normal", "Expressa")
                ],
                "shipsTo": ["BRA"],
                "deliveryIds": [
                    {
                        "courierId": "136769c",
                        "courierName": "Correios",
                        "dockId": "dock_1f95",
                        "quantity": line.quantity,
                        "warehouseId": "1_1",
                        "accountCarrierName": "ipe",
                        "kitItemDetails": [],
                    }
                ],
                "deliveryChannels": [{"id": "delivery", "stockBalance": 0}],
                "deliveryChannel": "delivery",
                "pickupStoreInfo": pickup,
                "addressId": buyer.address_id,
                "versionId": None,
                "entityId": None,
                "polygonName": "",
                "pickupPointId": None,
                "transitTime": "3d",
            }
            for index, line in enumerate(gist.lines)
        ],
        "trackingHints": None,
        "selectedAddresses": [address],
        "contactInformation": [],
    }


def _address(buyer: Person) -> Json:
    return {
        "addressType": "residential",
        "receiverName": buyer.name,
        "addressId": buyer.address_id,
        "versionId": None,
        "entityId": None,
        "postalCode": buyer.postal_code,
        "city": buyer.city,
        "state": buyer.state,
        "country": "BRA",
        "street": buyer.street,
        "number": buyer.number,
        "neighborhood": buyer.neighborhood,
        "complement": buyer.complement,
        "reference": None,
        "geoCoordinates": [-43.3373718, -23.0105873],
    }


def packages(gist: Gist, state: State) -> list[Json]:
    """The packages: one once the order is invoiced, another once it is returned."""
    found = []
    if state.invoiced is not None:
        status = _courier_status(state.tracked, state.delivered)
        found.append({**_package(gist, "Output", state.invoiced), "courierStatus": status})
    if state.returned is not None:
        refund = {"restitutions": {"Refund": _refund(gist)}}
        found.append({**_package(gist, "Input", state.returned), **refund})
    return found


def _courier_status(tracked: int | None, delivered: int | None) -> Json | None:
    """The carrier's report; None before there is one."""
    if tracked is None:
        return None
    return {
        "status": "ok",
        "finished": delivered is not None,
        "deliveredDate": None if delivered is None else seven_digits(delivered),
        "data": [
            {
                "lastChange": seven_digits(tracked),
                "city": "",
                "state": "",
                "description": "Objeto postado",
                "createDate": seven_digits(tracked),
            }
        ],
    }


def _refund(gist: Gist) -> Json:
    """The refund for a return: all pieces, without shipping."""
    return {
        "value": gist.value - gist.shipping,
        "giftCardData": None,
        "items": [
            {
                "useFreight": False,
                "isCompensation": False,
                "compensationValue": 0,
                "id": str(line.sku.sku_id),
                "quantity": line.quantity,
                "price": line.sku.price,
                "description": "O tamanho não serviu.",
            }
            for line in gist.lines
        ],
    }


def _package(gist: Gist, kind: str, at: int) -> Json:
    return {
        "items": [
            {
                "itemIndex": index,
                "quantity": line.quantity,
                "price": line.sku.price,
                "description": None,
                "unitMultiplier": line.sku.unit_multiplier,
            }
            for index, line in enumerate(gist.lines)
        ],
        "courier": "Correios",
        "invoiceNumber": gist.sequence,
        "invoiceValue": gist.value,
        "invoiceUrl": None,
        "issuanceDate": seven_digits(at - MINUTE),
        "trackingNumber": f"BR{gist.sequence}X",
        "invoiceKey": None,
        "trackingUrl": "",
        "embeddedInvoice": "",
        "type": kind,
        "courierStatus": None,
        "cfop": None,
        "restitutions": {},
        "volumes": None,
        "EnableInferItems": None,
    }
