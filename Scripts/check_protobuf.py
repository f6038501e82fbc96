#!/usr/bin/env python3
"""Compares a descriptor set of Sources/Protobufs with the messages of the packages onnx and tensorboard.

usage: check_protobuf.py DESCRIPTOR_SET

Exits with 1 if a message, field, enum value, number or type differs. Needs pip install onnx tensorboard.
"""

import sys

import onnx
from google.protobuf import descriptor_pb2
from tensorboard.compat.proto import event_pb2, summary_pb2  # noqa: F401, imported to register the messages
from tensorboard.compat.proto.event_pb2 import Event

POOLS = {"onnx": onnx.ModelProto.DESCRIPTOR.file.pool, "tensorboard": Event.DESCRIPTOR.file.pool}


def fields(message: descriptor_pb2.DescriptorProto) -> dict:
    return {f.name: (f.number, f.type, f.label, f.type_name) for f in message.field}


def compare(name: str, ours: descriptor_pb2.DescriptorProto, pool) -> int:
    theirs = descriptor_pb2.DescriptorProto()
    pool.FindMessageTypeByName(name).CopyToProto(theirs)
    known = fields(theirs)
    count = 0
    for field, facts in fields(ours).items():
        if known.get(field) != facts:
            sys.exit(f"{name}.{field}: {facts} here, {known.get(field)} there")
        count += 1
    enums = {e.name: {v.name: v.number for v in e.value} for e in theirs.enum_type}
    for enum in ours.enum_type:
        for value in enum.value:
            if enums.get(enum.name, {}).get(value.name) != value.number:
                sys.exit(f"{name}.{enum.name}.{value.name}: not the same number there")
    return count + sum(compare(f"{name}.{nested.name}", nested, pool) for nested in ours.nested_type)


def main() -> None:
    descriptors = descriptor_pb2.FileDescriptorSet()
    with open(sys.argv[1], "rb") as file:
        descriptors.ParseFromString(file.read())
    for file in descriptors.file:
        count = sum(compare(f"{file.package}.{m.name}", m, POOLS[file.package]) for m in file.message_type)
        print(f"{file.name}: {count} fields, all as in {file.package}")


if __name__ == "__main__":
    main()
