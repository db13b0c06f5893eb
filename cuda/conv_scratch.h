#pragma once
#include <cstdint>

namespace kintsugi::cuda {

/// How much memory, in bytes, a convolution may take for matrices that it only passes through
/// (patches, Winograd's transforms): they are made in blocks of at most that, but of one row or
/// tile at least. 64 MiB unless set. It changes speed, and the rounding of weight gradients, whose
/// blocks are added up.
int64_t conv_scratch_bytes();
void set_conv_scratch_bytes(int64_t bytes);

/// Rows of a block, of at most `rows` in all, where a row takes `row_bytes`: at least 1, and few
/// enough that 32 bits number all bytes of a block of more than one row.
int64_t conv_block_rows(int64_t rows, int64_t row_bytes);

}  // namespace kintsugi::cuda
