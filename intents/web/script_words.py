"""What the page's scripts say, in the reader's language. `{name}` places are filled by the script."""

from django.utils.translation import get_language
from django.utils.translation import gettext as _


def script_words() -> dict[str, str]:
    """Texts by the name the scripts use."""
    return {
        "language": get_language() or "en",
        "connect": _("Connect wallet"),
        "connecting": _("Your wallet is asking…"),
        "browser_wallet": _("Wallet of this browser"),
        "good_for": _("Good for {seconds} s"),
        "expired": _("This offer has expired. Ask for a new one."),
        "refreshing": _("Fetching a fresh offer…"),
        "second_look": _("I have seen that this costs {share} of what I send."),
        "compared": _("I have compared every letter of {address}; it is not the one it looks like."),
        "worse_output": _(
            "Stopped: the offer became worse. At least {now} would arrive now, instead of {before}. Nothing was "
            "confirmed; look at it again below."
        ),
        "worse_input": _(
            "Stopped: the offer became dearer. It takes {asked} now, instead of {given}. Nothing was confirmed; look "
            "at it again below."
        ),
        "confirm_new": _("Confirm the new offer"),
        "drift": _("{amount} less than a moment ago."),
        "balance": _("Balance: {amount}"),
        "use_all": _("Use all"),
        "choose": _("Choose…"),
        "choose_from": _("What do you send?"),
        "choose_to": _("What shall arrive?"),
        "any_chain": _("any chain"),
        "other_chain": _("another chain"),
        "kept_for": _("Kept for {seconds} s"),
        "no_choice": _("Nothing here is called that."),
        "no_such_token": _("This token is not supported here."),
        "worth_dollars": _("about ${amount}"),
        "worth_cent": _("less than $0.01"),
        "worth_tokens": "= {amount} {symbol}",
        "in_dollars": _("Type dollars"),
        "in_tokens": _("Type {symbol}"),
        "sentence": _(
            "{input} on {origin} leaves your wallet; at least {minimum} arrives on {destination} at {recipient} "
            "by {time}. If not, {input} comes back to you by itself."
        ),
        "sentence_app": _(
            "{input} on {origin} leaves your wallet; {minimum} goes into {app} on {destination} for {recipient} by "
            "{time}. If {app} does not take it, {recipient} receives the tokens; if nothing is paid, {input} comes "
            "back to you by itself."
        ),
        "field_app": _("On arrival"),
        "field_app_target": _("Contract of the app"),
        "field_gas_on_arrival": _("Gas on arrival"),
        "sentence_deposit": _(
            "You pay exactly {input} on {origin} from wherever you like, to an address of this transfer alone; at "
            "least {minimum} arrives on {destination} at {recipient} by {time}. If not, or if you pay later than "
            "that, it comes back to your own address by itself."
        ),
        "confirm_in_wallet": _("Confirm in wallet"),
        "show_address": _("Show the address"),
        "keep_title": _("Keep this first"),
        "keep_words": _(
            "With this code anybody can have the money sent back to your own address, and nowhere else, even "
            "without us. It is also kept in this browser."
        ),
        "keep_file": _("Save the recovery file"),
        "keep_link": _("Copy the recovery link"),
        "kept_box": _("I have kept the file or the link."),
        "refund_box": _("{address} on {chain} is mine, and no exchange's."),
        "recovery_qr": _("The recovery link as a QR code"),
        "address_qr": _("The address to pay to as a QR code"),
        "address_differs": _(
            "Stopped for your safety: the address that was to be shown is not the one of this transfer. Do not pay."
        ),
        "not_made_here": _(
            "This browser does not remember making this transfer. Pay only if you know whose it is: what cannot be "
            "delivered goes back to {address}."
        ),
        "field_refund": _("Comes back to"),
        "field_permit_spender": _("Address of this transfer, which may take it"),
        "way_permit": _("Permit of the token for this transfer alone"),
        "way_deposit": _("Plain payment to the address of this transfer"),
        "sentence_own": _(
            "{input} on {origin} leaves your wallet in a transaction whose gas you pay; at least {minimum} arrives "
            "on {destination} at {recipient} by {time}, if the price and our stock still allow it when your payment "
            "is seen. If not, {input} comes back to you by itself after that time."
        ),
        "field_send": _("You send"),
        "field_minimum": _("At least"),
        "field_recipient": _("To this address"),
        "field_recipient_self": _("To your own address"),
        "field_deadline": _("Paid out by, or it comes back"),
        "field_expires": _("Then anybody can send it back to you"),
        "field_escrow": _("Contract that holds the money"),
        "field_oracle": _("Proof contract"),
        "field_number": _("Transfer number"),
        "field_order_id": _("Transfer number (the nonce your wallet shows)"),
        "field_permit2": _("Permit2 contract"),
        "field_way": _("Kind of confirmation"),
        "way_eip3009": _("ReceiveWithAuthorization of the token"),
        "way_native": _("Payment of the chain's own coin into the contract"),
        "way_batch": _("Approval of exactly this amount and payment, in one step"),
        "way_permit2": _("Permit2 with the whole transfer"),
        "confirm_title_two": _("You confirm twice, once for each chain"),
        "confirm_part": _("Confirm part {number} of 2 in wallet"),
        "field_part": _("Part {number} of 2, paid on"),
        "signing_part": _("Please confirm part {number} of 2 in your wallet."),
        "sentence_two": _(
            "These are two transfers, confirmed one after the other: if you do not confirm the second, the first "
            "still goes its way, and nothing is taken for the second."
        ),
        "first_stands": _(
            "The first part was sent and stands: it arrives, or comes back to you, on its own. The second was not "
            "confirmed, and nothing was taken for it."
        ),
        "added": _("{chain} was added since this page was built. Check these addresses: {addresses}"),
        "switching_chain": _("Please switch your wallet to {chain}."),
        "signing": _("Please confirm in your wallet. This is the one confirmation."),
        "submitting": _("Submitting…"),
        "rejected": _("You did not confirm. Nothing happened; the offer is still here."),
        "wrong_text": _("Stopped for your safety: what was to be signed is not a sign-in to this site."),
        "wrong_account": _("Your wallet switched to another account, so this offer is no longer yours."),
        "wallet_gone": _("Your wallet was disconnected from this page. Nothing was taken."),
        "wallet_lost": _(
            "Your wallet is no longer connected to this page. Try again to connect it anew; nothing was taken."
        ),
        "wallet_waits": _("Your wallet is already asking you something. Please answer that first."),
        "wallet_error": _("The wallet reported a problem: {message}"),
        "chain_left": _("Your wallet went to another chain, so nothing was sent. Please confirm again."),
        "wrong_chain": _("Your wallet is not on {chain}. Switch it there and try again."),
        "network_error": _("The server does not answer. Nothing was submitted; please try again."),
        "no_answer": _(
            "No answer came. It may have been taken all the same: press the button again, and the very same is handed "
            "in once more. Nothing is taken twice."
        ),
        "refused_differs": _(
            "Stopped for your safety: what would be signed differs from what is shown ({field}). Nothing was signed."
        ),
        "refused_settler": _(
            "Stopped for your safety: the contract that would hold the money is not the one this page knows."
        ),
        "refused_unknown": _(
            "Stopped for your safety: this page does not know the {what} named in the offer."
        ),
        "shares": "{amount} {symbol}",
        "signing_own": _("Please look at your wallet."),
        "own_sent": _("Sent: {hash}. Waiting for its block…"),
        "own_done_cancel": _("Cancelled. Your confirmation can never be used any more."),
        "own_done_claim": _("Done. The money was sent to you."),
        "own_late": _("The transfer has begun meanwhile; it goes on."),
        "own_failed": _("The chain rejected {hash}. If the transfer has begun meanwhile, it goes on."),
        "rejected_own": _("You did not confirm. Nothing happened."),
        "no_wallet_here": _("No wallet was found in this browser. Visit this page where your wallet is."),
        "wrong_owner": _("Only {account} can cancel it. Choose that account in your wallet."),
        "copied": _("Copied"),
        "seconds": _("{count} s"),
        "more": _("usually about {time} more"),
        "any_moment": _("any moment now"),
        "link_qr": _("The secret link of this transfer as a QR code"),
        "will_tell": _("This browser will tell you, as long as this page stays in one of its tabs."),
        "may_not_tell": _("This browser does not allow it. The title of this page says it, too."),
        "minutes": _("{minutes} min {seconds} s"),
        "demo_name": _("Demo wallet"),
        "demo_title_typed": _("Signature request"),
        "demo_title_text": _("Sign a message"),
        "demo_title_send": _("Send a transaction"),
        "demo_title_connect": _("Connect to this page?"),
        "demo_title_chain": _("Switch to {chain}?"),
        "demo_intro": _("Demo wallet on local test chains. A real wallet would show this:"),
        "demo_account": _("Account"),
        "demo_kind": _("Kind"),
        "demo_domain": _("Contract"),
        "demo_title_batch": _("Several steps in one transaction"),
        "demo_approve": _("Approve"),
        "demo_reject": _("Reject"),
    }
