"""Texts that break what was not built for them."""

TEXTS = {
    "an emoji": "😀🚲👩‍👩‍👧‍👦",
    "right to left": "\u202e\u0645\u0631\u062d\u0628\u0627 \u2066\u05e9\u05dc\u05d5\u05dd\u2069",
    "combining": "Z\u0351\u036b\u0343a\u0328\u0321l\u0353g\u0321o\u030a",
    "SQL": "Robert'); DROP TABLE contact; --",
    "more SQL": '" OR 1=1 /* $1 $$ :name %s',
    "a template": "{{name}} ${name} <%= name %> #{name} {{{{7*7}}}}",
    "markup": "<script>alert(1)</script>&amp;",
    "control characters": "a\x01\x08\x1b[31m\x7f\x85",
    "line ends": "one\r\ntwo\nthree\u2028four",
    "a header": "x\r\nSet-Cookie: a=b",
    "wildcards": "%_\\",
    "a path": "../../etc/passwd",
    "no characters": "\ufffe\uffff\U0010ffff",
    "a byte order mark": "\ufeffname",
    "an escaped NUL": "\\u0000 \\0",
}
LONG = "x" * 100_000
