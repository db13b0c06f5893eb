#pragma once
#include <string>
#include <string_view>

namespace kintsugi {

/// The bytes of a file. Throws Error, with the system's reason, where it cannot be read.
std::string read_file(const std::string& path);

/// Writes `bytes` aside (path + ".partial"), flushes them to the disk and renames: a reader, or a
/// crash, sees the old file or the new one and nothing between. A device such as /dev/stdout is
/// written directly. Throws Error with the system's reason ("No space left on device"); the old
/// file then stays as it was and nothing is left beside it.
void write_file_atomically(const std::string& path, std::string_view bytes);

}  // namespace kintsugi
