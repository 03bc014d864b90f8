"""Code words: two words by which a person and our staff know that they speak with each other.

Both are drawn anew for every ticket, so that who did not see it guesses one of some ten thousand.
"""

import secrets
from typing import Final

FIRST: Final = {
    "amber": "琥珀", "ancient": "古老", "autumn": "秋日", "bamboo": "竹制", "blue": "蓝色", "bold": "勇敢",
    "brass": "黄铜", "bright": "明亮", "bronze": "青铜", "calm": "平静", "cedar": "雪松", "cherry": "樱桃",
    "clear": "清澈", "cloudy": "多云", "cobalt": "钴蓝", "copper": "赤铜", "coral": "珊瑚", "cotton": "棉布",
    "crimson": "绯红", "crystal": "水晶", "curious": "好奇", "distant": "遥远", "dusty": "蒙尘", "early": "清早",
    "eastern": "东方", "emerald": "翡翠", "evening": "傍晚", "faithful": "忠诚", "fragrant": "芬芳", "friendly": "友善",
    "frosty": "结霜", "gentle": "温柔", "golden": "金色", "granite": "花岗", "green": "绿色", "hidden": "隐秘",
    "honest": "诚实", "indigo": "靛青", "ivory": "象牙", "jade": "碧玉", "jolly": "快活", "kind": "善良",
    "lemon": "柠檬", "light": "轻盈", "little": "小小", "lively": "活泼", "lucky": "幸运", "lunar": "月色",
    "maple": "枫叶", "marble": "大理石", "mellow": "醇和", "merry": "欢乐", "misty": "雾中", "modest": "谦逊",
    "morning": "早晨", "mossy": "苔绿", "northern": "北方", "olive": "橄榄", "orange": "橙色", "patient": "耐心",
    "peaceful": "安宁", "pearl": "珍珠", "pine": "松木", "polite": "礼貌", "proud": "自豪", "purple": "紫色",
    "quick": "敏捷", "quiet": "安静", "rainy": "下雨", "round": "圆圆", "ruby": "红宝", "rustic": "乡间",
    "sandy": "沙黄", "scarlet": "猩红", "silent": "无声", "silk": "丝绸", "silver": "银色", "simple": "朴素",
    "slow": "缓慢", "snowy": "积雪", "solar": "阳光", "southern": "南方", "spring": "春日", "steady": "稳重",
    "still": "静止", "stone": "石头", "summer": "夏日", "sunny": "晴朗", "swift": "飞快", "tall": "高高",
    "velvet": "天鹅绒", "violet": "紫罗兰", "warm": "温暖", "western": "西方", "white": "白色", "wild": "野生",
    "willow": "柳枝", "winter": "冬日", "wise": "聪慧", "wooden": "木头", "woollen": "羊毛", "yellow": "黄色",
}  # fmt: skip

SECOND: Final = {
    "anchor": "船锚", "apple": "苹果", "arrow": "箭", "badger": "獾", "barn": "谷仓", "basket": "篮子",
    "beacon": "灯标", "bell": "铃铛", "birch": "桦树", "boat": "小船", "bottle": "瓶子", "branch": "树枝",
    "bridge": "桥", "brook": "小溪", "candle": "蜡烛", "canyon": "峡谷", "castle": "城堡", "cave": "山洞",
    "clock": "时钟", "cloud": "云", "comet": "彗星", "compass": "罗盘", "cottage": "小屋", "crane": "仙鹤",
    "creek": "溪流", "crown": "王冠", "daisy": "雏菊", "deer": "鹿", "desert": "沙漠", "dolphin": "海豚",
    "dove": "鸽子", "dragon": "龙", "eagle": "老鹰", "falcon": "隼", "feather": "羽毛", "fern": "蕨草",
    "field": "田野", "flute": "长笛", "forest": "森林", "fountain": "喷泉", "fox": "狐狸", "garden": "花园",
    "gate": "大门", "glacier": "冰川", "goose": "鹅", "hammer": "锤子", "harbour": "港湾", "harp": "竖琴",
    "hawk": "鹰隼", "heron": "苍鹭", "hill": "山丘", "island": "海岛", "kettle": "水壶", "kite": "风筝",
    "ladder": "梯子", "lake": "湖", "lamp": "台灯", "lantern": "灯笼", "lark": "云雀", "leaf": "叶子",
    "lighthouse": "灯塔", "lily": "百合", "lion": "狮子", "lotus": "莲花", "meadow": "草地", "melon": "甜瓜",
    "mill": "磨坊", "mirror": "镜子", "moon": "月亮", "mountain": "高山", "oak": "橡树", "ocean": "大海",
    "orchard": "果园", "otter": "水獭", "owl": "猫头鹰", "panda": "熊猫", "parrot": "鹦鹉", "path": "小路",
    "peach": "桃子", "peony": "牡丹", "piano": "钢琴", "plum": "李子", "pond": "池塘", "rabbit": "兔子",
    "rainbow": "彩虹", "raven": "渡鸦", "river": "河流", "robin": "知更鸟", "rocket": "火箭", "rose": "玫瑰",
    "sail": "船帆", "sparrow": "麻雀", "star": "星星", "swan": "天鹅", "tiger": "老虎", "tower": "高塔",
    "tulip": "郁金香", "turtle": "乌龟", "valley": "山谷", "village": "村庄", "whale": "鲸鱼", "window": "窗户",
}  # fmt: skip


def new_code_word() -> str:
    """Two English words such as "amber harbour"; this is what is stored."""
    return f"{secrets.choice(list(FIRST))} {secrets.choice(list(SECOND))}"


def said_code_word(code_word: str, language: str) -> str:
    """The code word for a reader: in Chinese the translation and the English, so that both sides can compare."""
    if not language.lower().startswith("zh"):
        return code_word
    first, _, second = code_word.partition(" ")
    if first not in FIRST or second not in SECOND:
        return code_word
    return f"{FIRST[first]} {SECOND[second]}（{code_word}）"
