"""Relations about a sum to be paid: coupons, taxes, change. Slots as in changes.py."""

from __future__ import annotations

from numerate.problems.stories import numbers as num
from numerate.problems.stories.relation import Relation
from numerate.problems.stories.tables.purse import ASK_LEFT, HAD

ASK_PAY = (
    "how much did {S} have to pay|how much {S} had to pay",
    "how much did {S} pay in the end|how much {S} paid in the end",
)
BILL = (
    Relation(
        "coupon",
        "cost",
        "same",
        num.less,
        ("p-n",),
        (
            "{S} had a coupon for {dn} off.",
            "{S} used a coupon worth {dn}.",
            "the shop took {dn} off the price.",
        ),
        ("a voucher made everything {dn} cheaper.",),
        (("{S} had to pay {eq} dollars.", "with that, the price was {eq} dollars."),),
        ASK_PAY,
    ),
    Relation(
        "discount",
        "cost",
        "same",
        num.percent,
        ("p*n/100", "p-x"),
        (
            "{S} got {n}% off the whole price.",
            "the shop gave {O} a discount of {n}%.",
            "everything was {n}% off that day.",
        ),
        ("on that day, all prices were cut by {n}%.",),
        (
            ("the discount was {eq} dollars.", "{S} saved {eq} dollars."),
            ("{S} had to pay {eq} dollars.", "with that, the price was {eq} dollars."),
        ),
        ASK_PAY,
    ),
    Relation(
        "delivery",
        "cost",
        "same",
        num.surcharge,
        ("p+n",),
        (
            "delivery cost another {dn}.",
            "{S} also paid {dn} for delivery.",
            "{S} had to pay {dn} more for delivery.",
        ),
        ("a delivery fee of {dn} came on top of that.",),
        (("with delivery, the price was {eq} dollars.", "in all, {S} paid {eq} dollars."),),
        ASK_PAY,
    ),
    Relation(
        "tax",
        "cost",
        "same",
        num.tax,
        ("p*n/100", "p+x"),
        (
            "a tax of {n}% was added to the price.",
            "{S} also had to pay a tax of {n}%.",
            "the shop added {n}% tax.",
        ),
        ("on top of that came {n}% tax.",),
        (
            ("the tax was {eq} dollars.", "{S} paid {eq} dollars in tax."),
            ("with tax, the price was {eq} dollars.", "in all, {S} paid {eq} dollars."),
        ),
        ASK_PAY,
        weight=3,
    ),
    Relation(
        "change",
        "cost",
        "final",
        num.bill,
        ("n-p",),
        (
            "{S} paid with {dn}.",
            "{S} handed over {dn}.",
            "{S} gave the seller {dn}.",
        ),
        ("{S} laid {dn} on the counter.",),
        (("{S} got {eq} dollars back.", "the change was {eq} dollars."),),
        (
            "how much change did {S} get|how much change {S} got",
            "how many dollars did {S} get back|how many dollars {S} got back",
        ),
        weight=6,
    ),
    Relation(
        "budget",
        "cost",
        "final",
        num.goal,
        ("n-p",),
        (
            "{S} had {dn} to begin with.",
            "{S} had come with {dn}.",
            "at first, {S} had {dn}.",
        ),
        ("{P} money at the start was {dn}.",),
        (HAD,),
        ASK_LEFT,
        where="setup",
    ),
    Relation(
        "split_bill",
        "cost",
        "final",
        num.small_divisor,
        ("p/n",),
        (
            "{n} friends split the price equally.",
            "the price was split equally among {n} friends.",
            "{n} friends paid for it together, each the same amount.",
        ),
        ("the price was divided into {n} equal parts, one for each friend.",),
        (("each friend paid {eq} dollars.", "that is {eq} dollars for each friend."),),
        (
            "how much did each friend pay|how much each friend paid",
            "how many dollars did each friend pay|how many dollars each friend paid",
        ),
    ),
)
