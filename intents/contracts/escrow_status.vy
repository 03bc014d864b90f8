# pragma version 0.4.3
# @license MIT
"""
@title What became of each order here: nothing yet, deposited, then claimed or refunded
"""

from interfaces import orders

event Open:
    orderId: indexed(bytes32)
    order: orders.StandardOrder

UNKNOWN: constant(uint8) = 0
DEPOSITED: constant(uint8) = 1
CLAIMED: constant(uint8) = 2
REFUNDED: constant(uint8) = 3

orderStatus: public(HashMap[bytes32, uint8])
