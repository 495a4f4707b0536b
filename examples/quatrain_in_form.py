"""五绝, 七绝, 五律: which rules make a poem of a masked language model rhyme, keep its tones and repeat no character?

    python examples/quatrain_in_form.py 五绝 > rules.toml
    minent text sample --model model --keep "_____，_____。_____，_____。" --rules rules.toml --schedule once
The model learned poems with their marks. Beside the rules stand rhymes.tsv and tones.tsv, name<TAB>characters a line,
of a rhyme book: for rhymes characters of level tone, for tones 平 and 仄. Readings of Mandarin (pypinyin has them) do
for modern ears only, as they lost 入声.
"""

import sys

FORMS = {"五绝": (5, 4), "七绝": (7, 4), "五律": (5, 8)}
ROUND = ["*仄平平仄", "平平仄仄平", "*平平仄仄", "*仄仄平平"]  # lines of five; it may begin with the first or the third


def rules(form):
    """Places count tokens of the poem, with the mark behind each line; even lines rhyme."""
    width, lines = FORMS[form]
    before = {"仄": "*平", "平": "*仄"} if width == 7 else {"仄": "", "平": ""}
    places = [line * (width + 1) + i + 1 for line in range(lines) for i in range(width)]
    ends = [line * (width + 1) + width for line in range(1, lines, 2)]
    ways = [[before[one[1]] + one for one in (ROUND[(first + i) % 4] for i in range(lines))] for first in (0, 2)]
    return f"""[[rule]]
kind = "repeat"
but = ["，", "。"]
[[rule]]
kind = "alike"
places = {ends}
classes = "rhymes.tsv"
[[rule]]
kind = "pattern"
places = {places}
ways = {["".join(way) for way in ways]}
classes = "tones.tsv"
"""


print(rules(sys.argv[1] if len(sys.argv) > 1 else "五绝"))
