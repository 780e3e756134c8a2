"""The drawings of the page: the calendar, a month at a time, and the bars of turnover by rate.

    Mon Tue Wed Thu Fri Sat Sun        |        ##
     1   2   3   4   5   6   7         |   ##   ##        lei, by rate
    [#] [#] [#] [x] [#] [ ] [o]        |___##___##___     days

A state is told by its colour, its pattern and its sign (a complete day is plain); the more was sold
on a complete day, the darker it is. Marks are defined once on the page and used by their names.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from agent.archive.certificate.calendar_days import CalendarDay, DayMark, Group
from agent.archive.certificate.markup import Piece, e
from agent.archive.certificate.words import money, percent
from drivers.model import VatRate

CELL, STEP = 24, 27
WEEKDAYS = "LMMJVSD"  # luni, marți, ...
MONTHS = (
    *("ianuarie", "februarie", "martie", "aprilie", "mai", "iunie"),
    *("iulie", "august", "septembrie", "octombrie", "noiembrie", "decembrie"),
)
COMPLETE_SHADES = ("#a9d5cc", "#74b5aa", "#3b8f85")
DARK = ("#3b8f85",)
RATE_COLOURS = ("#1d6b63", "#e0a458", "#7fbdb3", "#5a6f9c", "#c98b9b", "#b9c4c2", "#8d7b63")
STATES = {  # fill, edge, ink of the sign; Romanian, English
    DayMark.COMPLETE: (COMPLETE_SHADES[1], COMPLETE_SHADES[1], "#22302f", "complet", "complete"),
    DayMark.AWAITED: ("#ffffff", "#3b6ea5", "#3b6ea5", "se așteaptă", "awaited"),
    DayMark.DIFFERS: ("url(#p-differs)", "#7a4a86", "#7a4a86", "nu concordă", "differs"),
    DayMark.MISSING: ("url(#p-missing)", "#b3402a", "#b3402a", "lipsește", "missing"),
    DayMark.NONE: ("#f3f5f4", "#f3f5f4", "#9aa5a3", "fără Z", "no Z"),
}
SIGNS = {  # paths within the cell
    DayMark.AWAITED: "M12 13.2a3.6 3.6 0 1 0 .01 0z",
    DayMark.DIFFERS: "M7 15h10M7 19h10M15 11.5l-6 11",
    DayMark.MISSING: "M8 12.5l8 8M16 12.5l-8 8",
}
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 760, 250, 66, 30, 26
TICKS_MAX = 5
DAYS_NAMED_MAX, MONTHS_NAMED_MAX = 14, 24


def marks() -> Element:
    """The patterns and cells that the drawings use."""
    patterns = [
        e(
            "pattern",
            e("rect", width=6, height=6, fill=ground),
            e("path", d="M0 0v6", stroke=ink, stroke_width=2.2),
            id=name,
            width=6,
            height=6,
            patternUnits="userSpaceOnUse",
            patternTransform=f"rotate({angle})",
        )
        for name, ground, ink, angle in (
            ("p-missing", "#fdf1ed", "#f0c4b8", 45),
            ("p-differs", "#f7f0f9", "#dcc5e3", -45),
        )
    ]
    cells = [e("g", _cell(state, STATES[state][0]), id=state) for state in STATES]
    cells += [
        e("g", _cell(DayMark.COMPLETE, shade), id=f"complete-{number}")
        for number, shade in enumerate(COMPLETE_SHADES)
    ]
    return e("svg", e("defs", patterns, cells), width=0, height=0, style="position:absolute")


def _cell(state: DayMark, fill: str) -> list[Piece]:
    edge, ink = STATES[state][1:3]
    edge = fill if state is DayMark.COMPLETE else edge
    box = e("rect", width=CELL, height=CELL, rx=4, fill=fill, stroke=edge, x=0.5, y=0.5)
    if state not in SIGNS:
        return [box]
    sign = {"d": SIGNS[state], "stroke": ink, "stroke_width": 1.6, "fill": "none"}
    return [box, e("path", stroke_linecap="round", **sign)]


def legend() -> Element:
    """What the marks mean."""
    items = [(state.value, *STATES[state][3:]) for state in STATES]
    items.insert(1, ("complete-2", "vânzări mai mari", "more was sold"))
    return e(
        "ul",
        [
            e(
                "li",
                e("svg", e("use", href=f"#{mark}"), viewBox="0 0 25 25"),
                e("span", ro, " ", e("span", en, class_="en", lang="en")),
            )
            for mark, ro, en in items
        ],
        class_="legend",
    )


# the calendar


def months(days: Sequence[CalendarDay]) -> dict[tuple[int, int], list[CalendarDay]]:
    """The days by year and month."""
    found: dict[tuple[int, int], list[CalendarDay]] = {}
    for day in days:
        found.setdefault((day.day.year, day.day.month), []).append(day)
    return found


def shades(days: Iterable[CalendarDay]) -> tuple[int, int]:
    """The turnovers at which a complete day becomes darker: the thirds of all that have one."""
    totals = sorted(day.total for day in days if day.total)
    if not totals:
        return (0, 0)
    return totals[len(totals) // 3], totals[2 * len(totals) // 3]


def month(days: Sequence[CalendarDay], thirds: tuple[int, int]) -> Element:
    """One month, a cell for each day; before the first and after the last day nothing."""
    first = days[0].day
    begin = first.replace(day=1).weekday()
    rows = (begin + days[-1].day.day - 1) // 7 + 1
    names: list[Piece] = [
        e(
            "text",
            name,
            x=number * STEP + 12,
            y=10,
            font_size=10,
            fill="#667573",
            text_anchor="middle",
        )
        for number, name in enumerate(WEEKDAYS)
    ]
    cells = [_day(day, begin, thirds) for day in days]
    title = f"{MONTHS[first.month - 1]} {first.year}"
    box = f"0 0 {7 * STEP - 1} {16 + rows * STEP}"
    return e("figure", e("h4", title), e("svg", names, cells, viewBox=box, role="img"))


def _day(day: CalendarDay, begin: int, thirds: tuple[int, int]) -> Element:
    place = begin + day.day.day - 1
    x, y = place % 7 * STEP, 16 + place // 7 * STEP
    number, dark = day.state.value, False
    if day.state is DayMark.COMPLETE:
        shade = sum((day.total or 0) >= third for third in thirds)
        number, dark = f"complete-{shade}", COMPLETE_SHADES[shade] in DARK
    ink = "#ffffff" if dark else "#667573" if day.state is DayMark.NONE else "#22302f"
    return e(
        "g",
        e("title", told(day)),
        e("use", href=f"#{number}"),
        e("text", str(day.day.day), x=4, y=10, font_size=8.5, fill=ink),
        transform=f"translate({x},{y})",
        class_=f"day {day.state}",
    )


def told(day: CalendarDay) -> str:
    """What a day says when it is pointed at."""
    zs = f"Z {', '.join(str(z) for z in day.zs)}: " if day.zs else ""
    total = f", {money(day.total).ro}" if day.total is not None else ""
    return f"{day.day:%d.%m.%Y}: {zs}{STATES[day.state][3]} / {STATES[day.state][4]}{total}"


# the bars


@dataclass(frozen=True, slots=True)
class Bar:
    """One day or one month: its sums by rate, in bani."""

    label: str  # under the axis; "" for most
    title: str
    sums: Mapping[Group, int]

    @property
    def total(self) -> int:
        return sum(self.sums.values())


def of_days(days: Sequence[CalendarDay], count: int) -> list[Bar]:
    """The last days, one bar each; every Monday is named, or every day of a short time."""
    last = days[-count:]
    bars = []
    for day in last:
        is_named = day.day.weekday() == 0 or len(last) <= DAYS_NAMED_MAX
        name = f"{day.day:%d.%m}" if is_named else ""
        bars.append(Bar(name, f"{day.day:%d.%m.%Y}", _sums(day)))
    return bars


def of_months(days: Sequence[CalendarDay]) -> list[Bar]:
    """The months, one bar each; every January is named, or every month of a short time."""
    found = months(days)
    bars = []
    for (year, number), of_month in found.items():
        sums: dict[Group, int] = {}
        for day in of_month:
            for group, value in _sums(day).items():
                sums[group] = sums.get(group, 0) + value
        name = MONTHS[number - 1][:3]
        label = name if len(found) <= MONTHS_NAMED_MAX else ""
        label = str(year) if number == 1 else label
        bars.append(Bar(label, f"{name} {year}", sums))
    return bars


def groups_of(bars: Iterable[Bar]) -> list[Group]:
    """All rates, the highest first; then what has none."""
    every = {group for bar in bars for group in bar.sums}
    return sorted(every, key=lambda group: (-(-1 if group[0] is None else group[0]), group[1]))


def plot(bars: Sequence[Bar], groups: Sequence[Group]) -> Element:
    """Stacked bars over an axis in lei."""
    highest = max((bar.total for bar in bars), default=0)
    step = _step(highest)
    ticks = max(-(-highest // step), 1)
    top = step * ticks
    high = HEIGHT - TOP - BOTTOM
    wide = WIDTH - LEFT - 8
    drawn: list[Piece] = []
    for tick in range(ticks + 1):
        y = HEIGHT - BOTTOM - high * tick // ticks
        drawn.append(e("path", d=f"M{LEFT} {y}H{WIDTH - 8}", stroke="#dfe5e3"))
        label = {"x": LEFT - 8, "y": y + 4, "font_size": 11, "fill": "#667573"}
        drawn.append(e("text", whole_lei(step * tick), text_anchor="end", **label))
    drawn.append(
        e("text", "lei", x=LEFT - 8, y=11, text_anchor="end", font_size=11, fill="#667573")
    )
    colours = colours_of(groups)
    for number, bar in enumerate(bars):
        x = LEFT + wide * number // max(len(bars), 1)
        width = max(wide // max(len(bars), 1) * 3 // 4, 1)
        drawn.append(_bar(bar, x, min(width, 40), high, top, colours))
        if bar.label:
            axis = {"x": x + min(width, 40) // 2, "y": HEIGHT - 12, "font_size": 10.5}
            drawn.append(e("text", bar.label, fill="#667573", text_anchor="middle", **axis))
    return e("svg", drawn, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", class_="plot")


def _bar(bar: Bar, x: int, width: int, high: int, top: int, colours: dict[Group, str]) -> Element:
    pieces: list[Piece] = []
    below = 0
    for group in reversed(colours):
        value = bar.sums.get(group, 0)
        if value <= 0:
            continue
        y, above = HEIGHT - BOTTOM - high * below // top, below + value
        height = y - (HEIGHT - BOTTOM - high * above // top)
        pieces.append(e("rect", x=x, y=y - height, width=width, height=height, fill=colours[group]))
        below = above
    said = [f"{rate_name(group)}: {money(value).ro}" for group, value in bar.sums.items()]
    title = e("title", f"{bar.title}: {money(bar.total).ro}; {', '.join(said)}")
    return e("g", title, pieces, class_="bar")


def colours_of(groups: Sequence[Group]) -> dict[Group, str]:
    return {group: RATE_COLOURS[n % len(RATE_COLOURS)] for n, group in enumerate(groups)}


def plot_legend(groups: Sequence[Group]) -> Element:
    items = [
        e("li", e("svg", e("rect", width=18, height=18, rx=3, fill=colour)), rate_name(group))
        for group, colour in colours_of(groups).items()
    ]
    return e("ul", items, class_="legend")


def rate_name(group: Group) -> str:
    rate, letter = group
    if rate is not None:
        return percent(VatRate(rate)).ro
    if letter == "?":
        return "cotă necunoscută / rate unknown"
    return f"grupa {letter} / group {letter}" if letter else "scutit / exempt"


def _sums(day: CalendarDay) -> dict[Group, int]:
    return {
        (each.rate, "" if each.rate is not None else each.letter): each.gross for each in day.rates
    }


def _step(highest: int) -> int:
    """A round step (1, 2, 5, 10 lei ...), so that TICKS_MAX of them reach the highest bar."""
    step = 100
    while step * TICKS_MAX < highest:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return step


def whole_lei(amount: int) -> str:
    return f"{amount // 100:,}".replace(",", ".")
