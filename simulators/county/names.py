"""Names of the made-up town. Every one is invented: common characters thrown together by dice, nobody's."""

import random

STREETS = (
    *("东街", "河滨", "西关", "新城", "南门", "北门", "文庙", "盐店", "槐树", "柳林", "桥头"),
    *("码头", "钟楼", "书院", "石坊", "菜园", "花园", "车站", "工农", "建设", "和平", "光明"),
    *("胜利", "团结", "兴隆", "永安", "长乐", "福寿", "清泉", "桃园", "杏林"),
)
"""One for each grid, in the order of the grids."""

SCHOOLS = (
    *("实验小学", "城关中学", "新城幼儿园", "第二小学", "第三小学", "第四小学", "第二中学", "第三中学"),
    *("职业技术学校", "特殊教育学校", "机关幼儿园", "河滨幼儿园", "书院小学", "桥头小学", "兴隆小学"),
    *("永安幼儿园", "清泉幼儿园", "桃园小学", "高级中学"),
)
ENTERPRISES = ("鑫源纺织厂", "汉丰食品厂", "绿野茶业公司", "恒达机械厂", "秦岭制药厂", "富水矿泉水厂", "嘉禾粮油公司")
HAZARDOUS = ("城东加油站", "城西加油站", "液化气储配站", "农资仓库", "烟花爆竹仓库", "化工原料库")
BUSINESSES = (
    *("康宁药房", "金福珠宝", "兴旺超市", "便民五金", "老李面馆", "春蕾文具", "惠民粮油", "顺达手机", "百姓缘餐馆"),
    *("小红理发", "福满楼", "鲜果园", "好运烟酒", "红星家电", "友谊服装", "阳光眼镜"),
)
BARS = ("夜色酒吧", "金嗓子歌厅", "蓝月亮网吧", "半岛茶楼", "星河台球", "老街烧烤")
STALLS = ("烤串", "凉皮", "麻辣烫", "奶茶", "小龙虾", "臭豆腐")
COUNTERS = (
    *("女装", "男装", "童装", "鞋包", "珠宝", "手表", "化妆品", "手机"),
    *("家电", "玩具", "超市", "快餐", "影院", "书店"),
)

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_OLD_WOMEN = ("秀", "桂", "玉", "凤", "淑", "素", "春", "翠"), ("兰", "英", "芳", "珍", "花", "莲", "梅", "香")
_OLD_MEN = ("德", "长", "福", "永", "国", "建", "志", "世"), ("厚", "根", "才", "贵", "顺", "山", "田", "清")
_YOUNGER = ("海", "晓", "文", "思", "子", "家", "俊", "雨"), ("涛", "东", "静", "敏", "宁", "磊", "洁", "鹏")


class Names:
    """Deals names of people, none twice."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._dealt: set[str] = set()

    def elder(self) -> str:
        """A name as people were given around 1945."""
        return self._deal(self._dice.choice((_OLD_WOMEN, _OLD_WOMEN, _OLD_MEN)))

    def younger(self) -> str:
        """A name as people were given around 1985."""
        return self._deal(_YOUNGER)

    def _deal(self, given: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
        while True:
            first, second = given
            name = self._dice.choice(_SURNAMES) + self._dice.choice(first) + self._dice.choice(second)
            if name not in self._dealt:
                self._dealt.add(name)
                return name
