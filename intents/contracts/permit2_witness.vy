# pragma version 0.4.3
# @license MIT
"""
@title What a Permit2 signature for an order says, as the Open Intents Framework words it (5323b1bf1d10)
"""

MANDATE_OUTPUT_TYPEHASH: constant(bytes32) = keccak256(
    "MandateOutput(bytes32 oracle,bytes32 settler,uint256 chainId,bytes32 token,uint256 amount,bytes32 recipient,bytes callbackData,bytes context)"
)
TYPEHASH: constant(bytes32) = keccak256(
    "Permit2Witness(address user,uint32 expires,address inputOracle,MandateOutput[] outputs)MandateOutput(bytes32 oracle,bytes32 settler,uint256 chainId,bytes32 token,uint256 amount,bytes32 recipient,bytes callbackData,bytes context)"
)
TYPESTRING: constant(String[330]) = (
    "Permit2Witness witness)MandateOutput(bytes32 oracle,bytes32 settler,uint256 chainId,bytes32 token,uint256 amount,bytes32 recipient,bytes callbackData,bytes context)Permit2Witness(address user,uint32 expires,address inputOracle,MandateOutput[] outputs)TokenPermissions(address token,uint256 amount)"
)
