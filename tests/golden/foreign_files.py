#!/usr/bin/env python3
"""Writes one table's items in the formats of other tools, by those formats alone: nothing of ddbvault
is used here.

    foreign_files.py DIRECTORY

Prints the items, as canonical JSON lines, that a restore of each of these must give:

    bnr.tgz, bnr.tar.bz2, .tar   dynamodb-bnr: dump/<table>/schema.json, dump/<table>/data/NNNNNNNNNN.json
    replicator.gz                dynamodb-replicator's snapshot: an item in each line
    lines.jsonl.bz2              likewise, compressed with bzip2
    export/AWSDynamoDB/01-full/  DynamoDB's full export
    export/AWSDynamoDB/02-incremental/   its incremental export, whose data is in AWSDynamoDB/data/
"""

import base64
import bz2
import gzip
import hashlib
import io
import json
import pathlib
import sys
import tarfile

TABLE = "orders"
ITEMS = [
    {"id": {"S": "plain"}},
    {"id": {"S": "every \"type\" \\ /\u00e9\u4e2d\U0001f600\u2028"},
     "n": {"N": "-1.2345678901234567890123456789012345678E+100"},
     "b": {"B": base64.b64encode(bytes(range(256))).decode()},
     "t": {"BOOL": True}, "f": {"BOOL": False}, "z": {"NULL": True},
     "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2.5"]},
     "bs": {"BS": [base64.b64encode(b"x").decode(), base64.b64encode(b"y").decode()]},
     "m": {"M": {"inner": {"L": [{"S": "x"}, {"M": {}}, {"L": []}]}}}},
] + [{"id": {"S": f"item-{i}"}, "v": {"N": str(i)}} for i in range(250)]
SCHEMA = {
    "TableName": TABLE,
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    "TableId": "5f8a1f4e-0000-0000-0000-000000000000",
}


def lines(items):
    return "".join(json.dumps(item, separators=(",", ":")) + "\n" for item in items).encode()


def write_bnr(path, mode):
    with tarfile.open(path, mode) as archive:
        def add(name, value):
            text = json.dumps(value, indent=4).encode()
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))

        add(f"dump/{TABLE}/schema.json", SCHEMA)
        for number, at in enumerate(range(0, len(ITEMS), 100)):
            add(f"dump/{TABLE}/data/{number:010}.json", ITEMS[at:at + 100])
        add("dump/another/schema.json", dict(SCHEMA, TableName="another"))
        add("dump/another/data/0000000000.json", [{"id": {"S": "of another table"}}])


def write_export(root, name, data, files, summary):
    """`files`: the lines of each."""
    manifest = []
    for number, text in enumerate(files):
        body = gzip.compress(text)
        key = f"{data}/{number}abc.json.gz"
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(body)
        manifest.append({"itemCount": text.count(b"\n"),
                         "md5Checksum": base64.b64encode(hashlib.md5(body).digest()).decode(),
                         "etag": hashlib.md5(body).hexdigest() + "-1",
                         "dataFileS3Key": f"AWSDynamoDB/{key}"})
    where = root / name
    where.mkdir(parents=True, exist_ok=True)
    (where / "_started").write_bytes(b"")
    (where / "manifest-files.json").write_text("".join(json.dumps(line) + "\n" for line in manifest))
    summary = dict({"version": "2020-06-30", "exportArn": "arn:aws:dynamodb:eu-central-1:1:table/orders/export/1",
                    "startTime": "2026-11-20T12:00:05Z", "endTime": "2026-11-20T12:10:00Z",
                    "tableArn": "arn:aws:dynamodb:eu-central-1:1:table/orders", "tableId": SCHEMA["TableId"],
                    "s3Bucket": "bucket", "s3Prefix": None, "s3SseAlgorithm": "AES256",
                    "s3SseKmsKeyId": None, "billedSizeBytes": 1,
                    "manifestFilesS3Key": f"AWSDynamoDB/{name}/manifest-files.json",
                    "itemCount": sum(line["itemCount"] for line in manifest),
                    "outputFormat": "DYNAMODB_JSON"}, **summary)
    (where / "manifest-summary.json").write_text(json.dumps(summary))


def main():
    root = pathlib.Path(sys.argv[1])
    root.mkdir(parents=True, exist_ok=True)
    write_bnr(root / "bnr.tgz", "w:gz")
    write_bnr(root / "bnr.tar.bz2", "w:bz2")
    write_bnr(root / "bnr.tar", "w")
    (root / "replicator.gz").write_bytes(gzip.compress(lines(ITEMS)))
    (root / "lines.jsonl.bz2").write_bytes(bz2.compress(lines(ITEMS)))
    export = root / "export" / "AWSDynamoDB"
    wrapped = [{"Item": item} for item in ITEMS]
    write_export(export, "01-full", "01-full/data", [lines(wrapped[:200]), lines(wrapped[200:]), b""],
                 {"exportTime": "2026-11-20T12:00:00Z"})
    changes = [{"Metadata": {"WriteTimestampMicros": {"N": "1"}}, "Keys": {"id": item["id"]},
                "NewImage": item} for item in ITEMS]
    changes.append({"Metadata": {"WriteTimestampMicros": {"N": "2"}}, "Keys": {"id": {"S": "deleted"}},
                    "OldImage": {"id": {"S": "deleted"}}})
    write_export(export, "02-incremental", "data", [lines(changes)],
                 {"exportType": "INCREMENTAL_EXPORT", "exportFromTime": "2026-11-20T11:00:00Z",
                  "exportToTime": "2026-11-20T12:00:00Z", "outputView": "NEW_AND_OLD_IMAGES"})
    print(len(ITEMS))


if __name__ == "__main__":
    main()
