"""The words of sentences about transfers, in English and Chinese, and what each does in them."""

from enum import StrEnum
from typing import Final


class Mark(StrEnum):
    """What a word does: it says which end the words after it are about, or how much, or nothing."""

    GIVE = "give"
    GET = "get"
    FROM = "from"
    TO = "to"
    INTO = "into"
    EXCHANGE = "exchange"
    ALL = "all"
    ANYWHERE = "anywhere"
    FILLER = "filler"


_WORDS: Final[dict[Mark, str]] = {
    Mark.GIVE: "send move transfer bridge swap convert exchange trade pay bring sell 把 将 发送 发 转 转账 跨链 转移 "
    "移动 支付 汇 卖 卖出 搬",
    Mark.GET: "get receive buy 收到 得到 获得 想要 要收到 买到",
    Mark.FROM: "from with using 从 由 自 用 以 拿",
    Mark.TO: "to → -> => > ➜ 到 至 去 往 给 转到 转至 转去 转往 转账到 转给 转账给 发到 发送到 发给 发送给 跨到 "
    "跨链到 搬到 移到 移动到 转移到 汇到 打到 打给",
    Mark.INTO: "for into as onto 换成 换为 换到 换取 兑换成 兑换为 兑换到 兑成 兑为 变成 变为 成 为 买 买入 购买",
    Mark.EXCHANGE: "换 兑 兑换",
    Mark.ALL: "all everything max 全部 所有 全数 一切",
    Mark.FILLER: "please i me my want would like the a of some on at in chain network token tokens coin coins wallet "
    "address account it there and then 请 我 我的 我要 我想 想 要 帮我 帮 请帮我 的 上 上的 里 里的 在 "
    "链 链上 链上的 网络 个 枚 一下 一些 那边 这边 地址 钱包 账户 账号 了 吧 和 然后 代币 来 出",
}
# Of several words.
_PHRASES: Final[dict[str, Mark]] = {
    "any chain": Mark.ANYWHERE,
    "anywhere": Mark.ANYWHERE,
    "wherever": Mark.ANYWHERE,
    "任何链": Mark.ANYWHERE,
    "任意链": Mark.ANYWHERE,
    "任何一条链": Mark.ANYWHERE,
    "任意一条链": Mark.ANYWHERE,
    "所有链": Mark.ANYWHERE,
    "all of": Mark.ALL,
    "i want to": Mark.FILLER,
    "i would like to": Mark.FILLER,
    "i'd like to": Mark.FILLER,
}

MARKS: Final[dict[str, Mark]] = {
    word: mark for mark, words in _WORDS.items() for word in words.split()
} | _PHRASES

# Everyday names of assets by the canonical ids that they may mean.
ALIASES: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        ("u", "usd", "dollar", "dollars", "stablecoin", "stablecoins", "美元", "美金", "刀", "稳定币"),
        ("usdc", "usdt", "dai"),
    ),
    **dict.fromkeys(("eth", "ether", "以太", "以太币"), ("eth", "weth")),
    **dict.fromkeys(("btc", "bitcoin", "比特币"), ("btc", "wbtc")),
}

MULTIPLES: Final = {"k": 3, "十": 1, "百": 2, "千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7, "亿": 8}
DIGITS: Final = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
PLACES: Final = {"十": 10, "百": 100, "千": 1000}
SECTIONS: Final = {"万": 10**4, "亿": 10**8}

# Traditional characters of the words above: read alike, shown as they were written.
SIMPLIFIED: Final = str.maketrans(
    "從換轉給發將買賣個鏈幣萬億兩帳賬請幫裡裏變為與錢號這邊來匯購兌價穩動拿收搬",
    "从换转给发将买卖个链币万亿两账账请帮里里变为与钱号这边来汇购兑价稳动拿收搬",
)
