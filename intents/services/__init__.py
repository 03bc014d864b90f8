"""What may be asked of the system.

- A quote: `intent` reads what is wanted (`assets`, `call`, `destination`, `names`; a sentence: `saying`), `quotes`
  has it priced by `solving`, from one chain or by `anywhere` and `together` from several. `wallets`, `balances` and
  `spendable` read what the person holds, `ways` how they may confirm, `arrival` and `trial` what becomes of what
  arrives.
- An order: `orders` accepts it within `bounds`, once `signatures` knows who signed, and `order_writing` writes it
  down; `errors` say why not.
- Who asks, and how often: `login`, `limits`. What they read of an error: `words`.
- People's questions: `tickets`, `code_words`, `secret_text`. What staff may do: `staff`.
- Chains: `joining`, `passports`; lists for other programs: `published`. Our stock: `stock`.
- Processes: `start`, `warm`, `forgetting`; `breakit` on the local network.
"""
