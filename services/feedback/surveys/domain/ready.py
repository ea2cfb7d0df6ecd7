"""Surveys ready to be published, in English, Persian and Arabic. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from services.feedback.surveys.domain.body import Choice, Invite, Open, Option, Scale, Survey, Texts, Trigger


def _t(en: str, fa: str, ar: str) -> Texts:
    return {"en": en, "fa": fa, "ar": ar}


_WHY = Open(id="why", text=_t("What is the main reason?", "دلیل اصلی چیست؟", "ما السبب الرئيسي؟"))
_OTHER = _t("Something else", "چیز دیگر", "شيء آخر")
READY: Mapping[str, Survey] = {
    "nps-after-delivery": Survey(
        kind="nps",
        title=_t("How was it?", "چطور بود؟", "كيف كانت تجربتك؟"),
        questions=[
            Scale(
                id="score",
                text=_t(
                    "How likely are you to recommend us to a friend?",
                    "چقدر احتمال دارد ما را به دوستی معرفی کنید؟",
                    "ما مدى احتمال أن توصي بنا صديقًا؟",
                ),
                low=0,
                high=10,
                low_text=_t("Not at all", "اصلاً", "مستبعد جدًا"),
                high_text=_t("Extremely likely", "بسیار زیاد", "محتمل جدًا"),
                required=True,
            ),
            _WHY,
        ],
        invite=Invite(template="survey"),
        trigger=Trigger(on="order_delivered", delay_hours=48),
        case_at_most=6,
    ),
    "csat-after-case": Survey(
        kind="csat",
        title=_t("Did we help?", "کمکتان کردیم؟", "هل ساعدناك؟"),
        questions=[
            Scale(
                id="score",
                text=_t(
                    "How satisfied are you with our answer?",
                    "از پاسخ ما چقدر راضی هستید؟",
                    "ما مدى رضاك عن إجابتنا؟",
                ),
                low=1,
                high=5,
                low_text=_t("Not at all", "اصلاً", "غير راضٍ إطلاقًا"),
                high_text=_t("Very", "بسیار", "راضٍ جدًا"),
                required=True,
            ),
            _WHY,
        ],
        invite=Invite(template="survey"),
        trigger=Trigger(on="case_solved", delay_hours=24),
        again_days=0,
        case_at_most=2,
    ),
    "why-leaving": Survey(
        kind="form",
        title=_t("We miss you", "جایتان خالی است", "نفتقدك"),
        questions=[
            Choice(
                id="why",
                text=_t("Why did you stop buying?", "چرا دیگر خرید نکردید؟", "لماذا توقفت عن الشراء؟"),
                options=[
                    Option(id="price", text=_t("Too expensive", "گران بود", "السعر مرتفع")),
                    Option(id="quality", text=_t("Quality", "کیفیت", "الجودة")),
                    Option(id="delivery", text=_t("Delivery", "ارسال", "التوصيل")),
                    Option(id="need", text=_t("No need any more", "دیگر نیازی نبود", "لم أعد بحاجة")),
                    Option(id="other", text=_OTHER),
                ],
                several=True,
                required=True,
                attribute="reason-for-leaving",
            ),
            Open(
                id="more", text=_t("What would bring you back?", "چه چیزی شما را برمی‌گرداند؟", "ما الذي يعيدك إلينا؟")
            ),
        ],
        invite=Invite(template="survey"),
    ),
    "preferred-rewards": Survey(
        kind="form",
        title=_t("Your rewards", "پاداش‌های شما", "مكافآتك"),
        questions=[
            Choice(
                id="reward",
                text=_t("Which reward would you like best?", "کدام پاداش را بیشتر می‌پسندید؟", "أي مكافأة تفضّل؟"),
                options=[
                    Option(id="discount", text=_t("A discount", "تخفیف", "خصم")),
                    Option(id="shipping", text=_t("Free delivery", "ارسال رایگان", "توصيل مجاني")),
                    Option(id="gift", text=_t("A gift", "هدیه", "هدية")),
                    Option(id="other", text=_OTHER),
                ],
                required=True,
                attribute="preferred-reward",
            ),
        ],
        invite=Invite(template="survey"),
    ),
}
"""By the name that is suggested."""
