"""Rules for the sentences of a solution that marks no answer: what is passed over, what counts, and what
stays open (None)."""

from __future__ import annotations

import pytest

from numerate.answers import find, grade
from numerate.types import Kind, Problem

Case = tuple[str, Kind, str | None]


ASIDES: list[Case] = [
    ("The job takes 72 worker-days. It would take 9 workers 8 days.", "number", "8"),
    ("The bill comes to $48. Each of the 4 friends pays $12.", "number", "12"),
    ("The trip is 300 km long. At this speed it takes 5 hours.", "number", None),
    ("Bill: $50\nTip: $10", "number", None),
    ("He gave 25 away and has 15 left. He started with 40.", "number", None),
    ("Each pen costs $4. If he buys 5, the total would be $20.", "number", "20"),
    ("Each ticket costs $9. If she buys 3, the total would be $27.", "number", "27"),
    ("There are 24 cookies. The other 9 were eaten.", "number", None),
    ("So there are 24 cookies. Each of them weighs 9 g.", "number", "24"),
    ("A box holds 12 pens. It would take 5 boxes to hold 60 pens.", "number", "5"),
    ("Lena needs 60 beads. She has 45 already. She would need to buy 15 more.", "number", "15"),
]


@pytest.mark.parametrize(("text", "kind", "answer"), ASIDES)
def test_an_aside_is_passed_over_where_the_sentence_above_states_the_answer(
    text: str, kind: Kind, answer: str | None
) -> None:
    check(text, kind, answer)


WORKS_OUT: list[Case] = [
    ("So he earns $7 an hour. That works out to $42 for 6 hours.", "number", "42"),
    ("Each day he reads 12 pages. This works out to 84 pages a week.", "number", "84"),
]


@pytest.mark.parametrize(("text", "kind", "answer"), WORKS_OUT)
def test_a_result_that_works_out_is_no_check(text: str, kind: Kind, answer: str | None) -> None:
    check(text, kind, answer)


GOES_ON: list[Case] = [
    ("Monday: 10; Tuesday: 8; total: 18", "number", "18"),
    ("Anna had 12 apples; after eating 2 she has 10.", "number", "10"),
    ("The chance of a 2 is $\\frac16$, so that of not rolling a 2 is $\\frac56$.", "math", "\\frac56"),
    ("The total number of rectangles of area 3 which can be formed is $48$.", "math", "48"),
    ("He planned to spend $50, but he actually spent $65.", "number", "65"),
    ("The code printed 17, but that's a bug; the right value is 18.", "number", "18"),
    ("Red: 4; blue: 9; together: 13.", "number", "13"),
    ("The number of students over 12 who passed the test is 30.", "number", "30"),
    ("He expected 40 guests, but 52 came.", "number", "52"),
]


@pytest.mark.parametrize(("text", "kind", "answer"), GOES_ON)
def test_a_clause_that_goes_on_to_a_value_is_no_explanation(
    text: str, kind: Kind, answer: str | None
) -> None:
    check(text, kind, answer)


THOUSANDS: list[Case] = [
    ("So she needs 1,500 more stickers.", "number", "1500"),
    ("They need 1,000 more because 1,600 - 600 = 1,000", "number", "1000"),
    ("He is $2,500 ahead of her.", "number", "2500"),
]


@pytest.mark.parametrize(("text", "kind", "answer"), THOUSANDS)
def test_the_comma_of_thousands_parts_no_clause(text: str, kind: Kind, answer: str | None) -> None:
    check(text, kind, answer)


STEPS: list[Case] = [
    ("**Step 1:** 12 * 2 = 24\n\n**Step 2:** If each costs $4, they cost 24 * 4 = $96", "number", "96"),
    ("**Step 2:** Because there are 3, she pays 3 * 5 = 15", "number", "15"),
]


@pytest.mark.parametrize(("text", "kind", "answer"), STEPS)
def test_the_number_of_a_step_is_no_content(text: str, kind: Kind, answer: str | None) -> None:
    check(text, kind, answer)


THERE_ARE: list[Case] = [
    ("There are 9 coins, and the probability that all land heads is $\\frac1{512}$.", "math", "1/512"),
    ("There are 4 ways to pick a king and 3 to pick a queen, for a total of $12$ ways.", "math", "12"),
    ("There are $30$ students, and the number of boys is $18$.", "math", "18"),
]


@pytest.mark.parametrize(("text", "kind", "answer"), THERE_ARE)
def test_what_there_is_is_no_answer_beside_a_later_value(text: str, kind: Kind, answer: str | None) -> None:
    check(text, kind, answer)


FORMULA_REMARKS: list[Case] = [
    ("Therefore the minimum is $3$. Equality occurs if and only if $a=b=c=1$.", "math", "3"),
    ("So $x=-1$ or $x=2$. We discard $x=-1$.", "math", "2"),
    ("Hence $x=3$. The case $x=-3$ was excluded.", "math", "3"),
    ("So there are $6$ such integers. The smallest is $n=2$.", "math", None),
    ("\\begin{align*}\nS&=\\dots\\\\\n&=55.\n\\end{align*}\nThis is the sum of the first 10.", "math", "55"),
    ("So $x = 5$. We reject $x=-5$, for lengths are positive.", "math", "5"),
    ("Thus the minimum is $8$. It is attained at $x = 2$.", "math", "8"),
    ("So $x = 2$. The value $x=-1$ is not in the domain.", "math", "2"),
]


@pytest.mark.parametrize(("text", "kind", "answer"), FORMULA_REMARKS)
def test_remarks_on_a_formula_are_passed_over(text: str, kind: Kind, answer: str | None) -> None:
    check(text, kind, answer)


PARTS_BELOW: list[Case] = [
    ("So the total is 63 stamps.\n\nBreakdown:\n- Ann: 12\n- Ben: 20\n- Cid: 31", "number", "63"),
    ("So the profit is $63.\n\n- Revenue: $100\n- Costs: $37", "number", "63"),
    ("So he walks 50 km.\n- Day 1: 10 km\n- Day 2: 15 km\n- Day 3: 25 km", "number", "50"),
    ("So he pays $64.\n\nBreakdown:\n8 glasses at $5 each = $40\n8 glasses at $3 each = $24", "number", "64"),
]


@pytest.mark.parametrize(("text", "kind", "answer"), PARTS_BELOW)
def test_the_parts_below_a_total_are_passed_over(text: str, kind: Kind, answer: str | None) -> None:
    check(text, kind, answer)


BEHIND: list[Case] = [
    ("22 apples.\n\nConfidence: 95%", "number", "22"),
    ("22 apples.\n\n[1] See chapter 12.", "number", "22"),
    ("22 apples.\n\nWord count: 48", "number", "22"),
    ("22 apples.\n\nDifficulty: 2/10", "number", "22"),
    ("22 apples.\n\nPage 2", "number", "22"),
    ("22 apples.\n\n*Generated in 2.3 seconds*", "number", "22"),
    ("22 apples.\n\nCertainty level: 9/10", "number", "22"),
    ("22 apples.\n\nTime taken: 3 seconds", "number", "22"),
    ("So she has 22 apples.\n\nConfidence: 95%", "number", "22"),
    ("So she has 22 apples.\n\n[1] See chapter 12.", "number", "22"),
    ("So she has 22 apples.\n\nWord count: 48", "number", "22"),
    ("So she has 22 apples.\n\nDifficulty: 2/10", "number", "22"),
    ("So she has 22 apples.\n\nPage 2", "number", "22"),
    ("So she has 22 apples.\n\n*Generated in 2.3 seconds*", "number", "22"),
    ("So she has 22 apples.\n\nCertainty level: 9/10", "number", "22"),
    ("So she has 22 apples.\n\nTime taken: 3 seconds", "number", "22"),
    ("She picks 22 apples.\n\nConfidence: 95%", "number", "22"),
    ("She picks 22 apples.\n\n[1] See chapter 12.", "number", "22"),
    ("She picks 22 apples.\n\nWord count: 48", "number", "22"),
    ("She picks 22 apples.\n\nDifficulty: 2/10", "number", "22"),
    ("She picks 22 apples.\n\nPage 2", "number", "22"),
    ("She picks 22 apples.\n\n*Generated in 2.3 seconds*", "number", "22"),
    ("She picks 22 apples.\n\nCertainty level: 9/10", "number", "22"),
    ("She picks 22 apples.\n\nTime taken: 3 seconds", "number", "22"),
    ("So she picked 22 apples.[1]", "number", "22"),
]


@pytest.mark.parametrize(("text", "kind", "answer"), BEHIND)
def test_what_stands_behind_the_solution_is_passed_over(text: str, kind: Kind, answer: str | None) -> None:
    check(text, kind, answer)


SOUGHT: list[Case] = [
    ("Originally, it cost $40. The sale price is $30. The question asks for the original.", "number", "40"),
    ("They pay $60 with it. The question asks what they would pay without it, which is $80.", "number", "80"),
    ("So 18 apples remain, which is what we need to find.", "number", "18"),
    ("The roots are $3$ and $1$. Their product is $3$, their sum is $4$. We want the sum.", "math", "4"),
    ("We need the number of girls. There are 12 boys and 18 girls.", "number", "18"),
    ("Betty needs only $5 more: she has $95 of the $100 the wallet costs.", "number", None),
]


@pytest.mark.parametrize(("text", "kind", "answer"), SOUGHT)
def test_what_is_asked_for_counts(text: str, kind: Kind, answer: str | None) -> None:
    check(text, kind, answer)


LANGUAGES: list[Case] = [
    ("So Mia has 27 marbles left. Also, her brother has 9.", "number", None),
    ("Also hat sie noch 9 Murmeln.", "number", "9"),
]


@pytest.mark.parametrize(("text", "kind", "answer"), LANGUAGES)
def test_words_of_other_languages_conclude_there_alone(text: str, kind: Kind, answer: str | None) -> None:
    check(text, kind, answer)


PLAIN_NUMBERS: list[Case] = [
    ("He pays $45 and saves $15.", "math", None),
    ("The area is 24 square meters and the perimeter is 20 meters.", "math", None),
]


@pytest.mark.parametrize(("text", "kind", "answer"), PLAIN_NUMBERS)
def test_kind_math_reads_plain_numbers_alike(text: str, kind: Kind, answer: str | None) -> None:
    check(text, kind, answer)


NO_REFUSALS: list[Case] = [
    ("She doesn't have enough money. She needs $5 more.", "number", "5"),
    ("He couldn't find 3 of his 12 marbles. That leaves 9.", "number", "9"),
    ("So 3 students fail.", "number", "3"),
    ("So he has 3 eggs too many.", "number", "3"),
    ("So he pays $540 on May 5.", "number", "540"),
    ("A pen costs $1.50. So, 8 pens cost $12.", "number", "12"),
    ("Therefore 5 boxes hold 60 eggs.", "number", "60"),
    ("Hence, 3 friends paid $45.", "number", "45"),
    ("Thus 8 workers can build the wall in 3 days.", "number", "3"),
    ("**Profit: $70,000**\n\nKeep in mind that taxes of 15% may apply.", "number", "70000"),
    ("Step 1: 3 rows of 4 is 12.\nStep 2: We now multiply 12 by 2 to get 24.", "number", "24"),
    ("Note that she has 15 left.", "number", "15"),
    ("If you add them, you get 15 in total.", "number", "15"),
    ("Checking account holds $15.", "number", "15"),
    ("By 2030, there will be 500 trees.", "number", "500"),
    ("In total, they have 14 + 9 = 23 stickers. Mary has 14 of them.", "number", "23"),
    ("Roughly 3.33 hours, i.e., 3 hours 20 minutes.", "number", "3 hours 20 minutes"),
    ("7 * 6 = 42. Yes.", "math", "42"),
    ("The temperature is -12 degrees, 15 lower than before.", "number", "-12"),
]


@pytest.mark.parametrize(("text", "kind", "answer"), NO_REFUSALS)
def test_sentences_that_only_look_like_plans_or_refusals(text: str, kind: Kind, answer: str | None) -> None:
    check(text, kind, answer)


def check(text: str, kind: Kind, answer: str | None) -> None:
    """The text has this answer, or None where it leaves open which of its values is meant."""
    if answer is None:
        assert find(text, kind).answer is None
    else:
        assert grade(text, Problem("", "", answer, kind=kind)).correct, find(text, kind)
