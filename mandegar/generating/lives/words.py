"""Names of people and of goods in three languages, each name with its Latin letters for an e-mail address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Names(NamedTuple):
    """Given and family names of a language: as people write them, and in Latin letters."""

    given: tuple[tuple[str, str], ...]
    family: tuple[tuple[str, str], ...]


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """`name latin` pairs, separated by commas; a name may have several words, its Latin form is the last one."""
    found = []
    for pair in text.split(","):
        name, _, latin = pair.strip().rpartition(" ")
        found.append((name, latin))
    return tuple(found)


NAMES: Mapping[str, Names] = {
    "fa": Names(
        _pairs(
            "زهرا zahra, مریم maryam, فاطمه fatemeh, سارا sara, نرگس narges, شیرین shirin, لیلا leila, الهام elham, "
            "نگار negar, پریسا parisa, آرزو arezoo, یاسمن yasaman, علی ali, محمد mohammad, رضا reza, حسین hossein, "
            "امیر amir, مهدی mehdi, سعید saeed, کاوه kaveh, آرش arash, بهرام bahram, سیاوش siavash, فرهاد farhad"
        ),
        _pairs(
            "محمدی mohammadi, حسینی hosseini, احمدی ahmadi, رضایی rezaei, کریمی karimi, موسوی mousavi, جعفری jafari, "
            "صادقی sadeghi, رحیمی rahimi, ابراهیمی ebrahimi, کاظمی kazemi, یوسفی yousefi, شریفی sharifi, "
            "رستمی rostami, گلستان golestan, نادری naderi, بهرامی bahrami, "
            "قاسم\u200cزاده ghasemzadeh, تهرانی tehrani, شیرازی shirazi"
        ),
    ),
    "ar": Names(
        _pairs(
            "فاطمة fatima, مريم mariam, نور nour, ليلى layla, سلمى salma, هدى huda, رنا rana, دانة dana, "
            "ياسمين yasmin, آية aya, محمد mohamed, أحمد ahmed, علي ali, عمر omar, "
            "خالد khaled, يوسف youssef, حسن hassan, كريم karim, "
            "طارق tarek, سامي sami"
        ),
        _pairs(
            "الخطيب alkhatib, حداد haddad, منصور mansour, الصباح alsabah, نصار nassar, فارس fares, حسن hassan, "
            "السيد elsayed, عبد الله abdullah, العلي alali, شاهين shaheen, قاسم qasim, الحربي alharbi, سليمان suleiman"
        ),
    ),
    "en": Names(
        _pairs(
            "Alice alice, Grace grace, Emma emma, Olivia olivia, Ruth ruth, Chloe chloe, Maya maya, Zoe zoe, "
            "James james, Oliver oliver, Henry henry, Liam liam, Noah noah, Daniel daniel, Samuel samuel, Peter peter"
        ),
        _pairs(
            "Smith smith, Jones jones, Taylor taylor, Brown brown, Wilson wilson, Evans evans, Walker walker, "
            "Wright wright, Hughes hughes, Green green, Baker baker, Turner turner, Hill hill, O'Brien obrien"
        ),
    ),
}


class Article(NamedTuple):
    """Something that is sold. `worth` is a plain number, which the shop's currency scales."""

    product_id: str
    category: str
    worth: int
    names: Mapping[str, str]


def _article(product_id: str, category: str, worth: int, *names: str) -> Article:
    return Article(product_id, category, worth, dict(zip(("fa", "ar", "en"), names, strict=True)))


ARTICLES = (
    _article("tea-250", "tea", 8, "چای لاهیجان", "شاي لاهيجان", "Lahijan tea"),
    _article("saffron-5", "spices", 30, "زعفران قائنات", "زعفران", "Saffron"),
    _article("pistachio-500", "nuts", 22, "پسته رفسنجان", "فستق", "Pistachios"),
    _article("dates-1000", "sweets", 12, "خرمای مضافتی", "تمر", "Dates"),
    _article("gaz-400", "sweets", 10, "گز اصفهان", "غاز أصفهان", "Gaz nougat"),
    _article("honey-500", "sweets", 18, "عسل سبلان", "عسل", "Honey"),
    _article("rosewater", "spices", 6, "گلاب کاشان", "ماء الورد", "Rose water"),
    _article("coffee-250", "coffee", 14, "قهوه", "قهوة", "Coffee"),
    _article("cup-clay", "home", 16, "فنجان سفالی", "فنجان فخار", "Clay cup"),
    _article("tray-copper", "home", 45, "سینی مسی", "صينية نحاس", "Copper tray"),
    _article("cloth-termeh", "home", 60, "ترمه یزد", "قماش ترمة", "Termeh cloth"),
    _article("book-hafez", "books", 20, "دیوان حافظ", "ديوان حافظ", "Poems of Hafez"),
)
