"""Units, currencies and marks: left out on one side, never another one."""

from __future__ import annotations

SAME = [
    # units and money
    (r"80 \text{ km/h}", r"80\ \frac{\text{km}}{\text{h}}"),
    (r"5\ \frac{\text{m}}{\text{s}^2}", r"5 \text{ m/s}^2"),
    (r"12 \text{ mL}", "12 milliliters"),
    ("3 kilometers per hour", "3 km/h"),
    (r"9 \text{ inches}", "9''"),
    ('9"', "9 in"),
    ("6'", "6 feet"),
    ("75¢", "75 cents"),
    ("USD 15", r"\$15"),
    ("EUR 30", "30 euros"),
    ("£12", "12 pounds"),
    ("40 USD", "40"),
    (r"7 \text{ MHz}", "7 megahertz"),
    ("8 square feet", r"8 \text{ ft}^2"),
    ("8 cubic meters", "8 m^3"),
    (r"25^\circ\text{C}", "25"),
    ("5 boys", "5"),
    ("12 tickets", "12 children tickets"),
    ("20 J", "20 joules"),
    (r"90 \text{ radians}", "90"),
    (r"\frac{\pi}{2} \text{ radians}", r"\frac{\pi}{2}"),
    ("18 years old", "18 years"),
    ("14 square units", "14"),
    ("25 minutes", r"25 \text{ min}"),
]

DIFFERENT = [
    # units and money
    (r"12 \text{ mL}", r"12 \text{ L}"),
    (r"12 \text{ kJ}", r"12 \text{ J}"),
    ("3 km/s", "3 m/s"),
    (r"3 \text{ MW}", r"3 \text{ mW}"),
    (r"5\ \frac{\text{m}}{\text{s}}", r"5\ \frac{\text{km}}{\text{h}}"),
    ("8 square feet", "8 cubic feet"),
    ("8 square feet", "8 feet"),
    (r"8 \text{ cm}^2", r"8 \text{ cm}"),
    ("9''", "9'"),
    ("9''", "9 feet"),
    (r"70^\circ", r"70 \text{ radians}"),
    (r"60^\circ", r"\frac{\pi}{6} \text{ rad}"),
    (r"25^\circ\text{C}", r"25^\circ\text{F}"),
    ("5 boys", "5 girls"),
    ("5 apples", "5 oranges"),
    ("5 apples", "5 kg"),
    ("75¢", r"\$75"),
    ("EUR 30", "USD 30"),
    ("CAD 30", r"\$30"),
    ("EUR 30", "30 dollars"),
    ("20 J", "20 W"),
    ("3 hours", "3 days"),
    (r"50 \text{ ms}", r"50 \text{ s}"),
    ("2 dozen", "2 pairs"),
]

APART = [
    (r"90^\circ", r"\frac{\pi}{2} \text{ rad}"),
    ("180 degrees", r"\pi \text{ radians}"),
]
