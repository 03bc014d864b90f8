"""Pages and the few JSON answers their scripts use."""

from django.urls import path

from . import (
    apps,
    balances,
    breakit,
    choices,
    health,
    help,
    history,
    login,
    network,
    orders,
    pay,
    receipt,
    rescue,
    say,
    timeline,
    transfer,
)

app_name = "web"
urlpatterns = [
    path("", transfer.form, name="form"),
    path("say", say.say, name="say"),
    path("choices", choices.show, name="choices"),
    path("quote", transfer.quote, name="quote"),
    path("q/<uuid:quote_id>", transfer.quote_page, name="quote_page"),
    path("q/<uuid:quote_id>/card", transfer.quote_card, name="quote_card"),
    path("pay", pay.page, name="pay"),
    path("pay/embed", pay.embed, name="pay_embed"),
    path("apps/<slug:name>", apps.page, name="app"),
    path("balances", balances.show, name="balances"),
    path("orders", orders.submit, name="orders"),
    path("t/<str:order_id>", timeline.page, name="timeline"),
    path("t/<str:order_id>/live", timeline.live, name="timeline_live"),
    path("t/<str:order_id>/together", timeline.together, name="timeline_together"),
    path("t/<str:order_id>/receipt", receipt.page, name="receipt"),
    path("t/<str:order_id>/receipt.json", receipt.document, name="receipt_document"),
    path("t/<str:order_id>/help", help.page, name="help"),
    path("t/<str:order_id>/help/close", help.close, name="help_close"),
    path("t/<str:order_id>/help/live", help.live, name="help_live"),
    path("history", history.page, name="history"),
    path("history.csv", history.table, name="history_table"),
    path("login/message", login.message, name="login_message"),
    path("login", login.login, name="login"),
    path("logout", login.logout, name="logout"),
    path("network", network.page, name="network"),
    path("break", breakit.act, name="break"),
    path("health", health.show, name="health"),
    path("rescue", rescue.page, name="rescue"),
]
