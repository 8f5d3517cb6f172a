"""How a peer is measured: once, or again and again on request, so that a runner can interleave it with ours.

With --serve a script prepares itself, prints {"ready": true}, and then answers every line on standard input with one
measurement as one line of JSON; an empty line or the end of input ends it.
"""
import json
import sys


def run(arguments, prepare):
    """`prepare(arguments)` does what is not timed and returns the function that makes one measurement (a dict)."""
    measure = prepare(arguments)
    if not arguments.serve:
        print(json.dumps(measure()))
        return
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        if not line.strip():
            break
        print(json.dumps(measure()), flush=True)


def options(parser):
    parser.add_argument("--serve", action="store_true", help="answer every line of standard input with a measurement")
    return parser
