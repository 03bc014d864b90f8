"""Orders with any value in any field, up to the declared bounds."""

from hypothesis import strategies as st

from intents.settlement.order import MandateOutput, StandardOrder, int_to_address

identifiers = st.binary(min_size=32, max_size=32)
numbers = st.integers(0, 2**256 - 1)
seconds = st.integers(0, 2**32 - 1)
addresses = st.integers(0, 2**160 - 1).map(int_to_address)
outputs = st.builds(
    MandateOutput,
    oracle=identifiers,
    settler=identifiers,
    chain_id=numbers,
    token=identifiers,
    amount=numbers,
    recipient=identifiers,
    callback_data=st.binary(max_size=1024),
    context=st.binary(max_size=128),
)
orders = st.builds(
    StandardOrder,
    user=addresses,
    nonce=numbers,
    origin_chain_id=numbers,
    expires=seconds,
    fill_deadline=seconds,
    input_oracle=addresses,
    inputs=st.lists(st.tuples(st.integers(0, 2**160 - 1), numbers), max_size=2).map(tuple),
    outputs=st.lists(outputs, max_size=2).map(tuple),
)
