/* SPDX-License-Identifier: MIT */
/* Reading a stream of any kind, from compressed bytes. */
#include "check/verify.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t chunks[8] = {0, 0, 0, 0, 0, 0, 251, 13};
    struct header header = {0};
    struct error err;
    fuzz_input(size ? data + 1 : data, size ? size - 1 : 0, size ? chunks[data[0] & 7] : 0);
    if (verify_stream(FUZZ_FD, "input", &header, NULL, &err) < 0)
        demand_refusal(&err);
    demand(!header.programs || header.provenance);
    header_release(&header);
    fuzz_end();
    return 0;
}
