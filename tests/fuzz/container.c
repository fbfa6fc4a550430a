/* SPDX-License-Identifier: MIT */
/* Reading a stream of any kind, from compressed bytes. */
#include "check/verify.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t chunks[8] = {0, 0, 0, 0, 0, 0, 251, 13};
    struct stream_info info = {0};
    struct error err;
    fuzz_input(size ? data + 1 : data, size ? size - 1 : 0, size ? chunks[data[0] & 7] : 0);
    if (verify_stream(FUZZ_FD, "input", &info, NULL, &err) < 0)
        demand_refusal(&err);
    demand(!info.header.programs || info.header.provenance);
    stream_info_release(&info);
    fuzz_end();
    return 0;
}
