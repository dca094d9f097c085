#!/usr/bin/env python3
"""Golden vectors of object names and canonical forms, from an implementation of its own.

    python3 tests/golden/object_names.py > tests/golden/object_names.inc

Written from the description in item/item_key.h and item/canonical.h, with Python's json, decimal and
hashlib: it shares no code with ddbvault.  Two of the names are known from elsewhere and checked.
"""

import base64
import decimal
import hashlib
import json

decimal.getcontext().prec = 60

KEYS = [
    r'{"id":{"S":"record-1"}}',
    r'{"id":{"S":"a"},"aaa":{"N":"1"}}',
    r'{"aaa":{"N":"1"},"id":{"S":"a"}}',
    r'{ "id" : { "S" : "white space" } }',
    r'{"id":{"S":""}}',
    r'{"id":{"S":"quote \" backslash \\ slash \/ tab \t"}}',
    r'{"id":{"S":"\b\f\n\r\u0000\u001f\u007f\u2028<&>"}}',
    r'{"id":{"S":"Z\u00fcrich \u65e5\u672c \ud83d\ude00"}}',
    '{"id":{"S":"Zürich 日本 😀"}}',
    r'{"id":{"S":"lone \ud800 and \udfff"}}',
    r'{"\u0069d":{"\u0053":"escaped names"}}',
    r'{"10":{"S":"b"},"9":{"S":"a"}}',
    r'{"é":{"S":"b"},"z":{"S":"a"}}',
    r'{"\uffff":{"S":"b"},"\ud83d\ude00":{"S":"a"}}',
    r'{"B":{"S":"upper"},"a":{"S":"lower"}}',
    r'{"n":{"N":"1.50"}}',
    r'{"n":{"N":"15e-1"}}',
    r'{"n":{"N":"-0.0"}}',
    r'{"n":{"N":"00042"}}',
    r'{"n":{"N":"1E+100"}}',
    r'{"n":{"N":"-1e-130"}}',
    r'{"n":{"N":"9.9999999999999999999999999999999999999E+125"}}',
    r'{"n":{"N":"12345678901234567890123456789012345678"}}',
    r'{"n":{"N":"0.00012345678901234567890123456789012345678"}}',
    r'{"b":{"B":"AP8="}}',
    r'{"b":{"B":""},"id":{"S":"a"}}',
]

ITEMS = [
    r'{}',
    r'{"id":{"S":"a"},"empty":{"S":""},"null":{"NULL":true},"yes":{"BOOL":true},"no":{"BOOL":false}}',
    r'{"set":{"SS":["b","a","","é","B"]},"id":{"S":"a"}}',
    r'{"set":{"SS":["\u0062","\ud83d\ude00","\uffff","a\nb"]}}',
    r'{"numbers":{"NS":["10","9","1.0","-3","2e1"]},"bytes":{"BS":["/w==","AA==","AAA="]}}',
    r'{"list":{"L":[{"S":"b"},{"S":"a"},{"N":"1.0"},{"L":[]},{"M":{}}]}}',
    r'{"map":{"M":{"z":{"N":"0.10"},"a":{"M":{"y":{"B":"aGk="},"x":{"NULL":true}}},"":{"S":"no name"}}}}',
    '{ "a" : { "L" : [ { "N" : "1e0" } , { "SS" : [ "y" , "x" ] } ] } }',
]

KNOWN = {
    r'{"id":{"S":"record-1"}}': (
        "d9b6990bcccce4c29a5f27866bf6f105a0fe391a29c4092e795f0b3c6528e4ac",
        "ee2bdf43ab8f10ad6c66546714da218b",
    ),
    r'{"aaa":{"N":"1"},"id":{"S":"a"}}': (None, "20fad87676199fc00bc5319d5ff5b002"),
}


def utf8(text):
    return text.encode("utf-8", "surrogatepass")


def quoted(text):
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    out = ""
    for c in text:
        if c in short:
            out += short[c]
        elif ord(c) < 0x20 or 0xD800 <= ord(c) < 0xE000:
            out += "\\u%04x" % ord(c)
        else:
            out += c
    return '"' + out + '"'


def number(text):
    value = decimal.Decimal(text)
    if value == 0:
        return "0"
    return format(value.normalize(), "f")


def binary(text):
    return base64.b64encode(base64.b64decode(text, validate=True)).decode()


SCALARS = {"S": lambda text: text, "N": number, "B": binary}


def typed(value):
    ((kind, content),) = value.items()
    if kind in SCALARS:
        text = quoted(SCALARS[kind](content))
    elif kind in ("SS", "NS", "BS"):
        members = sorted((SCALARS[kind[0]](one) for one in content), key=utf8)
        text = "[" + ",".join(quoted(one) for one in members) + "]"
    elif kind == "L":
        text = "[" + ",".join(typed(one) for one in content) + "]"
    elif kind == "M":
        text = attributes(content)
    else:
        text = "true" if content else "false"
    return '{"' + kind + '":' + text + "}"


def attributes(content):
    names = sorted(content, key=utf8)
    return "{" + ",".join(quoted(name) + ":" + typed(content[name]) for name in names) + "}"


def raw(text):
    return 'R"json(' + text + ')json"'


def main():
    print("// Made by object_names.py; not to be edited.")
    print("constexpr GoldenName kGoldenNames[] = {")
    for text in KEYS:
        form = attributes(json.loads(text))
        sha256 = hashlib.sha256(form.encode()).hexdigest()
        md5 = hashlib.md5(form.encode()).hexdigest()
        if text in KNOWN:
            known_sha256, known_md5 = KNOWN[text]
            assert known_sha256 in (None, sha256) and known_md5 == md5, text
        print("    {%s,\n     %s,\n     \"%s\",\n     \"%s\"}," % (raw(text), raw(form), sha256, md5))
    print("};")
    print("constexpr GoldenForm kGoldenForms[] = {")
    for text in KEYS + ITEMS:
        print("    {%s,\n     %s}," % (raw(text), raw(attributes(json.loads(text)))))
    print("};")


if __name__ == "__main__":
    main()
