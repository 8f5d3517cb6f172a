"""Makes Golden/golden/pattern.golden: /usr/bin/python3 make_golden.py, in this folder."""

import numpy

from golden_file import pattern, write_golden

write_golden(
    "golden/pattern.golden",
    {
        "double": pattern((3, 5), 42),
        "single": pattern((7,), 7).astype(numpy.float32),
        "integers": numpy.array([[1, -2], [3, 1 << 40]], dtype=numpy.int64),
    },
)
