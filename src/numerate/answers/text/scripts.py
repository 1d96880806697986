"""Numbers and what they count in scripts other than Latin: `42元`, `5 часов`, `1.2亿`, `42 ℃`.

Only words of the table are read: an unknown one may be a bound or a negation (`42以上` is "at least 42")."""

from __future__ import annotations

import re
from fractions import Fraction
from unicodedata import normalize

from numerate.answers.text.chinese_numerals import chinese_integer


def _table(lines: str) -> dict[str, str]:
    """Maps every further word of a line to its first word."""
    rows = (line.split() for line in lines.strip().splitlines())
    return {word: first for first, *words in rows for word in words}


_UNITS = _table("""
yuan 元 人民币 人民幣 块 塊 块钱 元钱 圆 юаней юаня
yen 円 日元 日圓 엔 иен
dollar 美元 美金 美圓 ドル 米ドル 달러 доллар доллара долларов долл дол ดอลลาร์ ดอลล่าร์ เหรียญ ডলার
dollar डॉलर دولار
euro 欧元 歐元 ユーロ 유로 евро ยูโร ইউরো यूरो يورو
pound 英镑 英鎊 ポンド фунт фунта фунтов ปอนด์
won 원 韩元 ウォン
ruble руб рубль рубля рублей р 卢布
rupee 卢比 ルピー рупий টাকা रुपये रुपए रुपया
baht บาท
cent 美分 セント 센트 цент цента центов เซนต์ সেন্ট सेंट
kopeck копейка копейки копеек коп
kilometer 千米 公里 キロメートル キロ 킬로미터 км километр километра километров กิโลเมตร กม
kilometer কিলোমিটার कि.मी किलोमीटर
meter 米 メートル 미터 м метр метра метров เมตร মিটার मीटर متر
centimeter 厘米 公分 センチメートル センチ 센티미터 см сантиметр сантиметра сантиметров เซนติเมตร ซม
centimeter সেমি सेमी
millimeter 毫米 公厘 ミリメートル ミリ 밀리미터 мм миллиметр миллиметра миллиметров มิลลิเมตร
mile 英里 マイル 마일 миля мили миль ไมล์ মাইল मील
foot 英尺 フィート 피트 фут фута футов ฟุต ফুট फीट फुट
inch 英寸 インチ 인치 дюйм дюйма дюймов นิ้ว ইঞ্চি इंच
yard 码 ヤード 야드 ярд ярда ярдов หลา গজ
kilogram 千克 公斤 キログラム 킬로그램 кг килограмм килограмма килограммов กิโลกรัม กก কেজি
kilogram किलोग्राम किग्रा
gram 克 グラム 그램 г гр грамм грамма граммов กรัม গ্রাম ग्राम
ounce 盎司 オンス 온스 унция унции унций ออนซ์ আউন্স
ton 吨 噸 トン 톤 т тонна тонны тонн ตัน টন टन
liter 升 公升 リットル 리터 л литр литра литров ลิตร লিটার लीटर
milliliter 毫升 ミリリットル 밀리리터 мл миллилитр миллилитров มิลลิลิตร
gallon 加仑 ガロン 갤런 галлон галлона галлонов แกลลอน গ্যালন
second 秒 秒钟 초 с сек секунда секунды секунд วินาที সেকেন্ড सेकंड ثانية
minute 分钟 分鐘 分間 분 мин минута минуты минут นาที মিনিট मिनट دقيقة
hour 小时 小時 时间 時間 시간 ч час часа часов ชั่วโมง ঘন্টা ঘণ্টা घंटे घंटा ساعة
day 天 日 日間 일 день дня дней วัน দিন दिन يوم
week 周 星期 週 週間 주 неделя недели недель สัปดาห์ সপ্তাহ सप्ताह
month 个月 個月 月 ヶ月 か月 カ月 개월 месяц месяца месяцев เดือน মাস महीने
year 年 岁 歲 年間 歳 才 년 살 세 год года лет ปี বছর साल वर्ष سنة
people 人 名 명 человек человека คน জন लोग
percent процент процента процентов 퍼센트 パーセント เปอร์เซ็นต์ শতাংশ प्रतिशत
degree 度 градус градуса градусов 도 องศา ডিগ্রি डिग्री
km/h км/ч 公里/小时 千米/时 千米/小时
m/s м/с 米/秒
m^2 平方米 平方メートル 제곱미터 м² кв.м
cm^2 平方厘米 平方センチメートル
m^3 立方米 立方メートル
cm^3 立方厘米
- 分 点 點 倍 ページ 冊 杯 羽 着 足 問 皿 粒 束 組 ポイント ピース
- 题 題 双 雙 套 根 片 盒 桶 串 组 层 座 份儿 점 쪽 페이지 잔 마리의 그루
- 个 個 只 隻 本 枚 匹 頭 头 台 辆 輛 件 支 条 條 张 張 次 回 つ 種 种 種類 种类 道 位 颗 顆 棵 块儿
- 份 页 箱 袋 瓶 朵 か所 通り 개 마리 권 번 가지 장 대 송이 шт штук штука штуки раз раза способов
- способа ชิ้น ตัว เล่ม ลูก ใบ ครั้ง อัน টি টা টির
""")
"""the unit of each of its words; those of `-` count anything"""
_POWERS_OF_TEN = _table("""
2 百 백
3 千 천 тыс тысяч тысячи тысяча พัน হাজার हज़ार हजार
4 万 萬 만 หมื่น
5 লাখ লক্ষ लाख แสน
6 百万 млн миллион миллиона миллионов ล้าน
7 কোটি करोड़ 千万
8 亿 億 억
9 млрд миллиард миллиарда миллиардов
12 兆 조
""")
_COMPATIBLE = {
    "℃": "^\\circ C", "℉": "^\\circ F", "㎝": " cm", "㎜": " mm", "㎞": " km", "㎏": " kg", "㎎": " mg",
    "㎡": " m^2", "㎠": " cm^2", "㎥": " m^3", "㎤": " cm^3", "％": "%", "㎖": " mL", "ℓ": " L",
}  # fmt: skip
_COMPATIBLE_SIGN = re.compile("[" + "".join(_COMPATIBLE) + "]")
_TAIL = re.compile(
    r"(?P<number>(?<![\d.,])\d[\d,]*(?:\.\d+)?|(?<=[\d}$])) ?(?P<style>\\(?:text|mathrm) ?\{ ?)?"
    r"(?P<words>[^\x00-\x7f][^\x00-\x7f/. ]{0,15}(?:[/. ][^\x00-\x7f]{1,15})?)"
    r"\.? ?(?P<close>\})?(?P<end>[ .$]*)$"
)


_ACCENTED = re.compile("[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]")
_TOGETHER = re.compile(r"^(?:一共|总共|總共|共计|合计|共|итого) ?(?=[\d$])")
_NUMERALS = re.compile(
    "[〇零一二两兩三四五六七八九十百千]{1,8}(?=$|[^〇零一二两兩三四五六七八九十百千]{0,4}$)"
)
_SCALE = "[" + "".join(word for word in _POWERS_OF_TEN if len(word) == 1) + "]"
_SCALED = re.compile(rf"((?:\d[\d,.]{{0,20}} ?{_SCALE} ?){{1,5}}(?:\d[\d,.]{{0,20}})?)(?=[^\d]{{0,16}}$)")
_PART = re.compile(rf"(\d[\d,.]*) ?({_SCALE}|$)")


def in_latin_script(text: str) -> str:
    """Returns the text with numbers and the unit at its end in Latin letters and digits; otherwise as it
    is."""
    text = _COMPATIBLE_SIGN.sub(lambda match: _COMPATIBLE[match.group()], text)
    text = _TOGETHER.sub("", _ACCENTED.sub(lambda match: normalize("NFD", match[0])[0], text))
    if (numerals := _NUMERALS.match(text)) and (value := chinese_integer(numerals[0])) is not None:
        text = f"{value}{text[numerals.end() :]}"
    if scaled := _SCALED.match(text):
        text = _total(scaled[0]) + text[scaled.end() :]
    match = _TAIL.search(text[-60:])
    if match is None or (match["style"] and not match["close"]):
        return text
    closing = "" if match["style"] else match["close"] or ""
    behind = _meaning(match["words"], match["number"])
    return text if behind is None else text[: len(text) - len(match[0])] + behind + closing + match["end"]


def _total(scaled: str) -> str:
    """Returns `1亿2000万` in digits; as it is where it is one number or the parts don't get smaller."""
    parts = _PART.findall(scaled.strip())
    powers = [int(_POWERS_OF_TEN.get(scale, 0)) for _, scale in parts]
    if (
        len(parts) < 2
        or powers != sorted(set(powers), reverse=True)
        or any(n.count(".") > 1 for n, _ in parts)
    ):
        return scaled
    numbers = (Fraction(n.replace(",", "").rstrip(".")) for n, _ in parts)
    return str(sum(n * 10**power for n, power in zip(numbers, powers, strict=True)))


_COUNTED = re.compile(
    "[个個只隻本名位件张張条條枚匹頭头台辆輛支颗顆棵块份页瓶朵杯つ](?:の[ぁ-ヿ一-鿿]{1,8}|[一-鿿]{1,5})"
    "|개의 ?[가-힣]{1,6}|[а-яё]{3,15}"
)
_BOUNDING = re.compile(
    "[以不多少至内外前后後约約左右未非无無没沒到比超过過低高余來来半之倍弱強]|くらい|ぐらい|ほど|より|ない|まで|から|мен|бол|дюжин"
    "|десят|сот|пар|полов|или|трет|четверт|нет|примерно|около"
)
"""in words that say more than what is counted"""


def _meaning(words: str, number: str) -> str | None:
    """Returns the number with what follows it in Latin letters."""
    if words in _UNITS:
        return f"{number} {_UNITS[words].strip('-')}".rstrip()
    for size in range(len(words), 0, -1):
        head, unit = words[:size], words[size:].strip()
        if head in _POWERS_OF_TEN and (unit in _UNITS or not unit) and number:
            return f"{number} * 10^{{{_POWERS_OF_TEN[head]}}} {_UNITS.get(unit, '').strip('-')}".rstrip()
    return number if _COUNTED.fullmatch(words) and not _BOUNDING.search(words) else None
