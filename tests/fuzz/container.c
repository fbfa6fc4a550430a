/* SPDX-License-Identifier: MIT */
/* Reading a stream of any kind from its compressed bytes. */
#include "check/verify.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t chunks[8] = {0, 0, 0, 0, 0, 0, 251, 13};
    struct head head = {0};
    struct error err;
    fuzz_input(size ? data + 1 : data, size ? size - 1 : 0, size ? chunks[data[0] & 7] : 0);
    if (stream_verify(FUZZ_FD, "input", &head, &err) < 0)
        demand_refusal(&err);
    demand(!head.programs || head.provenance);
    head_release(&head);
    fuzz_end();
    return 0;
}
