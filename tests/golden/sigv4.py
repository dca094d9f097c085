#!/usr/bin/env python3
"""Signatures (SigV4) of a few requests, computed apart from ddbvault.

Prints, a request a line: name, SHA-256 of the canonical request, signature.  The values are in
tests/aws/sigv4_test.cpp.  Those that AWS has published are checked here.
"""
import hashlib
import hmac
from urllib.parse import quote

SUITE = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830T123600Z", "service")
S3 = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524T000000Z", "s3")
DYNAMODB = (SUITE[0], SUITE[1], "20261120T120000Z", "dynamodb")
STS = (SUITE[0], SUITE[1], "20261120T120000Z", "sts")
REGION = "us-east-1"

DATE = [("Date", "Fri, 24 May 2013 00:00:00 GMT")]
FORM = [("Content-Type", "application/x-www-form-urlencoded")]
JSON = [("Content-Type", "application/x-amz-json-1.0"),
        ("X-Amz-Target", "DynamoDB_20120810.ListTables")]

# name, who, method, path (as sent), query, headers, body, published signature
REQUESTS = [
    ("get-vanilla", SUITE, "GET", "/", [], [], "",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("get-vanilla-query-order-key-case", SUITE, "GET", "/",
     [("Param2", "value2"), ("Param1", "value1")], [], "",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    ("get-header-key-duplicate", SUITE, "GET", "/", [],
     [("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")], "",
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
    ("get-header-value-trim", SUITE, "GET", "/", [],
     [("My-Header1", " value1"), ("My-Header2", ' "a   b   c"')], "",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    ("post-vanilla", SUITE, "POST", "/", [], [], "",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ("post-x-www-form-urlencoded", SUITE, "POST", "/", [], FORM, "Param1=value1",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    ("s3-get-object-range", S3, "GET", "/test.txt", [], [("Range", "bytes=0-9")], "",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    ("s3-put-object", S3, "PUT", "/test%24file.text", [],
     DATE + [("x-amz-storage-class", "REDUCED_REDUNDANCY")], "Welcome to Amazon S3.",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
    ("s3-get-lifecycle", S3, "GET", "/", [("lifecycle", "")], [], "",
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    ("s3-list-objects", S3, "GET", "/", [("max-keys", "2"), ("prefix", "J")], [], "",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ("s3-odd-key", S3, "GET", "/a//b/../%20%2B%C3%A4", [("versionId", "a/b c+="), ("a", "")], [],
     "", None),
    ("dynamodb-list-tables", DYNAMODB, "POST", "/", [], JSON, '{"Limit":1}', None),
    ("odd-path", STS, "GET", "/a//b/./c/../%20x/", [], [], "", None),
]


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def normal_path(path):
    kept = []
    for segment in path.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in ("", "."):
            kept.append(segment)
    text = "/" + "/".join(kept)
    return text + "/" if path.endswith("/") and text != "/" else text


def sign(who, method, path, query, headers, body):
    _, secret, time, service = who
    host = "examplebucket.s3.amazonaws.com" if service == "s3" else "example.amazonaws.com"
    headers = headers + [("Host", host), ("X-Amz-Date", time)]
    if service == "s3":
        headers.append(("X-Amz-Content-Sha256", sha256(body)))
    else:
        path = quote(normal_path(path), safe="/-_.~")
    grouped = {}
    for name, value in headers:
        grouped.setdefault(name.lower(), []).append(" ".join(value.split()))
    names = sorted(grouped)
    pairs = sorted((quote(n, safe="-_.~"), quote(v, safe="-_.~")) for n, v in query)
    canonical = "\n".join(
        [method, path, "&".join(f"{n}={v}" for n, v in pairs)]
        + [f"{name}:{','.join(grouped[name])}" for name in names]
        + ["", ";".join(names), sha256(body)])
    scope = f"{time[:8]}/{REGION}/{service}/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", time, scope, sha256(canonical)])
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = mac(key, part)
    return sha256(canonical), mac(key, to_sign).hex()


for name, who, method, path, query, headers, body, published in REQUESTS:
    digest, signature = sign(who, method, path, query, headers, body)
    assert published in (None, signature), name
    print(name, digest, signature)
